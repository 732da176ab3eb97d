from __future__ import annotations

import datetime as dt
import io
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits as standard_fits
from astropy.table import Table
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError, UsageError
from sciplat.tables import fits, fits_columns
from sciplat.tables.document import Document, Info
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


def written(stream: TableStream, document: Document | None = None) -> bytes:
    return b"".join(fits.write(stream, document or Document()))


def read(content: bytes) -> Table:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Column .* contains NULL")
        return Table.read(io.BytesIO(content), format="fits", hdu=1)


def header(content: bytes) -> standard_fits.Header:
    with standard_fits.open(io.BytesIO(content)) as hdus:
        hdus.verify("exception")
        found: standard_fits.Header = hdus[1].header
        return found


def same(got: Any, wanted: Any, datatype: Datatype) -> bool:
    """Compare a cell as astropy hands it out with what went in."""
    match wanted:
        case None if datatype in (Datatype.FLOAT, Datatype.DOUBLE):
            return bool(np.ma.is_masked(got) or np.isnan(got))
        case None if datatype is Datatype.BOOLEAN:
            return not got
        case None:
            return bool(np.ma.is_masked(got))
        case str():
            # Blanks at the end mean nothing in FITS; astropy takes all of Python's for blanks.
            return not wanted.rstrip() if got is np.ma.masked else got.rstrip() == wanted.rstrip()
        case float() if math.isnan(wanted):
            return same(got, None, datatype)
        case float():
            return bool(got == (np.float32(wanted) if datatype is Datatype.FLOAT else wanted))
        case _:
            return bool(got == wanted)


def expected(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="microseconds")
    return list(value) if isinstance(value, bytes) else value


@given(data=st.data())
@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_astropy_reads_back_every_kind_of_column(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)
    for values in batch.columns:
        # FITS texts end at the first zero; only in XML is it forbidden anyway.
        assume(not any(isinstance(each, str) and "\x00" in each for each in values.to_pylist()))

    table = read(written(make_stream(batch, columns=columns)))

    assert len(table) == batch.num_rows
    assert table.colnames == [column.name for column in columns]
    for column, values in zip(columns, batch.columns, strict=True):
        assert column.datatype is not None
        for got, raw in zip(table[column.name], values.to_pylist(), strict=True):
            value = expected(raw)
            if not isinstance(value, list) and (value is not None or column.arraysize in (None, "*", "12")):
                if value is None and column.arraysize in ("*", "12"):
                    assert got is np.ma.masked or len(got) == 0
                    continue
                assert same(got, value, column.datatype), (column, got, value)
                continue
            if value is None:
                assert len(got) == 0 or np.isnan(np.ma.filled(got, np.nan)).all()
                continue
            least = {Datatype.LONG: -(2**63)}.get(column.datatype)
            wanted = [least if each is None and least is not None else each for each in value]
            assert len(got) == len(wanted)
            assert all(same(a, b, column.datatype) for a, b in zip(got, wanted, strict=True)), (column, got)


def test_ids_flags_and_nulls_stay_what_they_are(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "id": pa.array([2**63 - 1, None, -(2**63) + 1]),
            "byte": pa.array([0, 255, None], pa.uint8()),
            "short": pa.array([-(2**15), 2**15 - 1, None], pa.int16()),
            "x": pa.array([math.inf, -math.inf, None]),
        }
    )

    table = read(written(make_stream(batch)))

    assert table["id"].tolist() == [2**63 - 1, None, -(2**63) + 1]
    assert (table["byte"].tolist(), table["byte"].dtype.itemsize) == ([0, 255, None], 2)
    assert (table["short"].tolist(), table["short"].dtype.itemsize) == ([-(2**15), 2**15 - 1, None], 4)
    assert table["x"].tolist()[:2] == [math.inf, -math.inf]


def test_a_column_whose_every_number_is_taken_is_refused(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"id": pa.array([-(2**63), 2**63 - 1, None])})

    with pytest.raises(UsageError, match="'id' has NULLs"):
        written(make_stream(batch))


