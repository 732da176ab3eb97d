"""Making a generation: rows in, a sorted DuckDB file out, and sorted rows back.

A generation is a DuckDB file with one table, ``data``, in schema ``main``. It is written once,
beside its final place, and never changed again.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from sciplat.engine.layout import unpacked
from sciplat.engine.quoting import identifier, literal
from sciplat.errors import IngestError
from sciplat.system import sync
from sciplat.tables.widths import rows_within
from sciplat.vo.schema import LOOKUP_TABLE

__all__ = [
    "BuildLimits",
    "Builder",
    "Generation",
    "add_lookup",
    "build_generation",
    "builder",
    "open_generation",
]

# DuckDB's own; a row group of a very wide table would not fit in memory with as many.
_ROW_GROUP_ROWS, _VECTOR_ROWS = 122_880, 2_048

_AS_IT_IS = " USING COMPRESSION uncompressed"
_STORAGE = "pragma_storage_info('made.main.data')"
_WHOLE, _REAL = ("TINYINT", "UTINYINT", "SMALLINT", "INTEGER", "BIGINT"), ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """What making a generation may use."""

    temp_directory: Path
    """Where rows are put down that don't fit in memory; made when it is needed."""

    memory_bytes: int = 1 << 30
    threads: int = 2


class Builder:
    """Makes generations, one after the other: to start DuckDB takes longer than a small one does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: BuildLimits) -> None:
        self._connection = connection
        self._limits = limits

    def build(
        self,
        path: Path,
        schema: pa.Schema,
        batches: Callable[[], Iterator[pa.RecordBatch]],
        *,
        order_by: Sequence[str],
    ) -> int:
        """Write the rows of ``batches`` to ``path``, sorted, and return how many they are.

        More rows than fit in memory are sorted on disk. The file appears under its name when it is
        complete and on the disk; NULLs are sorted last. After an error this can make no more.

        Parameters
        ----------
        order_by
            Names of columns; without any, rows stay in the order in which they come.

        Raises
        ------
        OSError
            The disk is full (``ENOSPC``).
        IngestError
            The memory is too little. What ``batches`` raises is passed on as it is.
        """
        failure: list[Exception] = []
        stop = threading.Event()
        rest = batches()
        first = list(islice(rest, 1))
        as_they_are = {name for batch in first for name in unpacked(batch)}

        def watched() -> Iterator[pa.RecordBatch]:
            try:
                for batch in chain(first, rest):
                    if stop.is_set():
                        return
                    yield batch
            except Exception as error:
                failure.append(error)
                raise

        unfinished = path.with_name(f"{path.name}.part")
        order = f" ORDER BY {', '.join(identifier(name) for name in order_by)}" if order_by else ""
        connection = self._connection
        try:
            size = rows_within(
                schema, self._limits.memory_bytes // 8, most=_ROW_GROUP_ROWS, step=_VECTOR_ROWS
            )
            connection.execute(
                f"ATTACH {literal(unfinished)} AS made (STORAGE_VERSION 'latest', ROW_GROUP_SIZE {size})"
            )
            connection.register("rows_in", pa.RecordBatchReader.from_batches(schema, watched()))
            columns = connection.sql("DESCRIBE SELECT * FROM rows_in").fetchall()
            kinds = [
                f"{identifier(name)} {kind}{_AS_IT_IS * (name in as_they_are)}" for name, kind, *_ in columns
            ]
            connection.execute(f"CREATE TABLE made.main.data ({', '.join(kinds)})")
            _run(connection, f"INSERT INTO made.main.data SELECT * FROM rows_in{order}", stop)
            connection.unregister("rows_in")
            counted = connection.sql("SELECT count(*) FROM made.main.data").fetchall()
            connection.execute("CHECKPOINT made")
            connection.execute("DETACH made")
        except duckdb.Error as error:
            if failure:
                raise failure[0] from None
            raise _failure(error) from error
        sync(unfinished)
        unfinished.rename(path)
        return int(counted[0][0])


@contextmanager
def builder(limits: BuildLimits) -> Iterator[Builder]:
    """Start an engine that makes generations."""
    with _connection(limits) as connection:
        yield Builder(connection, limits)


def build_generation(
    path: Path,
    schema: pa.Schema,
    batches: Callable[[], Iterator[pa.RecordBatch]],
    *,
    order_by: Sequence[str],
    limits: BuildLimits,
) -> int:
    """Make one generation, as `Builder.build` does."""
    with builder(limits) as only:
        return only.build(path, schema, batches, order_by=order_by)


def add_lookup(path: Path, column: str, *, limits: BuildLimits) -> None:
    """Add `LOOKUP_TABLE` for a column to a generation that is not published yet.

    Raises
    ------
    OSError, IngestError
        The disk is full, or the memory too little.
    """
    try:
        with _connection(limits) as connection:
            connection.execute(f"ATTACH {literal(path)} AS made (STORAGE_VERSION 'latest')")
            _run(
                connection,
                f"CREATE TABLE made.main.{identifier(LOOKUP_TABLE)} AS "
                f"SELECT {identifier(column)} AS value, rowid AS place FROM made.main.data ORDER BY value",
                threading.Event(),
            )
            connection.execute("CHECKPOINT made")
            connection.execute("DETACH made")
    except duckdb.Error as error:
        raise _failure(error) from error
    sync(path)


class Generation:
    """A finished generation, open for looking through."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def is_unique(self, columns: Sequence[str]) -> bool:
        """Return whether no two rows agree in ``columns`` and none is NULL there."""
        names = ", ".join(identifier(name) for name in columns)
        missing = " OR ".join(f"{identifier(name)} IS NULL" for name in columns)
        # The estimate is quick and needs no memory; it is wrong by a few per cent at most.
        rows, distinct, nulls = self._all(
            f"SELECT count(*), approx_count_distinct(({names})), count(*) FILTER ({missing}) "
            "FROM made.main.data"
        )[0]
        if nulls or distinct < 0.8 * rows:
            return False
        again = f"SELECT 1 FROM made.main.data GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
        return not self._all(again)

    def cells(self, column: str, shift: int, between: tuple[int, int] | None = None) -> dict[int, int]:
        """Return how many rows have each value of ``column >> shift``, without NULLs.

        Parameters
        ----------
        between
            First value of the column, and the one after the last; all without it.
        """
        name = identifier(column)
        where = f"{name} IS NOT NULL"
        if between is not None:
            where = f"{name} >= {int(between[0])} AND {name} < {int(between[1])}"
        rows = self._all(
            f"SELECT {name} >> {int(shift)} AS cell, count(*) FROM made.main.data WHERE {where} GROUP BY cell"
        )
        return {int(cell): int(count) for cell, count in rows}

    def groups(self) -> list[int]:
        """Return how many rows each row group has, in the order of the file."""
        found = self._all(
            "SELECT max(count) FROM (SELECT row_group_id, column_id, sum(count) AS count FROM "
            f"{_STORAGE} WHERE segment_type = 'VALIDITY' AND column_path = '[' || column_id || ', 0]' "
            "GROUP BY row_group_id, column_id) GROUP BY row_group_id ORDER BY row_group_id"
        )
        return [int(count) for (count,) in found]

    def zones(self) -> dict[str, tuple[list[float | None], list[float | None]]]:
        """Return the least and the greatest value of each column of numbers, by row group.

        DuckDB skips what it knows not to match by the same values; where it knows none they are None.
        """
        found: dict[str, tuple[list[float | None], list[float | None]]] = {}
        for kinds, kind in (_WHOLE, "BIGINT"), (_REAL, "DOUBLE"):
            rows = self._connection.cursor().sql(
                f"SELECT column_name, min(TRY_CAST(stats.min AS {kind})), max(TRY_CAST(stats.max AS {kind})) "
                f"FROM {_STORAGE} WHERE segment_type IN {kinds} AND column_path = '[' || column_id || ']' "
                "GROUP BY column_name, column_id, row_group_id ORDER BY column_id, row_group_id"
            )
            for name, low, high in rows.fetchall():
                lows, highs = found.setdefault(name, ([], []))
                lows.append(low)
                highs.append(high)
        return found

    def rows(
        self,
        columns: Sequence[str],
        *,
        between: tuple[str, int, int] | None = None,
        missing: str | None = None,
        order_by: Sequence[str] = (),
        batch_rows: int = 16_384,
    ) -> pa.RecordBatchReader:
        """Return rows in the order of the file, or sorted, as a reader of Arrow batches.

        May be called from several threads at once.

        Parameters
        ----------
        between
            (column, first value, value after the last one)
        missing
            Only rows where this column is NULL.
        """
        where = ""
        if between is not None:
            name, low, high = between
            where = f" WHERE {identifier(name)} >= {int(low)} AND {identifier(name)} < {int(high)}"
        elif missing is not None:
            where = f" WHERE {identifier(missing)} IS NULL"
        order = f" ORDER BY {', '.join(identifier(name) for name in order_by)}" if order_by else ""
        names = ", ".join(identifier(name) for name in columns)
        statement = f"SELECT {names} FROM made.main.data{where}{order}"
        return self._connection.cursor().sql(statement).to_arrow_reader(batch_rows)

    def _all(self, statement: str) -> list[tuple[int, ...]]:
        return self._connection.cursor().sql(statement).fetchall()


