"""Streams and strategies for the tests of the writers."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from sciplat.tables.arrow import describe
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


@pytest.fixture(scope="session")
def make_stream() -> MakeStream:
    """Return a function that makes a stream of batches; columns are described plainly unless given."""

    def make(
        *batches: pa.RecordBatch,
        columns: Iterable[Column] | None = None,
        error: Exception | None = None,
        overflow: bool = False,
    ) -> TableStream:
        schema = batches[0].schema
        plain = tuple(describe(field.name, field.type) for field in schema)

        def run() -> Iterator[pa.RecordBatch]:
            yield from batches
            if error is not None:
                raise error
            stream.overflow = overflow

        stream = TableStream(plain if columns is None else tuple(columns), schema, run())
        return stream

    return make


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
XML_TEXT = TEXT.filter(lambda text: not any(_is_forbidden(each) for each in text))
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


def _is_forbidden(character: str) -> bool:
    return (character < " " and character not in "\t\n\r") or character in "\ufffe\uffff"


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


# Without the smallest integer, which stands for NULL inside an array.
_ARRAY_LONG = st.integers(-(2**63) + 1, 2**63 - 1)
_DOUBLE = st.floats()
_FLOAT = st.floats(width=32)
_POINT = st.tuples(st.floats(0, 360), st.floats(-90, 90)).map(list)
_TIME = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59))  # noqa: DTZ001  # naive

KINDS: dict[str, tuple[Column, pa.DataType, st.SearchStrategy[object]]] = {
    "boolean": (Column("x", Datatype.BOOLEAN), pa.bool_(), st.booleans()),
    "byte": (Column("x", Datatype.UNSIGNED_BYTE), pa.uint8(), st.integers(0, 255)),
    "short": (Column("x", Datatype.SHORT), pa.int16(), _integers(16)),
    "int": (Column("x", Datatype.INT), pa.int32(), _integers(32)),
    "long": (Column("x", Datatype.LONG), pa.int64(), _integers(64)),
    "unsigned": (Column("x", Datatype.LONG), pa.uint64(), st.integers(0, 2**63 - 1)),
    "float": (Column("x", Datatype.FLOAT), pa.float32(), _FLOAT),
    "double": (Column("x", Datatype.DOUBLE), pa.float64(), _DOUBLE),
    "char": (Column("x", Datatype.CHAR, "*"), pa.string(), ASCII),
    "char12": (Column("x", Datatype.CHAR, "12"), pa.string(), ASCII),
    "unicode": (Column("x", Datatype.UNICODE_CHAR, "*"), pa.string(), XML_TEXT),
    "view": (Column("x", Datatype.UNICODE_CHAR, "*"), pa.string_view(), XML_TEXT),
    "large": (Column("x", Datatype.UNICODE_CHAR, "*"), pa.large_string(), XML_TEXT),
    "word": (Column("x", Datatype.UNICODE_CHAR, "*"), pa.dictionary(pa.int32(), pa.string()), XML_TEXT),
    "time": (Column("x", Datatype.CHAR, "*", xtype="timestamp"), pa.timestamp("us"), _TIME),
    "bytes": (Column("x", Datatype.UNSIGNED_BYTE, "*"), pa.binary(), st.binary(max_size=5)),
    "point": (
        Column("x", Datatype.DOUBLE, "2", xtype="point", unit="deg"),
        pa.list_(pa.float64(), 2),
        _POINT,
    ),
    "circle": (
        Column("x", Datatype.DOUBLE, "3", xtype="circle", unit="deg"),
        pa.list_(pa.float64()),
        st.tuples(_POINT, st.floats(0, 180)).map(lambda circle: [*circle[0], circle[1]]),
    ),
    "polygon": (
        Column("x", Datatype.DOUBLE, "*", xtype="polygon", unit="deg"),
        pa.list_(pa.float64()),
        st.lists(_POINT, min_size=3, max_size=5).map(lambda points: [*chain(*points)]),
    ),
    "longs": (
        Column("x", Datatype.LONG, "*"),
        pa.large_list(pa.int64()),
        st.lists(_ARRAY_LONG | st.none(), max_size=4),
    ),
    "floats": (
        Column("x", Datatype.FLOAT, "*"),
        pa.list_(pa.float32()),
        st.lists(_FLOAT | st.none(), max_size=4),
    ),
    "booleans": (
        Column("x", Datatype.BOOLEAN, "*"),
        pa.list_(pa.bool_()),
        st.lists(st.booleans(), max_size=4),
    ),
}
"""Each kind of column: its description, the Arrow type that brings it, its values."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[Column, ...], pa.RecordBatch]:
    """Draw a table of any columns, with NULLs, cut out of a longer one now and then."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6))
    rows = draw(st.integers(0, 6))
    columns = []
    arrays = []
    for number, kind in enumerate(kinds):
        column, arrow_type, values = KINDS[kind]
        columns.append(
            Column(f"{kind}_{number}", column.datatype, column.arraysize, column.xtype, column.unit)
        )
        drawn = draw(st.lists(values | st.none(), min_size=rows, max_size=rows))
        arrays.append(pa.array(drawn, arrow_type))
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    start = draw(st.integers(0, rows))
    return tuple(columns), batch.slice(start)


@pytest.fixture(scope="session")
def any_table() -> st.SearchStrategy[tuple[tuple[Column, ...], pa.RecordBatch]]:
    """Return a strategy for tables of any columns."""
    return tables()


@pytest.fixture(scope="session")
def stilts() -> Callable[..., str]:
    """Return a function that runs STILTS and returns what it says; skips where there is none."""
    program = shutil.which("stilts")
    if program is None:
        pytest.skip("STILTS is not installed (Debian: apt-get install stilts)")

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(  # noqa: PLW1510  # its return code is no verdict
            [program, "-batch", *map(str, arguments)], capture_output=True, text=True, timeout=120
        )
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def update_golden() -> bool:
    """Return whether the golden documents shall be written anew (``UPDATE_GOLDEN=1 pytest …``)."""
    return os.environ.get("UPDATE_GOLDEN") == "1"
