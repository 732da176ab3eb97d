"""Arrow IPC files as tables of DuckDB: mapped, so that a scan reads the columns that it needs alone."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pyarrow as pa

from sciplat.errors import EngineError, NotFoundError

__all__ = ["Mapped"]

_MOST = 8


class Mapped:
    """Keeps the files that were used last open, up to eight.

    What is mapped belongs to the system's cache, and all processes share it.
    """

    def __init__(self) -> None:
        self._tables: OrderedDict[Path, pa.Table] = OrderedDict()
        self._numbers: tuple[Path, pa.ChunkedArray] | None = None
        """Of the file that needed them last: four bytes of memory a row."""

    def table(self, path: Path, *, numbered: str | None = None) -> pa.Table:
        """Return the rows of a file, with a last column of their numbers if that has a name.

        Raises
        ------
        NotFoundError
            It is gone.
        EngineError
            It is damaged.
        """
        found = self._tables.pop(path, None)
        table = _read(path) if found is None else found
        self._tables[path] = table
        while len(self._tables) > _MOST:
            self._tables.popitem(last=False)
        return table if numbered is None else table.append_column(numbered, self._numbers_of(path, table))

    def forget_deleted(self) -> None:
        """Let go of files that were deleted: while they are mapped their disk space isn't free."""
        for path in [path for path in self._tables if not path.exists()]:
            del self._tables[path]
        if self._numbers is not None and self._numbers[0] not in self._tables:
            self._numbers = None

    def _numbers_of(self, path: Path, table: pa.Table) -> pa.ChunkedArray:
        if self._numbers is None or self._numbers[0] != path:
            numbers, start = [], 0
            for batch in table.to_batches():
                numbers.append(pa.arange(start, start + batch.num_rows).cast(pa.uint32()))
                start += batch.num_rows
            self._numbers = (path, pa.chunked_array(numbers, pa.uint32()))
        return self._numbers[1]


def _read(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except FileNotFoundError:
        raise NotFoundError("There is no such result; results are kept for a limited time.") from None
    except (pa.ArrowException, OSError) as error:
        raise EngineError("This result is incomplete or damaged. Run the query again.") from error
