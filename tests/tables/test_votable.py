from __future__ import annotations

import base64
import datetime as dt
import io
import math
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import astropy.io.votable
import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable import parse
from astropy.io.votable.tree import VOTableFile
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from support.examples import examples

from sciplat.errors import EngineError, QueryTimeoutError
from sciplat.tables import votable
from sciplat.tables.document import Document, Info
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

NS = {"v": "http://www.ivoa.net/xml/VOTable/v1.3"}
GOLDEN = Path(__file__).parent / "golden"
EACH = pytest.mark.parametrize("serialization", ["BINARY2", "BINARY", "TABLEDATA"])
MakeStream = Callable[..., TableStream]


def written(stream: TableStream, serialization: str = "BINARY2", document: Document | None = None) -> bytes:
    return b"".join(votable.write(stream, document or Document(), serialization=serialization))


def read(content: bytes) -> VOTableFile:
    return parse(io.BytesIO(content), verify="exception")


def statuses(content: bytes) -> list[str | None]:
    infos = ET.fromstring(content).findall(".//v:INFO[@name='QUERY_STATUS']", NS)
    return [info.get("value") for info in infos]


def one(batch: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"x": batch})


def expected(column: Column, value: Any) -> Any:
    """Return what astropy hands out for a value that is not NULL."""
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, list):
        return [math.nan if each is None and column.datatype is Datatype.FLOAT else each for each in value]
    return value


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        got = got.tolist()
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, str) and isinstance(got, str):
        return got in (wanted, wanted.strip())  # astropy takes the spaces around a TD away
    if isinstance(wanted, float) and math.isnan(wanted):
        return got is None or got is np.ma.masked or math.isnan(got)
    if wanted is None:
        return got is None or got is np.ma.masked
    # A float is written in the fewest digits that give the same float, not the same double, back.
    return bool(got == wanted or np.float32(got) == wanted) and (
        wanted != 0 or math.copysign(1, got) == math.copysign(1, wanted)
    )


def smallest_of(column: Column, values: pa.Array) -> bool:
    """Return whether a value is the smallest integer of its type, which BINARY needs for NULL."""
    bits = {Datatype.SHORT: 16, Datatype.INT: 32, Datatype.LONG: 64}.get(column.datatype or Datatype.CHAR)
    return bits is not None and column.arraysize is None and -(2 ** (bits - 1)) in values.to_pylist()


@EACH
@given(data=st.data())
@settings(deadline=None, max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
def test_astropy_reads_back_every_kind_of_column(
    data: st.DataObject, serialization: str, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)
    if serialization == "BINARY":
        assume(not any(map(smallest_of, columns, batch.columns)))

    table = read(written(make_stream(batch, columns=columns), serialization)).get_first_table()

    assert len(table.array) == batch.num_rows
    for column, field, values in zip(columns, table.fields, batch.columns, strict=True):
        is_byte = column.datatype is Datatype.UNSIGNED_BYTE and column.arraysize is None
        datatype = Datatype.SHORT if is_byte and serialization == "BINARY" else column.datatype
        assert (field.name, field.datatype, field.xtype) == (column.name, datatype, column.xtype)
        for row, value in enumerate(values.to_pylist()):
            cell = table.array[column.name][row]
            mask = np.all(table.array.mask[column.name][row])
            if value is None:
                # Text and arrays of any length have no NULL in TABLEDATA; astropy forgets it in BINARY2 too.
                variable = column.arraysize is not None and not column.arraysize.isdecimal()
                assert mask or (variable and len(cell) == 0) or cell in ("", b"")
            else:
                assert same(cell, expected(column, value)), (column, cell, value)


@EACH
def test_sixty_four_bit_ids_are_exact(serialization: str, make_stream: MakeStream) -> None:
    ids = [2**63 - 1, -(2**63) + 1, 2**53 + 1, None]
    table = read(written(make_stream(one(pa.array(ids))), serialization)).get_first_table()

    assert table.array["x"].tolist() == ids


def test_binary2_tells_null_from_nothing(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"s": pa.array(["", None]), "n": pa.array([math.nan, None])})

    stream = ET.fromstring(written(make_stream(batch))).findtext(".//v:STREAM", namespaces=NS)

    rows = base64.b64decode(stream or "")
    assert rows == struct.pack(">BidBid", 0b00_000000, 0, math.nan, 0b11_000000, 0, math.nan)


def test_the_smallest_integer_is_exact_where_it_can_be(make_stream: MakeStream) -> None:
    stream = make_stream(one(pa.array([-(2**63), None])))

    assert read(written(stream)).get_first_table().array["x"].tolist() == [-(2**63), None]


