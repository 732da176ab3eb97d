"""Rows read more than once, for formats whose beginning tells what only the last row decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from sciplat.tables.scratch import scratch_file
from sciplat.tables.stream import TableStream

__all__ = ["Batches", "reread"]

Batches = Callable[[], Iterator[pa.RecordBatch]]


@contextmanager
def reread(stream: TableStream) -> Iterator[tuple[Iterator[pa.RecordBatch], Batches]]:
    """Give the rows of a stream once, and then as often as they are asked for.

    A stream that can begin again does so: its rows are in a spool already. Those of another go into a
    temporary file while they pass by.

    Yields
    ------
    first
        The rows; to be read to the end before the others.
    again
        Returns the rows from the beginning.
    """
    if stream.again is not None:
        yield stream.batches, stream.again
        return
    with scratch_file(".arrow") as (path, room):

        def first() -> Iterator[pa.RecordBatch]:
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, stream.schema) as writer:
                for batch in stream.batches:
                    writer.write_batch(batch)
                    room.check()
                    yield batch

        def again() -> Iterator[pa.RecordBatch]:
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)

        yield first(), again
