"""Rows of an Arrow IPC file or stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from sciplat.errors import IngestError
from sciplat.tables.arrow import columns_of
from sciplat.tables.source import RowSource, require_distinct

__all__ = ["is_arrow", "open_arrow"]

_FILE, _STREAM = b"ARROW1", b"\xff\xff\xff\xff"
_BATCH_ROWS = 65_536


def is_arrow(head: bytes) -> bool:
    """Tell whether a file that begins so is one of Arrow IPC, written since Arrow 0.15."""
    return head.startswith((_FILE, _STREAM))


def open_arrow(path: Path) -> RowSource:
    """Open an Arrow IPC file (also called Feather) or stream; fields say what columns mean as ours do.

    Raises
    ------
    IngestError
        Names the file, and the column whose type cannot be held.
    """
    label = path.name
    with _reader(path, label) as (schema, _):
        pass
    try:
        require_distinct(schema.names, label)
        # Who renames a column seldom thinks of what its metadata say.
        columns = tuple(
            replace(column, name=name) for column, name in zip(columns_of(schema), schema.names, strict=True)
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise IngestError(f"{label}: {error}") from error
    plain = pa.schema([pa.field(field.name, field.type) for field in schema])

    def batches() -> Iterator[pa.RecordBatch]:
        with _reader(path, label) as (_, read):
            for batch in read:
                # Nobody but its writer has looked at the offsets inside.
                batch.validate(full=True)
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    piece = batch.slice(start, _BATCH_ROWS)
                    yield pa.RecordBatch.from_arrays(piece.columns, schema=plain)

    return RowSource(label, columns, plain, batches)


@contextmanager
def _reader(path: Path, label: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    try:
        with pa.OSFile(str(path)) as file:
            head = file.read(len(_FILE))
            file.seek(0)
            if head == _FILE:
                whole = pa.ipc.open_file(file)
                yield whole.schema, (whole.get_batch(i) for i in range(whole.num_record_batches))
            else:
                stream = pa.ipc.open_stream(file)
                yield stream.schema, iter(stream)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise IngestError(f"{label}: not a complete Arrow file ({reason})") from error