def test_binary_ends_with_an_error_rather_than_turn_a_value_into_null(make_stream: MakeStream) -> None:
    content = written(make_stream(one(pa.array([1, -(2**15)], pa.int16()))), "BINARY")

    assert statuses(content) == ["OK", "ERROR"]
    assert b"Ask for BINARY2" in content


def test_binary_has_a_place_for_the_null_of_every_type(make_stream: MakeStream) -> None:
    kinds = [pa.uint8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_()]
    kinds += [pa.list_(pa.float64(), 2), pa.list_(pa.int32(), 2), pa.list_(pa.bool_(), 2)]
    batch = pa.RecordBatch.from_arrays([pa.nulls(2, k) for k in kinds], [f"c{i}" for i in range(len(kinds))])

    table = read(written(make_stream(batch), "BINARY")).get_first_table()

    for name in batch.schema.names:
        values = table.array[name]
        assert np.all(np.ma.getmaskarray(values)) or np.isnan(np.ma.getdata(values).astype(float)).all(), name


@pytest.mark.parametrize("version", ["1.4", "1.5"])
@EACH
def test_each_version_obeys_its_schema(
    serialization: str, version: votable.Version, make_stream: MakeStream
) -> None:
    place = Path(astropy.io.votable.__file__).parent / "data" / f"VOTable.v{version}.xsd"
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1, None]), "s": pa.array(["a", None])})
    stream = make_stream(batch, overflow=True)

    content = b"".join(
        votable.write(stream, Document(query="SELECT"), serialization=serialization, version=version)  # type: ignore[arg-type]
    )

    etree.XMLSchema(file=place).assertValid(etree.fromstring(content))
    assert read(content).version == version


@EACH
def test_a_whole_document_stays_as_promised(
    serialization: str, make_stream: MakeStream, update_golden: bool
) -> None:
    columns = [
        Column("objectId", Datatype.LONG, ucd="meta.id;meta.main", description="Unique id", principal=True),
        Column(
            "ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main", utype="stc:AstroCoords.Position2D"
        ),
        Column("band", Datatype.CHAR, "1"),
        Column("name", Datatype.UNICODE_CHAR, "*"),
        Column("when", Datatype.CHAR, "*", xtype="timestamp"),
        Column("place", Datatype.DOUBLE, "2", xtype="point", unit="deg"),
        Column("flags", Datatype.INT, "*"),
    ]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([9007199254740993, None]),
            pa.array([25.6, math.inf]),
            pa.array(["r", None]),
            pa.array(["Ångström & <co>", ""]),
            pa.array([dt.datetime(2026, 11, 21, 9, 30, 0, 250000), None]),  # noqa: DTZ001  # as DuckDB hands it out
            pa.array([[25.6, 0.3], None], pa.list_(pa.float64())),
            pa.array([[1, None], []], pa.list_(pa.int32())),
        ],
        names=[column.name for column in columns],
    )
    document = Document(
        query="SELECT *\nFROM simwide.Object",
        infos=(Info("service_protocol", "ivo://ivoa.net/std/TAP", "TAP 1.1"),),
        description="Two rows",
    )

    content = written(make_stream(batch, columns=columns, overflow=True), serialization, document)

    golden = GOLDEN / f"result-{serialization.lower()}.xml"
    if update_golden:
        golden.write_bytes(content)
    assert content.decode() == golden.read_text()


@EACH
def test_documents_obey_the_schema_of_votable(serialization: str) -> None:
    place = Path(astropy.io.votable.__file__).parent / "data" / "VOTable.v1.4.xsd"

    etree.XMLSchema(file=place).assertValid(etree.parse(GOLDEN / f"result-{serialization.lower()}.xml"))


@EACH
def test_no_rows_is_a_table_too(serialization: str, make_stream: MakeStream) -> None:
    content = written(make_stream(one(pa.array([], pa.float64()))), serialization)

    assert len(read(content).get_first_table().array) == 0
    assert statuses(content) == ["OK"]


def test_a_stream_without_batches_gives_the_columns(make_stream: MakeStream) -> None:
    stream = make_stream(one(pa.array([1.0])))
    stream.batches = iter(())

    table = read(written(stream)).get_first_table()

    assert [field.name for field in table.fields] == ["x"]


