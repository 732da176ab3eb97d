"""Rows as a FITS binary table (FITS 4.0, section 7.3), in bounded memory.

The header tells how many rows there are, how long their texts are and which integer stands for NULL, so
the rows are read once to learn that, and then once more to be written (and once more for the heap).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.tables.binary import Numbers, numbers, padded, records
from sciplat.tables.cells import Array, Shape, cells_of, run_bytes, settle
from sciplat.tables.cells import pieces as pieces_of
from sciplat.tables.document import Document
from sciplat.tables.fits_columns import FITSColumn, survey
from sciplat.tables.fits_header import header
from sciplat.tables.rereading import Batches, reread
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Datatype

__all__ = ["MEDIA_TYPE", "write"]

MEDIA_TYPE = "application/fits"

_BLOCK = 2880
_PIECE_BYTES = 16 << 20


def write(stream: TableStream, document: Document) -> Iterator[bytes]:
    """Yield an empty primary HDU and a binary table; it begins when the rows are complete.

    Raises
    ------
    UsageError
        A column has values that no FITS column holds.
    """
    cells = cells_of(stream)
    with reread(stream) as (first, again):
        columns, rows = survey(cells, first)
        width = sum(column.width for column in columns)
        heap = sum(column.heap for column in columns)
        yield header(columns, rows, document, overflow=stream.overflow)
        yield from _rows(columns, again, width)
        if heap:
            yield from _heap(columns, again, width)
        yield bytes(-(rows * width + heap) % _BLOCK)


def _pieces(columns: Sequence[FITSColumn], batches: Batches, width: int) -> Iterator[pa.RecordBatch]:
    """Cut batches so that also padded rows are no more than a few megabytes."""
    most = max(1, _PIECE_BYTES // max(1, width))
    for batch in batches():
        for piece in pieces_of(batch):
            for start in range(0, piece.num_rows, most):
                yield piece.slice(start, most)


def _rows(columns: Sequence[FITSColumn], batches: Batches, width: int) -> Iterator[bytes]:
    place = 0
    for piece in _pieces(columns, batches, width):
        parts = []
        for column, values in zip(columns, piece.columns, strict=True):
            if column.in_heap:
                offsets, data = _variable(column, values)
                descriptors = np.empty((len(values), 2), column.descriptor)
                descriptors[:, 0] = np.diff(offsets) // column.unit
                descriptors[:, 1] = offsets[:-1] + place
                place += len(data)
                parts.append(descriptors)
            else:
                parts.append(_fixed(column, values))
        yield run_bytes(records(parts))[1].to_pybytes()


def _heap(columns: Sequence[FITSColumn], batches: Batches, width: int) -> Iterator[bytes]:
    for piece in _pieces(columns, batches, width):
        for column, values in zip(columns, piece.columns, strict=True):
            if column.in_heap:
                yield _variable(column, values)[1].tobytes()


def _variable(column: FITSColumn, values: pa.Array) -> tuple[npt.NDArray[np.int64], Numbers]:
    """Return where each value begins, in bytes, and the bytes of all."""
    settled = settle(column.cell, values, keep_nulls=True)
    if isinstance(settled, Array):
        data = _numbers(column, settled.flat)
        return settled.offsets.astype(np.int64) * data.itemsize, data.view(np.uint8)
    offsets, buffer = run_bytes(settled.fill_null(""))
    return offsets.astype(np.int64), np.frombuffer(buffer, np.uint8)


def _fixed(column: FITSColumn, values: pa.Array) -> Numbers:
    cell = column.cell
    settled = settle(cell, values, keep_nulls=True)
    if isinstance(settled, Array):
        data = _numbers(column, settled.flat)
        assert cell.count is not None
        if settled.valid is None:
            return data.reshape(-1, cell.count)
        every = np.full((len(values), cell.count), _blank(column), data.dtype)
        every[settled.valid] = data.reshape(-1, cell.count)
        return every
    if cell.shape is Shape.TEXT:
        offsets, buffer = run_bytes(settled.fill_null(""))
        return padded(offsets, np.frombuffer(buffer, np.uint8), column.width)
    return _numbers(column, settled)


def _numbers(column: FITSColumn, values: pa.Array) -> Numbers:
    datatype = column.datatype
    if datatype is Datatype.BOOLEAN:
        letters = numbers(datatype, values)
        return np.where(letters == ord("?"), 0, letters).astype(np.uint8)
    if column.null is not None and values.null_count:
        values = values.cast(column.arrow_type).fill_null(column.null)
    return numbers(datatype, values)


def _blank(column: FITSColumn) -> float | int:
    if column.datatype in (Datatype.FLOAT, Datatype.DOUBLE):
        return float("nan")
    return column.null or 0