@contextmanager
def open_generation(path: Path, limits: BuildLimits) -> Iterator[Generation]:
    """Open the generation at ``path`` for reading.

    Raises
    ------
    OSError, IngestError
        The disk is full, or the memory too little.
    """
    with _connection(limits) as connection:
        connection.execute(f"ATTACH {literal(path)} AS made (READ_ONLY)")
        try:
            yield Generation(connection)
        except duckdb.Error as error:
            raise _failure(error) from error


@contextmanager
def _connection(limits: BuildLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    # DuckDB makes the folder itself when it needs it, and removes it, but not the one above.
    limits.temp_directory.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{limits.memory_bytes // (1 << 20)}MiB",
            "threads": limits.threads,
            "temp_directory": str(limits.temp_directory),
        },
    )
    try:
        # DuckDB takes a forked process for somebody's shell.
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def _run(connection: duckdb.DuckDBPyConnection, statement: str, stop: threading.Event) -> None:
    """Run a statement in a thread, so that Ctrl-C reaches this one at once and ends that one."""
    running = threading.Lock()
    outcome: Future[None] = Future()

    def run() -> None:
        with running:
            if stop.is_set():
                return
            try:
                connection.execute(statement)
            except BaseException as error:  # noqa: BLE001  the other thread raises it
                outcome.set_exception(error)
            else:
                outcome.set_result(None)

    try:
        threading.Thread(target=run, name="build").start()
        outcome.result()
    except KeyboardInterrupt:
        stop.set()
        connection.interrupt()
        with running:  # it has ended, or will not begin
            raise


def _failure(error: duckdb.Error) -> Exception:
    text = " ".join(str(error).split())
    if "No space left" in text or "max_temp_directory_size" in text:
        return OSError(errno.ENOSPC, "No space left on the disk")
    if isinstance(error, duckdb.OutOfMemoryException):
        return IngestError("The memory that an ingest may use is too little for rows as wide as these")
    return IngestError(f"The table cannot be written: {text}")
