"""A result that is sent back as an upload has the values that it had, in every format that keeps them."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import IngestError
from sciplat.tables import arrow_ipc, votable
from sciplat.tables.document import Document
from sciplat.tables.merge import agree, rows_of
from sciplat.tables.read import open_sources
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

AnyTable = tuple[tuple[Column, ...], pa.RecordBatch]
FORMS = ("BINARY2", "BINARY", "TABLEDATA", "arrow")


def written(columns: tuple[Column, ...], batch: pa.RecordBatch, form: str) -> bytes:
    stream = TableStream(columns, batch.schema, iter([batch]))
    if form == "arrow":
        return b"".join(arrow_ipc.write(stream))
    return b"".join(votable.write(stream, Document(), serialization=form))  # type: ignore[arg-type]


def back(content: bytes) -> tuple[tuple[Column, ...], dict[str, list[object]]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine"
        path.write_bytes(content)
        sources = open_sources([path])
        columns = agree(sources)
        batches = [rows.batch for rows in rows_of(sources, columns)]
    names = [column.name for column in columns]
    return columns, {name: [v for b in batches for v in b.column(name).to_pylist()] for name in names}


def plain(value: object, column: Column, form: str) -> object:
    """Return what a value is after a journey through a format, by docs/reference/formats.md."""
    if isinstance(value, bytes):
        value = list(value)
    if isinstance(value, list):
        inner = [plain(each, Column("x", column.datatype), form) for each in value]
        if form != "arrow":
            inner = [
                None if each is None and column.datatype not in (Datatype.FLOAT, Datatype.DOUBLE) else each
                for each in inner
            ]
        if not inner and form in ("TABLEDATA", "BINARY"):
            return None
        return inner
    if isinstance(value, float) and math.isnan(value):
        return None
    if value == "" and form in ("TABLEDATA", "BINARY"):
        return None
    if isinstance(value, str) and column.arraysize == "12" and form != "arrow":
        value = value[:12]
    return value


def near(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other))
    if (isinstance(one, float) and one != one) or one is None:  # noqa: PLR0124
        return other is None or other != other  # noqa: PLR0124
    if isinstance(one, dt.datetime):
        return one == other
    return one == other


@pytest.mark.parametrize("form", FORMS)
def test_values_come_back(
    form: str, any_table: st.SearchStrategy[tuple[tuple[Column, ...], pa.RecordBatch]]
) -> None:
    @settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(any_table)
    def check(table: AnyTable) -> None:
        columns, batch = table
        try:
            found, rows = back(written(columns, batch, form))
        except IngestError as error:
            # The smallest integer stands for NULL in BINARY, which its writer says where it comes.
            if "a query that failed" not in str(error):
                raise
            return
        assert [column.name for column in found] == [column.name for column in columns]
        assert [column.unit for column in found] == [column.unit for column in columns]
        assert [column.xtype for column in found] == [column.xtype for column in columns]
        for column in columns:
            sent = [plain(value, column, form) for value in batch.column(column.name).to_pylist()]
            came = [plain(value, column, form) for value in rows[column.name]]
            assert len(sent) == len(came)
            for one, other in zip(sent, came, strict=True):
                assert near(one, other) or (one is None and empty(other)) or (other is None and empty(one)), (
                    column,
                    one,
                    other,
                )

    check()


def empty(value: object) -> bool:
    """Whether a value may stand for NULL where the format has no NULL for it."""
    return value in ("", []) or (isinstance(value, list) and all(each is None for each in value))


DOCUMENT = (
    '<?xml version="1.0"?>{dtd}<VOTABLE version="1.4"><RESOURCE><TABLE>'
    '<FIELD name="n" datatype="int"><VALUES null="-9"/></FIELD>'
    '<FIELD name="t" datatype="char" arraysize="*" xtype="timestamp"/>{data}</TABLE></RESOURCE></VOTABLE>'
)


def rows(data: str, dtd: str = "") -> dict[str, list[object]]:
    return back(DOCUMENT.format(dtd=dtd, data=data).encode())[1]


def cells(*rows_: tuple[str, str]) -> str:
    return (
        "<DATA><TABLEDATA>"
        + "".join(f"<TR><TD>{n}</TD><TD>{t}</TD></TR>" for n, t in rows_)
        + "</TABLEDATA></DATA>"
    )


def test_texts_of_cells_are_read_as_the_standard_writes_them() -> None:
    found = rows(cells(("1", "2026-01-02"), (" +2 ", "2026-01-02T03:04:05Z"), ("0x10", ""), ("-9", "")))

    assert found["n"] == [1, 2, 16, None]
    assert found["t"] == [dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5), None, None]  # noqa: DTZ001


def test_a_table_without_rows_or_data_is_empty() -> None:
    assert rows("") == {"n": [], "t": []}
    assert rows(cells()) == {"n": [], "t": []}


BOMB = (
    "<!DOCTYPE lolz [<!ENTITY a 'ha'>"
    + "".join(
        f"<!ENTITY {b} '{'&' + a + ';' * 1}{('&' + a + ';') * 9}'>"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    ("data", "dtd", "message"),
    [
        (cells(("1", "&i;")), BOMB, "declares entities"),
        (cells(("1", "&x;")), '<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "declares entities"),
        (cells(("one", "")), "", "mine: column 'n', row 1: 'one' is not of datatype int"),
        (cells(("1", ""), ("3000000000", "")), "", "column 'n', row 2: '3000000000' is not of datatype int"),
        (cells(("1", "yesterday")), "", "column 't', row 1: 'yesterday' is not a timestamp"),
        ("<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA>", "", "row 1 has 1 cells, not 2"),
        (cells(("1", ""))[:-30], "", "not a complete VOTable"),
        ("<DATA><FITS><STREAM href='x'/></FITS></DATA>", "", "rows in FITS"),
        ("<DATA><BINARY><STREAM href='http://x/'/></BINARY></DATA>", "", "in the document itself"),
        ("<DATA><BINARY><STREAM encoding='base64'>AAAA</STREAM></BINARY></DATA>", "", "ends within row 1"),
        ("<DATA><BINARY><STREAM encoding='base64'>AAAAAP////8=</STREAM></BINARY></DATA>", "", "within row 1"),
        ("<DATA><BINARY2><STREAM encoding='base64'>A</STREAM></BINARY2></DATA>", "", "mine: "),
        ("<FIELD name='c' datatype='doubleComplex'/>", "", "column 'c' has datatype 'doubleComplex'"),
        ("<FIELD name='c' datatype='int' arraysize='99999x99999'/>", "", "column 'c' has 9999800001 values"),
        ("<FIELD name='N' datatype='int'/>", "", "column 'N' differs from 'n' in case only"),
        ("<a>" * 200, "", "nest too deep"),
    ],
)
def test_hostile_and_broken_documents_are_refused(data: str, dtd: str, message: str) -> None:
    with pytest.raises(IngestError, match=message):
        rows(data, dtd)


@pytest.mark.slow
def test_rows_that_never_end_take_no_memory(tmp_path: Path) -> None:
    """They are read batch after batch: four times as many take no more."""
    few, many = (_peak(tmp_path / f"{count}", count) for count in (40_000, 160_000))

    assert many < few * 1.1 < 30_000_000


def _peak(path: Path, rows: int) -> int:
    begin, end = DOCUMENT.format(dtd="", data=cells(("1", "@"))).split("<TR><TD>1</TD><TD>@</TD></TR>")
    path.write_text(begin + "<TR><TD>123456</TD><TD>2026-01-02T03:04:05</TD></TR>\n" * rows + end)
    (source,) = open_sources([path])
    tracemalloc.start()
    count = sum(batch.num_rows for batch in source.batches())
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == rows
    return used
