from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError, LimitError, UsageError
from sciplat.tables import sqlite
from sciplat.tables.document import Document, Info
from sciplat.tables.scratch import Room, use_room
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


def rows(content: bytes, table: str = "result") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute(f"SELECT * FROM {table}").fetchall()


def written(stream: TableStream, document: Document | None = None) -> bytes:
    return b"".join(sqlite.write(stream, document or Document()))


def expected(value: Any) -> Any:
    match value:
        case dt.datetime():
            return value.isoformat(timespec="microseconds")
        case float() if math.isnan(value):
            return None
        case bytes():
            return list(value)
        case _:
            return value


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return all(
            same({"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}.get(a, a), expected(b))
            for a, b in zip(json.loads(got), wanted, strict=True)
        )
    if isinstance(wanted, float):
        return got == wanted or math.isclose(got, wanted, rel_tol=1e-7, abs_tol=1e-45)
    return bool(got == wanted)


@given(data=st.data())
@settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
def test_sqlite_reads_back_every_kind_of_column(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    found = rows(written(make_stream(batch, batch, columns=columns)))

    wanted = [*zip(*(values.to_pylist() for values in batch.columns), strict=True)] * 2
    assert len(found) == len(wanted)
    for got, row in zip(found, wanted, strict=True):
        assert all(same(a, expected(b)) for a, b in zip(got, row, strict=True)), (got, row)


def test_the_columns_and_the_query_are_described(make_stream: MakeStream) -> None:
    column = Column("ra", Datatype.DOUBLE, None, None, "deg", "pos.eq.ra", "u:type", "Right ascension")
    batch = pa.RecordBatch.from_pydict({"ra": pa.array([1.5])})
    document = Document("SELECT ra", (Info("server", "sciplat"),), "Stars")

    content = written(make_stream(batch, columns=[column], overflow=True), document)

    assert rows(content, "columns") == [
        (1, "ra", "double", None, None, "deg", "pos.eq.ra", "u:type", "Right ascension", None)
    ]
    assert rows(content, "facts") == [
        ("QUERY_STATUS", "OVERFLOW"),
        ("QUERY", "SELECT ra"),
        ("description", "Stars"),
        ("server", "sciplat"),
    ]


def test_no_rows_is_a_table_too(make_stream: MakeStream) -> None:
    assert rows(written(make_stream(pa.RecordBatch.from_pydict({"x": pa.array([], pa.int8())})))) == []


def test_any_name_is_a_column_and_no_statement(make_stream: MakeStream) -> None:
    names = ["ra", "RA", 'a"; DROP TABLE result; --', "", "sélect", "'", "a]b", "%s %w"]
    batch = pa.RecordBatch.from_arrays([pa.array([i]) for i in range(len(names))], names=names)

    assert rows(written(make_stream(batch))) == [tuple(range(len(names)))]


def test_more_columns_than_sqlite_takes_are_refused(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1])] * 2001, names=[f"c{i}" for i in range(2001)])

    with pytest.raises(UsageError, match="2001 columns"):
        written(make_stream(batch))


def test_an_error_midway_leaves_nothing(
    make_stream: MakeStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(EngineError, match="gone"):
        written(make_stream(pa.RecordBatch.from_pydict({"x": [1]}), error=EngineError("gone")))

    assert [*tmp_path.iterdir()] == []


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Path]:
    """A folder in which the files of this format may take 200 kB."""
    use_room(Room(tmp_path, lambda: 200_000 - sum(file.stat().st_size for file in tmp_path.iterdir())))
    yield tmp_path
    use_room(Room())


def test_a_file_that_takes_more_room_than_there_is_is_refused_and_removed(
    room: Path, make_stream: MakeStream
) -> None:
    batches = [pa.RecordBatch.from_pydict({"x": ["x" * 100] * 10_000})] * 10
    small = pa.RecordBatch.from_pydict({"x": [1]})

    with pytest.raises(LimitError, match="ask for fewer rows or another format"):
        written(make_stream(*batches))
    assert list(room.iterdir()) == []
    assert rows(written(make_stream(small))) == [(1,)]
    (room / "somebody's result").write_bytes(bytes(200_000))
    with pytest.raises(LimitError, match="take all the space"):
        written(make_stream(small))


FULL = """
import sys
from pathlib import Path
import pyarrow as pa
from sciplat.errors import SciplatError
from sciplat.tables import fits, sqlite
from sciplat.tables.arrow import columns_of
from sciplat.tables.document import Document
from sciplat.tables.scratch import Room, use_room
from sciplat.tables.stream import TableStream
use_room(Room(Path(sys.argv[1])))
batch = pa.RecordBatch.from_pydict({"x": list(range(1_000_000))})
for form in (sqlite, fits):
    try:
        for _ in form.write(TableStream(columns_of(batch.schema), batch.schema, iter([batch])), Document()):
            pass
    except SciplatError as error:
        print(type(error).__name__, error)
print(list(Path(sys.argv[1]).iterdir()))
"""


@pytest.mark.slow
def test_a_full_disk_is_told_of(tmp_path: Path) -> None:
    mount = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=2m none "$0" && "$@"',
    ]
    try:
        subprocess.run([*mount, tmp_path, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be made here")

    told = subprocess.run(
        [*mount, tmp_path, sys.executable, "-c", FULL, tmp_path], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    said = "UnavailableError The disk on which this format is made is full."
    assert [line[: len(said)] for line in told] == [said, said, "[]"]
