"""What the columns of a FITS table are like: learned from all rows before the first is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import UsageError
from sciplat.tables.arrow import PLAIN_TYPES
from sciplat.tables.cells import NUMPY, Array, Cell, Shape, is_ascii, settle
from sciplat.vo.schema import Datatype

__all__ = ["FITSColumn", "survey"]

_LETTERS = {
    Datatype.BOOLEAN: "L",
    Datatype.UNSIGNED_BYTE: "B",
    Datatype.SHORT: "I",
    Datatype.INT: "J",
    Datatype.LONG: "K",
    Datatype.FLOAT: "E",
    Datatype.DOUBLE: "D",
    Datatype.CHAR: "A",
    Datatype.UNICODE_CHAR: "A",
}
_INTEGERS = (Datatype.UNSIGNED_BYTE, Datatype.SHORT, Datatype.INT, Datatype.LONG)
_RANGES = {
    Datatype.UNSIGNED_BYTE: (255, 0),
    **{kind: (np.iinfo(NUMPY[kind]).min, np.iinfo(NUMPY[kind]).max) for kind in _INTEGERS[1:]},
}
"""The values to take for NULL, the better one first."""

_PADDING_MOST = 64 << 20
_FILLED_LEAST = 0.25
"""Texts lie in the rows, padded, unless so much padding were needed that the rest would be little of it."""

_P_HEAP_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FITSColumn:
    """One column as FITS holds it."""

    cell: Cell
    datatype: Datatype
    """A larger integer than the cell's where no value of the cell's own type can stand for NULL."""

    form: str
    """The value of TFORM."""

    width: int
    """Of a row's part, in bytes."""

    null: int | None = None
    """The value of TNULL; None if no value is NULL."""

    heap: int = 0
    """How many bytes its values take in the heap."""

    descriptor: str | None = None
    """The numpy type of the two numbers that lead into the heap; None if the values lie in the rows."""

    @property
    def in_heap(self) -> bool:
        """Whether a row holds only where its value is."""
        return self.descriptor is not None

    @property
    def unit(self) -> int:
        """The bytes of one element."""
        return 1 if self.cell.shape is Shape.TEXT else NUMPY[self.datatype].itemsize

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of one element."""
        return PLAIN_TYPES[self.datatype]


@dataclass(slots=True)
class _Seen:
    """What the rows so far told of a column."""

    cell: Cell
    longest: int = 0
    """Bytes of a text, elements of an array."""

    total: int = 0
    has_null: bool = False
    ascii: bool = True
    low: int | None = None
    high: int | None = None

    def look(self, values: pa.Array) -> None:
        settled = settle(self.cell, values, keep_nulls=True)
        if isinstance(settled, Array):
            lengths = np.diff(settled.offsets)
            self.longest = max(self.longest, int(lengths.max(initial=0)))
            self.total += int(lengths.sum())
            fixed = self.cell.count is not None
            self.has_null |= settled.flat.null_count > 0 or (fixed and settled.valid is not None)
            settled = settled.flat
        elif self.cell.shape is Shape.TEXT:
            sizes = pc.binary_length(settled)
            self.longest = max(self.longest, pc.max(sizes).as_py() or 0)
            self.total += pc.sum(sizes).as_py() or 0
            self.ascii = self.ascii and is_ascii(settled)
            return
        else:
            self.has_null |= settled.null_count > 0
        if self.cell.datatype in _INTEGERS:
            ends = pc.min_max(settled)
            low, high = ends["min"].as_py(), ends["max"].as_py()
            if low is not None:
                self.low = low if self.low is None else min(self.low, low)
                self.high = high if self.high is None else max(self.high, high)


def survey(cells: Sequence[Cell], batches: Iterable[pa.RecordBatch]) -> tuple[tuple[FITSColumn, ...], int]:
    """Read all rows, and return how FITS holds each column, and how many rows there are.

    Raises
    ------
    UsageError
        A column has values that no FITS column holds.
    """
    seen = [_Seen(cell) for cell in cells]
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for each, values in zip(seen, batch.columns, strict=True):
            each.look(values)
    columns = [_text(each, rows) if each.cell.shape is Shape.TEXT else _numbers(each) for each in seen]
    letter, kind = ("P", ">i4") if sum(column.heap for column in columns) <= _P_HEAP_MOST else ("Q", ">i8")
    return tuple(_led(column, letter, kind) for column in columns), rows


def _text(seen: _Seen, rows: int) -> FITSColumn:
    width = max(1, seen.longest)
    size = rows * width
    if size - seen.total <= _PADDING_MOST or seen.total >= _FILLED_LEAST * size:
        return FITSColumn(seen.cell, seen.cell.datatype, f"{width}A", width)
    if not seen.ascii:
        raise UsageError(
            f"Column {seen.cell.column.name!r} has long texts beyond ASCII, which FITS holds only padded: "
            f"{size:,} bytes for {seen.total:,}. Leave it out, or ask for Parquet."
        )
    return FITSColumn(seen.cell, seen.cell.datatype, f"A({width})", 0, heap=seen.total, descriptor="")


def _numbers(seen: _Seen) -> FITSColumn:
    cell = seen.cell
    datatype, null = _null(seen) if seen.has_null and cell.datatype in _INTEGERS else (cell.datatype, None)
    letter, size = _LETTERS[datatype], NUMPY[datatype].itemsize
    if cell.shape is Shape.ARRAY and cell.count is None:
        form = f"{letter}({max(1, seen.longest)})"
        return FITSColumn(cell, datatype, form, 0, null, heap=seen.total * size, descriptor="")
    count = cell.count or 0
    return FITSColumn(
        cell, datatype, letter if cell.shape is Shape.SCALAR else f"{count}{letter}", count * size, null
    )


def _null(seen: _Seen) -> tuple[Datatype, int]:
    """Return the narrowest type with a value that the column has not, and this value."""
    for datatype in _INTEGERS[_INTEGERS.index(seen.cell.datatype) :]:
        for null in _RANGES[datatype]:
            if seen.low is None or seen.high is None or not seen.low <= null <= seen.high:
                return datatype, int(null)
    raise UsageError(
        f"Column {seen.cell.column.name!r} has NULLs, and every number that could stand for one in FITS is "
        "taken. Ask for another format."
    )


def _led(column: FITSColumn, letter: str, kind: str) -> FITSColumn:
    if not column.in_heap:
        return column
    width = np.dtype(kind).itemsize * 2
    return replace(column, form=f"1{letter}{column.form}", width=width, descriptor=kind)
