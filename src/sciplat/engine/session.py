"""One DuckDB in a worker: generation files attached read-only, then everything locked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from sciplat.engine.limits import Limits
from sciplat.engine.mapped import Mapped
from sciplat.engine.quoting import identifier, literal

__all__ = ["Session"]

_MOST_FILES = 200
"""Attached at a time; an ATTACH takes 0.4 ms, and each file keeps a file descriptor open."""


class Session:
    """Keeps files attached from query to query; a new DuckDB is made only for a file not yet there.

    DuckDB has no privileges inside: what is attached before the lock is all that a query can reach.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._files: dict[str, Path] = {}
        """By name in the SQL, the longest unused first."""
        self._threads = limits.threads
        self._mapped = Mapped()

    def cursor(
        self,
        attachments: Iterable[tuple[str, Path]],
        *,
        spools: Iterable[tuple[str, Path]] = (),
        numbered: str | None = None,
    ) -> duckdb.DuckDBPyConnection:
        """Return a connection to a DuckDB that has (at least) these files attached, and these spools.

        Parameters
        ----------
        spools
            Pairs of name and Arrow IPC file; they are tables of this connection alone.
        numbered
            The name of a column with the numbers of the rows of each spool.
        """
        needed = dict(attachments)
        if self._connection is None or not needed.items() <= self._files.items():
            self._renew(needed)
        for alias, path in needed.items():
            del self._files[alias]
            self._files[alias] = path
        assert self._connection is not None
        cursor = self._connection.cursor()
        try:
            for name, path in spools:
                cursor.register(name, self._mapped.table(path, numbered=numbered))
        except BaseException:
            cursor.close()
            raise
        return cursor

    def use_threads(self, count: int) -> None:
        """Work on the next statement with so many threads, at most those of the limits.

        With two, a cone takes a sixth more of the processors' time, and groups take half as much again.
        """
        count = max(1, min(count, self._limits.threads))
        if count == self._threads:
            return
        self._threads = count
        if self._connection is not None:
            self._connection.execute(f"SET GLOBAL threads = {count}")

    def forget_deleted_files(self) -> None:
        """Let go of files that were deleted: while they are attached their disk space isn't free."""
        if not all(path.exists() for path in self._files.values()):
            self._renew({})
        self._mapped.forget_deleted()

    def _renew(self, needed: dict[str, Path]) -> None:
        kept = {alias: path for alias, path in self._files.items() if alias not in needed and path.exists()}
        while kept and len(kept) + len(needed) > _MOST_FILES:
            del kept[next(iter(kept))]
        self._files = {}
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        connection = self._open()
        try:
            for alias, path in {**kept, **needed}.items():
                connection.execute(f"ATTACH {literal(path)} AS {identifier(alias)} (READ_ONLY)")
            connection.execute("SET GLOBAL enable_external_access = false")
            connection.execute("SET GLOBAL allowed_configs = ['threads']")
            connection.execute("SET GLOBAL lock_configuration = true")
        except BaseException:
            connection.close()
            raise
        self._connection, self._files = connection, {**kept, **needed}

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        settings: dict[str, str] = {
            "memory_limit": f"{self._limits.memory_bytes}B",
            "threads": str(self._threads),
            "temp_directory": self._limits.temp_directory,
            "max_temp_directory_size": f"{self._limits.temp_bytes}B",
            # Rows of a table without ORDER BY come in the order of the sky, the same each time.
            # Measured on 10 M rows: no slower than unordered, and the first batch comes sooner.
            "preserve_insertion_order": "true",
            "TimeZone": "UTC",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_unsigned_extensions": "false",
        }
        for name, value in settings.items():
            connection.execute(f"SET GLOBAL {name} = {literal(value)}")
        return connection
