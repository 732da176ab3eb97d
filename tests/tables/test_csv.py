from __future__ import annotations

import csv as standard_csv
import datetime as dt
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError
from sciplat.tables import csv
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


def written(stream: TableStream) -> str:
    return b"".join(csv.write(stream)).decode()


def expected(value: Any, datatype: Datatype | None) -> str:
    """Return the text of a value as the documentation promises it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dt.datetime():
            return value.isoformat(timespec="microseconds")
        case bytes():
            return " ".join(map(str, value))
        case list():
            if datatype is Datatype.LONG:
                value = [-(2**63) if each is None else each for each in value]
            return " ".join("NaN" if each is None else expected(each, datatype) for each in value)
        case _:
            return str(value)


def same(got: str, wanted: str) -> bool:
    """Compare word by word; floats by value, since there is more than one way to write them."""
    if got == wanted:
        return True
    try:
        pairs = [(float(a), float(b)) for a, b in zip(got.split(), wanted.split(), strict=True)]
    except ValueError:
        return False
    return all(
        a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-45)
        for a, b in pairs
    )


@given(data=st.data())
@settings(deadline=None, max_examples=examples(200))
def test_csv_reads_back_as_it_was(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    text = written(make_stream(batch, columns=columns))

    header, *rows = standard_csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == [column.name for column in columns]
    assert len(rows) == batch.num_rows
    for column, cells, values in zip(columns, zip(*rows, strict=True), batch.columns, strict=False):
        for cell, value in zip(cells, values.to_pylist(), strict=True):
            assert same(cell, expected(value, column.datatype)), (column, cell, value)


def test_null_and_the_empty_text_differ(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"a": pa.array(["", None, 'say "x", y']), "b": pa.array([1, None, 2])})

    assert written(make_stream(batch)) == 'a,b\r\n"",1\r\n,\r\n"say ""x"", y",2\r\n'


def test_a_null_alone_on_its_line_is_no_empty_line(make_stream: MakeStream) -> None:
    assert written(make_stream(pa.RecordBatch.from_pydict({"a": pa.array([1, None])}))) == 'a\r\n1\r\n""\r\n'


def test_names_with_commas_are_quoted_and_rowless_tables_have_a_header(make_stream: MakeStream) -> None:
    assert written(make_stream(pa.RecordBatch.from_pydict({"a,b": pa.array([], pa.int8())}))) == '"a,b"\r\n'


def test_numbers_that_are_none_are_spelled_for_every_reader(make_stream: MakeStream) -> None:
    numbers = pa.array([math.nan, math.inf, -math.inf, -0.0, 1e-300, None])
    batch = pa.RecordBatch.from_pydict({"x": numbers, "y": pa.array([0] * 6)})

    lines = written(make_stream(batch)).split("\r\n")[1:-1]

    assert lines == ["NaN,0", "Infinity,0", "-Infinity,0", "-0,0", "1e-300,0", ",0"]


def test_a_char_column_keeps_its_text_beyond_ascii(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array(["Ångström"])})

    assert written(make_stream(batch, columns=[Column("x", Datatype.CHAR, "*")])) == "x\r\nÅngström\r\n"


def test_an_error_midway_is_raised(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1])})

    with pytest.raises(EngineError, match="gone"):
        written(make_stream(batch, error=EngineError("gone")))


@pytest.mark.slow
def test_stilts_reads_our_csv_with_its_numbers(
    make_stream: MakeStream, stilts: Callable[..., str], tmp_path: Path
) -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "x": pa.array([math.nan, math.inf, 2.5]),
            "t": pa.array(["a\nb", 'q"', None]),
            "n": pa.array([1, None, 3]),
        }
    )
    path = tmp_path / "t.csv"
    path.write_text(written(make_stream(batch)), newline="")

    answer = stilts("tpipe", f"in={path}", "ifmt=csv", "cmd=keepcols 'x n'", "cmd=addcol y x*2", "ofmt=csv")

    assert answer.splitlines() == ["x,n,y", ",1,", "Infinity,,Infinity", "2.5,3,5.0"]


def test_tsv_puts_spaces_where_tabs_would_cut(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"a": pa.array(["x\ty\nz", None]), "b": pa.array([1, 2])})

    assert b"".join(csv.write_tsv(make_stream(batch))) == b"a\tb\nx y z\t1\n\t2\n"
