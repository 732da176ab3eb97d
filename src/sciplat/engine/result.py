"""Finished results: opened for pages, downloads and statistics, without reading them whole."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.engine.spool import TRAILER, part_of
from sciplat.errors import EngineError, NotFoundError
from sciplat.tables.arrow import columns_of
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column

__all__ = ["Result"]


class Result:
    """A finished result, in a file or in memory.

    A file is mapped, not read: a page costs the batches it lies in, and rows that are looked at
    are the system's cache, not this process's memory. Safe to use from several threads.
    """

    def __init__(self, source: pa.NativeFile) -> None:
        self._source = source
        try:
            self._reader = pa.ipc.open_file(source)
            count = self._reader.num_record_batches
            _, metadata = self._reader.get_batch_with_custom_metadata(count - 1)
            facts = json.loads((metadata or {})[TRAILER])
            rows = facts["rows"]
            self.overflow: bool = facts["overflow"]
            self.columns: tuple[Column, ...] = columns_of(self._reader.schema)
        except (pa.ArrowException, OSError, LookupError, ValueError) as error:
            source.close()
            raise EngineError("This result is incomplete or damaged. Run the query again.") from error
        self._starts = [0, *accumulate(rows)]
        """The row at which each batch starts, and the number of all rows."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a finished spool.

        Raises
        ------
        NotFoundError
            If there is no result, or it isn't finished.
        EngineError
            If the file is damaged.
        """
        try:
            source = pa.memory_map(str(path))
        except FileNotFoundError:
            if part_of(path).exists():
                raise NotFoundError("This result is not finished yet.") from None
            raise NotFoundError("There is no such result; results are kept for a limited time.") from None
        except (pa.ArrowException, OSError) as error:
            raise EngineError("This result is incomplete or damaged. Run the query again.") from error
        return cls(source)

    @classmethod
    def from_buffer(cls, buffer: pa.Buffer) -> Self:
        """Open a result that is held in memory."""
        return cls(pa.BufferReader(buffer))

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the description of each column."""
        return self._reader.schema

    @property
    def rows(self) -> int:
        """The number of rows."""
        count: int = self._starts[-1]
        return count

    def slice(self, offset: int, limit: int) -> pa.Table:
        """Return at most ``limit`` rows from row ``offset`` on, counted from 0."""
        stop = min(self.rows, max(0, offset) + max(0, limit))
        start = min(max(0, offset), stop)
        parts = []
        index = bisect_right(self._starts, start) - 1
        while start < stop:
            end = min(stop, self._starts[index + 1])
            parts.append(self._reader.get_batch(index).slice(start - self._starts[index], end - start))
            start = end
            index += 1
        return pa.Table.from_batches(parts, schema=self.schema)

    def take(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> pa.Table:
        """Return rows by their numbers, from 0, in this order; ``IndexError`` if there is no such one."""
        wanted = np.asarray(rows, np.int64)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < self.rows:
            raise IndexError(f"rows are 0 to {self.rows - 1}")
        order = np.argsort(wanted, kind="stable")
        found = wanted[order]
        ends = np.searchsorted(found, self._starts)
        parts = [
            self._reader.get_batch(index).take(pa.array(found[first:end] - self._starts[index]))
            for index, (first, end) in enumerate(pairwise(ends))
            if first < end
        ]
        places = np.empty(len(wanted), np.int64)
        places[order] = np.arange(len(wanted))
        return pa.Table.from_batches(parts, schema=self.schema).take(pa.array(places))

    def stream(self) -> TableStream:
        """Return all rows, batch after batch."""
        return TableStream(self.columns, self.schema, self._batches(), self.overflow, self._batches)

    def close(self) -> None:
        """Let go of the file; pages that were handed out stay readable."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for index in range(len(self._starts) - 1):
            yield self._reader.get_batch(index)
