"""How one column's values are laid out in a VOTable or as text, whatever Arrow type brings them.

A result's columns come in many Arrow types (views, dictionaries, decimals, fixed and variable lists);
a cell settles them into the few forms that VOTable 1.4 (section 2) knows: a scalar, a text, an array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import EngineError
from sciplat.tables.arrow import PLAIN_TYPES
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

__all__ = [
    "NUMPY",
    "Array",
    "Cell",
    "Shape",
    "binary_array",
    "cells_of",
    "is_ascii",
    "pieces",
    "run_bytes",
    "settle",
    "seven_bit",
]

NUMPY: dict[Datatype, np.dtype[Any]] = {
    Datatype.BOOLEAN: np.dtype("u1"),
    Datatype.UNSIGNED_BYTE: np.dtype("u1"),
    Datatype.SHORT: np.dtype(">i2"),
    Datatype.INT: np.dtype(">i4"),
    Datatype.LONG: np.dtype(">i8"),
    Datatype.FLOAT: np.dtype(">f4"),
    Datatype.DOUBLE: np.dtype(">f8"),
}
"""The binary form of one number (VOTable 1.4, section 6); a boolean is the letter T, F or ?."""

_PIECE_ROWS = 16_384
_PIECE_BYTES = 16 * 2**20


_SIGNED = (Datatype.SHORT, Datatype.INT, Datatype.LONG)


class Shape(Enum):
    """The three forms that a column's values have."""

    SCALAR = "scalar"
    TEXT = "text"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class Cell:
    """The form of one column in the formats that are written."""

    column: Column
    datatype: Datatype
    shape: Shape

    arraysize: str | None
    """As the FIELD says it."""

    count: int | None
    """How many elements (for text: units of the character type) each value has; None: it varies."""

    marked: bool = False
    """A scalar's NULL is a value too, because the serialization has no other way to say it."""

    @property
    def null(self) -> str | None:
        """The integer that stands for NULL where nothing else can: in arrays, and where ``marked``."""
        if (self.shape is Shape.ARRAY or self.marked) and self.datatype in _SIGNED:
            return str(np.iinfo(NUMPY[self.datatype]).min)
        return None

    def blank(self) -> float | int:
        """Return the number that stands for a NULL inside an array.

        Raises
        ------
        EngineError
            If the datatype has none.
        """
        if self.datatype in (Datatype.FLOAT, Datatype.DOUBLE):
            return float("nan")
        if self.null is None:
            raise EngineError(f"Column {self.column.name!r} has a NULL inside an array of {self.datatype}")
        return int(self.null)


@dataclass(frozen=True, slots=True)
class Array:
    """The values of an array column, end to end."""

    flat: pa.Array
    """All elements of all rows; no NULLs, except among booleans or where they were to be kept."""

    offsets: npt.NDArray[np.int32]
    """Where each row's elements begin in ``flat``, and where the last one's end."""

    valid: npt.NDArray[np.bool_] | None
    """False for the rows that are NULL (these have no elements); None: no row is."""


def cells_of(stream: TableStream) -> tuple[Cell, ...]:
    """Return the form of each column of a stream."""
    return tuple(
        _cell(column, field.type) for column, field in zip(stream.columns, stream.schema, strict=True)
    )


def _cell(column: Column, kind: pa.DataType) -> Cell:
    datatype = column.datatype
    if datatype is None:
        raise EngineError(f"Column {column.name!r} came without a datatype")
    size = column.arraysize
    if datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR):
        # One character is written as text of any length: that says NULL and empty, and every reader takes it.
        if size in (None, "1"):
            size = "*"
        return Cell(column, datatype, Shape.TEXT, size, _fixed_count(size))
    if size is None or (size == "1" and not _is_list(kind)):
        return Cell(column, datatype, Shape.SCALAR, None, 1)
    return Cell(column, datatype, Shape.ARRAY, size, _fixed_count(size))


