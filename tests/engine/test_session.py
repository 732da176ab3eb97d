"""What DuckDB itself refuses, should the gate let it through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from sciplat.engine.limits import Limits
from sciplat.engine.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(
        Limits(memory_bytes=10**8, threads=1, temp_bytes=10**8, temp_directory=str(tmp_path / "temp"))
    )


@pytest.fixture
def locked(session: Session, stars: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with session.cursor([("g_1", stars)]) as cursor:
        yield cursor


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "COPY g_1.main.data TO 'evil.parquet'",
        "ATTACH 'evil.duckdb' AS evil",
        "EXPORT DATABASE 'evil'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '1TB'",
        "SET allowed_configs = ['memory_limit']",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "DELETE FROM g_1.main.data",
        "CREATE TABLE g_1.main.mine AS SELECT 1",
    ],
)
def test_a_locked_duckdb_reaches_nothing_but_its_tables(locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        locked.execute(sql).fetchall()


def test_the_number_of_threads_can_be_changed_within_the_limit(tmp_path: Path, stars: Path) -> None:
    limits = Limits(memory_bytes=10**8, threads=2, temp_bytes=10**8, temp_directory=str(tmp_path / "temp"))
    session = Session(limits)
    found = []

    for count in (1, 2, 100):
        session.use_threads(count)
        with session.cursor([("g_1", stars)]) as cursor:
            found += cursor.sql("SELECT current_setting('threads')").fetchall()

    assert found == [(1,), (2,), (2,)]


def test_variables_of_python_are_no_tables(locked: duckdb.DuckDBPyConnection) -> None:
    treasure = pa.table({"x": [1]})

    with pytest.raises(duckdb.CatalogException, match="treasure"):
        locked.sql("SELECT * FROM treasure").fetchall()

    assert treasure.num_rows


def test_rows_without_an_order_come_as_they_are_stored(locked: duckdb.DuckDBPyConnection) -> None:
    ids = locked.sql("SELECT id FROM g_1.main.data WHERE mag > 50").to_arrow_table()["id"].to_pylist()

    assert ids == sorted(ids)


def test_deleted_files_are_let_go(session: Session, tmp_path: Path, make_generation, open_paths) -> None:
    path = make_generation(tmp_path / "x.duckdb", "SELECT 1 AS x")
    session.cursor([("g", path)]).close()
    assert str(path) in open_paths(os.getpid())

    path.unlink()
    session.forget_deleted_files()

    assert not any(str(path) in found for found in open_paths(os.getpid()))
