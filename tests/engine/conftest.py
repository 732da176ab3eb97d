"""Real generation files, and one pool of real workers for the whole part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import duckdb
import pytest

from sciplat.engine.pool import QueryPool
from sciplat.engine.running import Running
from sciplat.engine.statement import Statement

MEMORY_LIMIT = 256_000_000
TEMP_LIMIT = 100_000_000

_HOW = (
    *("durable", "heavy", "owner", "owner_most", "address", "address_most"),
    *("expected_seconds", "queue_seconds"),
)

Ask = Callable[..., Running]


@pytest.fixture(scope="session")
def make_generation() -> Callable[[Path, str], Path]:
    """Write a DuckDB generation file with one table ``data``."""

    def make(path: Path, select: str) -> Path:
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"CREATE TABLE data AS {select}")
        return path

    return make


@pytest.fixture(scope="session")
def stars(tmp_path_factory: pytest.TempPathFactory, make_generation: Callable[[Path, str], Path]) -> Path:
    """A table of 300 000 rows: id, ra, name, mag (REAL), seen (TIMESTAMP)."""
    return make_generation(
        tmp_path_factory.mktemp("stars") / "stars.g0001.duckdb",
        "SELECT i AS id, i * 0.001 AS ra, 'star ' || i AS name, (i % 100)::REAL AS mag, "
        "TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS seen FROM range(300000) r(i)",
    )


@pytest.fixture(scope="session")
def pool(
    tmp_path_factory: pytest.TempPathFactory, make_pool: Callable[..., QueryPool]
) -> Iterator[QueryPool]:
    with make_pool(tmp_path_factory.mktemp("pool"), size=2) as pool:
        pool.warm()
        yield pool


@pytest.fixture(scope="session")
def open_paths() -> Callable[[int], set[str]]:
    """The files that a process has open; a deleted one ends in ``(deleted)``."""

    def look(pid: int) -> set[str]:
        paths = set()
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                paths.add(str(link.readlink()))
        return paths

    return look


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., QueryPool]:
    def make(directory: Path, *, size: int, **options: float) -> QueryPool:
        return QueryPool(
            size,
            directory=directory,
            memory_limit_bytes=MEMORY_LIMIT,
            threads=2,
            temp_limit_bytes=TEMP_LIMIT,
            **options,
        )

    return make


@pytest.fixture
def ask(pool: QueryPool, stars: Path, tmp_path: Path) -> Ask:
    """Run SQL over the stars, attached as ``g_1``; keywords go to the statement or to the pool."""
    numbers = count()

    def run(sql: str, *, on: QueryPool = pool, attachments: object = None, **options: object) -> Running:
        how = {key: options.pop(key) for key in _HOW if key in options}
        files = (("g_1", stars),) if attachments is None else attachments
        statement = Statement(sql, files, **options)  # type: ignore[arg-type]
        return on.run(statement, spool=tmp_path / f"{next(numbers)}.arrow", **how)  # type: ignore[arg-type]

    return run