def _fixed_count(size: str | None) -> int | None:
    if size is None or size.endswith("*"):
        return None
    return prod(int(axis) for axis in size.split("x"))


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch into pieces that fit the processor's caches, and Arrow's 32-bit offsets with ease."""
    rows = batch.num_rows
    size = max(1, min(_PIECE_ROWS, rows * _PIECE_BYTES // max(1, batch.nbytes)))
    for start in range(0, rows, size):
        yield batch.slice(start, size)


def settle(cell: Cell, values: pa.Array, *, keep_nulls: bool = False) -> pa.Array | Array:
    """Return values in the form of their cell: an Arrow array, or an `Array` for an array column.

    With ``keep_nulls`` a NULL inside an array stays one.

    Raises
    ------
    EngineError
        If a value does not fit the datatype or arraysize that the column declares.
    """
    try:
        match cell.shape:
            case Shape.SCALAR:
                return _as(values, PLAIN_TYPES[cell.datatype])
            case Shape.TEXT:
                return _text(values)
            case Shape.ARRAY:
                return _array(cell, values, keep_nulls)
    except pa.ArrowException as error:
        raise EngineError(
            f"Column {cell.column.name!r} has values that do not fit {cell.datatype}: {error}"
        ) from error


def _text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_timestamp(kind):
        # DALI 1.1, 3.3.3: ISO 8601 with a T; the Z belongs to instants that are known to be UTC.
        text = pc.binary_replace_slice(values.cast(pa.timestamp(kind.unit)).cast(pa.string()), 10, 11, "T")
        return text if kind.tz is None else pc.binary_join_element_wise(text, "Z", "")
    return _as(values, pa.string())


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return values in a type; Arrow takes its time also where they have it."""
    return values if values.type == kind else values.cast(kind)


def seven_bit(text: pa.Array) -> pa.Array:
    """Return text as VOTable 1.4's char can hold it, ``?`` in place of each character beyond ASCII.

    astropy refuses a whole table for one byte more.
    """
    return text if is_ascii(text) else pc.replace_substring_regex(text, r"[^\x00-\x7f]", "?")


def is_ascii(text: pa.Array) -> bool:
    """Return whether every value is ASCII."""
    return pc.all(pc.string_is_ascii(text)).as_py() is not False


def _array(cell: Cell, values: pa.Array, keep_nulls: bool) -> Array:
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        values = values.cast(pa.binary())
        lengths = pc.binary_length(values)
        ends, data = run_bytes(values.fill_null(b""))
        flat = pa.Array.from_buffers(pa.uint8(), int(ends[-1]), [None, data])
    else:
        lengths = pc.list_value_length(values)
        flat = values.flatten()
    flat = flat.cast(PLAIN_TYPES[cell.datatype])
    if flat.null_count and cell.datatype is not Datatype.BOOLEAN and not keep_nulls:
        flat = flat.fill_null(cell.blank())
    valid = None
    if lengths.null_count:
        valid = lengths.is_valid().to_numpy(zero_copy_only=False)
        lengths = lengths.fill_null(0)
    counts = lengths.to_numpy()
    if cell.count is not None:
        wrong = counts != cell.count if valid is None else (counts != cell.count) & valid
        if wrong.any():
            raise EngineError(
                f"Column {cell.column.name!r} has an array of {counts[wrong][0]} values; "
                f"its arraysize is {cell.arraysize}"
            )
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return Array(flat, offsets, valid)


def run_bytes(text: pa.Array) -> tuple[npt.NDArray[np.int32], pa.Buffer]:
    """Return the offsets (from 0) and the joined bytes of a text or binary array without NULLs."""
    _, data, place = text.buffers()
    if len(text) == 0 or data is None:
        return np.zeros(len(text) + 1, np.int32), pa.py_buffer(b"")
    offsets = np.frombuffer(data, np.int32)[text.offset : text.offset + len(text) + 1]
    if place is None:
        return offsets - offsets[0], pa.py_buffer(b"")
    return offsets - offsets[0], place.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def binary_array(offsets: npt.NDArray[np.int32], data: Any) -> pa.Array:
    """Return a binary array of ``len(offsets) - 1`` values, without copying ``data``."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