@EACH
def test_three_hundred_columns(serialization: str, make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({f"c{i}": pa.array([i, None, -i], pa.int16()) for i in range(300)})

    table = read(written(make_stream(batch), serialization)).get_first_table()

    assert list(table.array[0]) == list(range(300))
    assert all(table.array[1].mask)


@EACH
def test_a_cut_result_says_overflow_after_the_rows(serialization: str, make_stream: MakeStream) -> None:
    content = written(make_stream(one(pa.array([1, 2])), overflow=True), serialization)

    assert statuses(content) == ["OK", "OVERFLOW"]
    assert content.index(b"</TABLE>") < content.index(b"OVERFLOW")


@EACH
def test_an_error_midway_ends_a_document_that_can_be_read(
    serialization: str, make_stream: MakeStream
) -> None:
    batch = one(pa.array([1, 2], pa.int32()))
    stream = make_stream(batch, error=QueryTimeoutError("The query ran into its limit of 60 s & <more>"))

    content = written(stream, serialization)

    assert statuses(content) == ["OK", "ERROR"]
    assert "limit of 60 s & <more>" in ET.tostring(ET.fromstring(content), "unicode", "text")
    assert read(content).get_first_table().array["x"].tolist() == [1, 2]


def test_a_defect_is_not_dressed_as_an_answer(make_stream: MakeStream) -> None:
    with pytest.raises(ZeroDivisionError):
        written(make_stream(one(pa.array([1])), error=ZeroDivisionError()))


@EACH
def test_a_value_too_large_for_its_datatype_ends_with_an_error(
    serialization: str, make_stream: MakeStream
) -> None:
    stream = make_stream(one(pa.array([2**64 - 1], pa.uint64())))

    content = written(stream, serialization)

    assert statuses(content) == ["OK", "ERROR"]
    assert b"Column 'x' has values that do not fit long" in content


def test_a_text_longer_than_its_fixed_size_ends_with_an_error(make_stream: MakeStream) -> None:
    content = written(make_stream(one(pa.array(["abcd"])), columns=[Column("x", Datatype.CHAR, "3")]))

    assert statuses(content) == ["OK", "ERROR"]


@EACH
def test_text_beyond_ascii_in_a_char_column_becomes_question_marks(
    serialization: str, make_stream: MakeStream
) -> None:
    stream = make_stream(one(pa.array(["Ångström", "b"])), columns=[Column("x", Datatype.CHAR, "*")])

    assert read(written(stream, serialization)).get_first_table().array["x"].tolist() == ["?ngstr?m", "b"]


def test_control_characters_that_xml_forbids_are_replaced_in_tabledata(make_stream: MakeStream) -> None:
    stream = make_stream(one(pa.array(["a\x00b\x1fc\ufffe", "tab\there\r\nthere"])))

    table = read(written(stream, "TABLEDATA")).get_first_table()

    assert table.array["x"].tolist() == ["a\ufffdb\ufffdc\ufffd", "tab\there\r\nthere"]


def test_control_characters_in_a_char_column_stay_ascii(make_stream: MakeStream) -> None:
    stream = make_stream(one(pa.array(["a\x1f<b"])), columns=[Column("x", Datatype.CHAR, "*")])

    assert read(written(stream, "TABLEDATA")).get_first_table().array["x"].tolist() == ["a?<b"]


HOSTILE = "\"/></TD>]]> <!-- & ' \x00\x0b <INFO name='QUERY_STATUS' value='ERROR'/>"


@EACH
def test_nothing_a_user_writes_becomes_markup(serialization: str, make_stream: MakeStream) -> None:
    column = Column(
        HOSTILE, Datatype.UNICODE_CHAR, "*", unit=HOSTILE, ucd=HOSTILE, utype=HOSTILE, description=HOSTILE
    )
    document = Document(query=HOSTILE, infos=(Info(HOSTILE, HOSTILE, HOSTILE),), description=HOSTILE)
    stream = make_stream(one(pa.array([HOSTILE])), columns=[column], error=EngineError(HOSTILE))

    content = written(stream, serialization, document)

    root = ET.fromstring(content)
    assert statuses(content) == ["OK", "ERROR"]
    field = root.find(".//v:FIELD", NS)
    assert field is not None
    assert field.get("unit") == HOSTILE.replace("\x00", "\ufffd").replace("\x0b", "\ufffd")
    assert len(root.findall(".//v:INFO", NS)) == 4


def test_an_error_document_holds_the_message_and_no_table() -> None:
    content = votable.error_document(HOSTILE, Document(query="SELECT"))

    assert statuses(content) == ["ERROR"]
    assert b"<TABLE" not in content
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infos = read(content).resources[0].infos
    assert [info.name for info in infos] == ["QUERY_STATUS", "QUERY"]


def test_columns_of_the_same_or_no_name_have_their_own_ids(make_stream: MakeStream) -> None:
    names = ["ra", "ra", "ra_2", "1st", "a b", "é", ""]
    batch = pa.RecordBatch.from_arrays([pa.array([1])] * len(names), names=names)

    root = ET.fromstring(written(make_stream(batch)))

    fields = root.findall(".//v:FIELD", NS)
    assert [field.get("name") for field in fields] == names
    assert [field.get("ID") for field in fields] == ["ra", "ra_2", "ra_2_2", "_1st", "a_b", "_", "__2"]


@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_cut_into_batches_anywhere_are_the_same_rows(sizes: list[int], make_stream: MakeStream) -> None:
    whole = pa.RecordBatch.from_pydict({"x": pa.array(range(sum(sizes)), pa.int16())})
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    batches = [whole.slice(start, size) for start, size in zip(starts, sizes, strict=True)]

    table = read(written(make_stream(*batches))).get_first_table()

    assert table.array["x"].tolist() == list(range(sum(sizes)))


@pytest.mark.slow
@EACH
@given(data=st.data())
@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow])
def test_votlint_finds_nothing(
    data: st.DataObject,
    serialization: str,
    make_stream: MakeStream,
    any_table: st.SearchStrategy[Any],
    stilts: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    columns, batch = data.draw(any_table)
    # votlint 3.4.7 cannot read a polygon in BINARY2, nor an absent one in TABLEDATA, whoever wrote it.
    assume(all(column.xtype != "polygon" for column in columns))
    path = tmp_path_factory.mktemp("votlint") / "table.vot"
    path.write_bytes(written(make_stream(batch, columns=columns, overflow=True), serialization))

    assert stilts("votlint", f"votable={path}") == ""


@pytest.mark.slow
def test_stilts_reads_the_polygons_that_its_votlint_cannot(
    make_stream: MakeStream, stilts: Callable[..., str], tmp_path: Path
) -> None:
    """votlint 3.4.7 finds nothing in the same bytes when the column is no polygon."""
    batch = one(pa.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]))
    column = Column("x", Datatype.DOUBLE, "*", xtype="polygon", unit="deg")
    as_polygon, as_array = tmp_path / "polygon.vot", tmp_path / "array.vot"
    as_polygon.write_bytes(written(make_stream(batch, columns=[column])))
    as_array.write_bytes(as_polygon.read_bytes().replace(b' xtype="polygon"', b""))

    rows = stilts("tpipe", f"in={as_polygon}", "ifmt=votable", "ofmt=csv").splitlines()

    assert rows[1:] == ['"(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)"', '"(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)"']
    assert stilts("votlint", f"votable={as_array}") == ""