def test_what_is_known_of_columns_and_query_stands_in_the_header(make_stream: MakeStream) -> None:
    column = Column("ra", Datatype.DOUBLE, None, None, "deg", "pos.eq.ra", "u:type", "Ångström " * 12)
    document = Document("SELECT\n ra", (Info("server", "sciplat"),), "Stars")
    batch = pa.RecordBatch.from_pydict({"ra": pa.array([1.5])})

    found = header(written(make_stream(batch, columns=[column], overflow=True), document))

    assert (found["TTYPE1"], found["TUNIT1"], found["TUCD1"], found["TUTYP1"]) == (
        "ra",
        "deg",
        "pos.eq.ra",
        "u:type",
    )
    assert found["TCOMM1"] == " ".join(["?ngstr?m"] * 12)
    assert (found["QSTATUS"], found["QUERY"]) == ("OVERFLOW", "SELECT ra")
    assert list(found["COMMENT"]) == ["Stars", "server = sciplat"]


def test_long_texts_among_short_ones_go_to_the_heap(
    make_stream: MakeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits_columns, "_PADDING_MOST", 1000)
    texts = ["x" * 500, *["y"] * 50, None, ""]
    batch = pa.RecordBatch.from_pydict({"s": pa.array(texts), "n": pa.array(range(len(texts)))})

    table = read(written(make_stream(batch, batch)))

    assert ["".join(each) for each in table["s"]] == [each or "" for each in texts] * 2
    assert table["n"].tolist() == [*range(len(texts))] * 2


def test_long_texts_beyond_ascii_are_refused_rather_than_spoiled(
    make_stream: MakeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits_columns, "_PADDING_MOST", 1000)
    batch = pa.RecordBatch.from_pydict({"s": pa.array(["é" * 500, *["y"] * 50])})

    with pytest.raises(UsageError, match="ask for Parquet"):
        written(make_stream(batch))


def test_no_rows_is_a_table_too(make_stream: MakeStream) -> None:
    kinds = [pa.int64(), pa.string(), pa.list_(pa.float64()), pa.list_(pa.float64(), 2), pa.bool_()]
    batch = pa.RecordBatch.from_arrays([pa.nulls(0, k) for k in kinds], [f"c{i}" for i in range(5)])

    content = written(make_stream(batch))

    assert len(content) % 2880 == 0
    assert len(read(content)) == 0


def test_rows_come_from_the_spool_again_where_there_is_one(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1, 2])})
    stream = make_stream(batch)
    asked = []

    def again() -> Any:
        asked.append(1)
        return iter([batch])

    stream.again = again

    assert read(written(stream))["x"].tolist() == [1, 2]
    assert asked == [1]


def test_an_error_midway_is_raised_before_the_first_byte(make_stream: MakeStream) -> None:
    stream = make_stream(pa.RecordBatch.from_pydict({"x": [1]}), error=EngineError("gone"))

    with pytest.raises(EngineError, match="gone"):
        next(fits.write(stream, Document()))


def test_nothing_a_user_writes_breaks_a_header(make_stream: MakeStream) -> None:
    hostile = "END     'x' & \x00\n = / ' & é" * 9
    column = Column(hostile, Datatype.LONG, unit=hostile, ucd=hostile, utype=hostile, description=hostile)
    document = Document(hostile, (Info(hostile, hostile),), hostile)

    found = header(written(make_stream(pa.RecordBatch.from_pydict({"x": [1]}), columns=[column]), document))

    assert found["QUERY"].startswith("END 'x' & ? = / ' & ?")
    assert found["TFIELDS"] == 1


@pytest.mark.slow
def test_stilts_reads_values_units_and_ucds(
    make_stream: MakeStream, stilts: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "t.fits"
    columns = [
        Column("id", Datatype.LONG, ucd="meta.id", description="Which"),
        Column("ra", Datatype.DOUBLE, unit="deg", utype="a:b"),
        Column("name", Datatype.CHAR, "*"),
        Column("seen", Datatype.BOOLEAN),
        Column("poly", Datatype.DOUBLE, "*", xtype="polygon"),
    ]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([2**63 - 1, None]),
            pa.array([1.5, math.nan]),
            pa.array(["M 31", None]),
            pa.array([True, None]),
            pa.array([[1.0, 2.0], None], pa.list_(pa.float64())),
        ],
        names=[column.name for column in columns],
    )
    path.write_bytes(written(make_stream(batch, columns=columns)))

    rows = stilts("tpipe", f"in={path}", "ofmt=csv").split()
    facts = stilts("tpipe", f"in={path}", "cmd=meta name units ucd utype description", "ofmt=csv").split()

    assert rows[1:] == ["9223372036854775807,1.5,M", '31,true,"(1.0,', '2.0)"', ",,,,"]
    assert facts[1:3] == ["id,,meta.id,,Which", "ra,deg,,a:b,"]
