"""Where a worker puts the rows of a result: in memory while it is small, else in an Arrow IPC file.

The file is an ordinary Arrow IPC file. Its last record batch has no rows; in its custom metadata,
under ``sciplat.result``, stand the rows of each batch before it and whether rows were cut. While
it grows it is called ``….part``; the name without that is taken by a finished result only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from sciplat.system import sync

__all__ = ["INLINE_BYTES", "TRAILER", "Spool", "part_of", "result_file", "result_files"]

INLINE_BYTES = 8 << 20
"""Results up to this size stay in memory, unless they must be durable."""

TRAILER = b"sciplat.result"

_SUFFIX = ".arrow"
_MARK_BYTES = 8
"""``ARROW1`` and two bytes of padding, at the start of each Arrow IPC file."""


def part_of(path: Path) -> Path:
    """Return the name that a spool has while it is written."""
    return path.with_name(path.name + ".part")


def result_file(folder: Path, name: str) -> Path:
    """Return where in a folder of results the one of this name is, once it is finished."""
    return folder / f"{name}{_SUFFIX}"


def result_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the file of each result in a folder, also of those that are unfinished."""
    for file in folder.glob(f"*{_SUFFIX}*"):
        yield file.name.partition(_SUFFIX)[0], file


class Spool:
    """Takes the batches of one result.

    Parameters
    ----------
    path
        The name of the finished file.
    on_begin
        Called once, when the result becomes a file.
    on_batch
        Called with the offset, size and rows of each batch that can now be read from the file.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        on_begin: Callable[[], None],
        on_batch: Callable[[int, int, int], None],
    ) -> None:
        self.rows = 0
        self.data_bytes = 0
        self._path = path
        self._schema = schema
        self._on_begin, self._on_batch = on_begin, on_batch
        self._held: list[pa.RecordBatch] = []
        self._batch_rows: list[int] = []
        self._sink: pa.NativeFile | None = None
        self._writer: pa.RecordBatchFileWriter | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch with at least one row."""
        self.rows += batch.num_rows
        self.data_bytes += batch.nbytes
        self._batch_rows.append(batch.num_rows)
        if self._writer is not None:
            self._write(batch)
            return
        self._held.append(batch)
        if self.data_bytes > INLINE_BYTES:
            self._become_a_file()

    def finish(self, *, overflow: bool, durable: bool) -> tuple[int, pa.Buffer | None]:
        """Complete the result; return its size in bytes, and the result itself if it has no file.

        With ``durable`` it is a file, and safe on the disk when this returns.
        """
        if durable and self._writer is None:
            self._become_a_file()
        facts = json.dumps({"rows": self._batch_rows, "overflow": overflow}, separators=(",", ":")).encode()
        # Not from_pylist, which imports pandas: 0.2 s in the first query of a worker.
        nothing = [pa.nulls(0, kind) for kind in self._schema.types]
        trailer = pa.RecordBatch.from_arrays(nothing, schema=self._schema)
        if self._writer is None:
            memory = pa.BufferOutputStream()
            with pa.ipc.new_file(memory, self._schema) as writer:
                for batch in self._held:
                    writer.write_batch(batch)
                writer.write_batch(trailer, custom_metadata={TRAILER: facts})
            buffer = memory.getvalue()
            return buffer.size, buffer
        self._writer.write_batch(trailer, custom_metadata={TRAILER: facts})
        self._writer.close()
        assert self._sink is not None
        size: int = self._sink.tell()
        self._sink.close()
        part = part_of(self._path)
        if durable:
            sync(part)
        part.rename(self._path)
        if durable:
            sync(self._path.parent)
        return size, None

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._sink is not None:
            self._sink.close()
            part_of(self._path).unlink(missing_ok=True)

    def _become_a_file(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._sink = pa.OSFile(str(part_of(self._path)), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema)
        self._on_begin()
        held, self._held = self._held, []
        for batch in held:
            self._write(batch)

    def _write(self, batch: pa.RecordBatch) -> None:
        assert self._writer is not None
        assert self._sink is not None
        # Arrow writes its mark and the schema (as one message) only with the first batch.
        start = self._sink.tell() or _MARK_BYTES + self._schema.serialize().size
        self._writer.write_batch(batch)
        self._on_batch(start, self._sink.tell() - start, batch.num_rows)