@pytest.mark.slow
def test_votlint_finds_nothing_in_our_promises_and_errors(stilts: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "error.vot"
    path.write_bytes(votable.error_document(HOSTILE, Document(query="SELECT")))

    for document in (path, *sorted(GOLDEN.glob("result-*.xml"))):
        assert stilts("votlint", f"votable={document}") == ""


@pytest.mark.slow
@EACH
def test_stilts_reads_the_values(
    serialization: str, make_stream: MakeStream, stilts: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "table.vot"
    batch = pa.RecordBatch.from_pydict(
        {
            "id": pa.array([2**63 - 1, None]),
            "text": pa.array(["🔭 Cen, Å", "plain"]),
            "flux": pa.array([math.inf, 1e-300]),
            "seen": pa.array([True, None]),
            "place": pa.array([[1.5, -2.5], [3.0, 4.0]], pa.list_(pa.float64(), 2)),
        }
    )
    path.write_bytes(written(make_stream(batch), serialization))

    lines = stilts("tpipe", f"in={path}", "ifmt=votable", "ofmt=csv").splitlines()

    assert lines == [
        "id,text,flux,seen,place",
        '9223372036854775807,"🔭 Cen, Å",Infinity,true,"(1.5, -2.5)"',
        ',plain,1.0E-300,,"(3.0, 4.0)"',
    ]


def test_memory_stays_flat_over_many_batches(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array(np.arange(50_000))})
    stream = make_stream(batch)
    stream.batches = iter([batch] * 40)
    before = pa.total_allocated_bytes()

    peak = max(pa.total_allocated_bytes() - before for _ in votable.write(stream, Document()))

    assert peak < 8 * 2**20
