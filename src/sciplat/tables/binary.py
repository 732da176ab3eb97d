"""Rows as VOTable BINARY and BINARY2 (VOTable 1.4, sections 5.3 and 5.4): cell after cell, big-endian.

BINARY2 puts the NULL bits of a row before its cells; BINARY has none, so there an integer that the column
announces stands for NULL.

No Python runs per row. Columns of fixed width are written side by side into one numpy record array;
where a text or a variable array stands between them, Arrow joins the stretches row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import EngineError, UsageError
from sciplat.tables.cells import (
    NUMPY,
    Array,
    Cell,
    Shape,
    binary_array,
    is_ascii,
    run_bytes,
    settle,
    seven_bit,
)
from sciplat.vo.schema import Datatype

__all__ = ["Numbers", "encode", "numbers", "padded", "records"]

_UNIT = {Datatype.CHAR: 1, Datatype.UNICODE_CHAR: 2}

Numbers = npt.NDArray[Any]


def encode(cells: Sequence[Cell], batch: pa.RecordBatch, *, null_bits: bool = True) -> memoryview:
    """Return the rows of ``batch`` before base64: in BINARY2, or in BINARY without ``null_bits``.

    Raises
    ------
    UsageError
        If a value of BINARY is the one that its column needs for NULL.
    """
    rows = batch.num_rows
    if rows == 0:
        return memoryview(b"")
    nulls: dict[int, npt.NDArray[np.bool_]] = {}
    first: list[Numbers] = [np.empty((rows, 0), np.uint8)]  # the NULL bits take this place at the end
    stretch = first
    stretches: list[list[Numbers] | pa.Array] = [stretch]
    for index, (cell, values) in enumerate(zip(cells, batch.columns, strict=True)):
        settled = settle(cell, values)
        if isinstance(settled, Array):
            if settled.valid is not None:
                nulls[index] = ~settled.valid
        elif settled.null_count:
            nulls[index] = settled.is_null().to_numpy(zero_copy_only=False)
        match cell.shape:
            case Shape.SCALAR:
                stretch.append(_scalars(cell, settled))
                continue
            case Shape.TEXT:
                offsets, data = _characters(cell.datatype, settled)
                unit = _UNIT[cell.datatype]
            case Shape.ARRAY:
                offsets, data = settled.offsets, numbers(cell.datatype, settled.flat)
                if cell.count is not None and settled.valid is not None and not null_bits:
                    data = _blanked(cell, cell.count, data, settled.valid)
                    offsets = np.arange(rows + 1, dtype=np.int32) * cell.count
                unit = data.itemsize
                offsets, data = offsets * unit, data.view(np.uint8)
        if cell.count is not None:
            stretch.append(_fixed(cell, offsets, data, unit))
            continue
        stretch.append((np.diff(offsets) // unit).astype(">i4"))
        stretch = []
        stretches += [binary_array(offsets, data), stretch]
    if null_bits:
        first[0] = _null_bits(rows, len(cells), nulls)
    parts = [part if isinstance(part, pa.Array) else records(part) for part in stretches if len(part)]
    if len(parts) == 1:
        return memoryview(run_bytes(parts[0])[1])
    return memoryview(run_bytes(pc.binary_join_element_wise(*parts, b""))[1])


def _null_bits(rows: int, count: int, nulls: Mapping[int, npt.NDArray[np.bool_]]) -> Numbers:
    if not nulls:
        return np.zeros((rows, (count + 7) // 8), np.uint8)
    bits = np.zeros((rows, count), np.bool_)
    for index, is_null in nulls.items():
        bits[:, index] = is_null
    return np.packbits(bits, axis=1)


def _scalars(cell: Cell, values: pa.Array) -> Numbers:
    if not cell.marked or cell.null is None:
        return numbers(cell.datatype, values)
    null = pa.scalar(int(cell.null), values.type)
    if pc.any(pc.equal(values, null)).as_py():
        raise UsageError(
            f"Column {cell.column.name!r} has the value {cell.null}, which stands for NULL in BINARY. "
            "Ask for BINARY2, which has no such gap."
        )
    return numbers(cell.datatype, values.fill_null(null))


def _blanked(cell: Cell, count: int, data: Numbers, valid: npt.NDArray[np.bool_]) -> Numbers:
    """Return the elements of arrays of fixed length with those of the NULL ones, each a blank."""
    blank = ord("?") if cell.datatype is Datatype.BOOLEAN else cell.blank()
    every = np.full((len(valid), count), blank, data.dtype)
    every[valid] = data.reshape(-1, count)
    return every.reshape(-1)


def numbers(datatype: Datatype, values: pa.Array) -> Numbers:
    """Return numbers as VOTable and FITS have them in binary; a NULL is NaN, ``?`` or 0."""
    if datatype is Datatype.BOOLEAN:
        letters = np.where(values.fill_null(False).to_numpy(zero_copy_only=False), ord("T"), ord("F"))
        if values.null_count:
            letters[values.is_null().to_numpy(zero_copy_only=False)] = ord("?")
        return letters.astype(np.uint8)
    if values.null_count:
        values = values.fill_null(float("nan") if datatype in (Datatype.FLOAT, Datatype.DOUBLE) else 0)
    made: Numbers = values.to_numpy().astype(NUMPY[datatype])
    return made


def _characters(datatype: Datatype, text: pa.Array) -> tuple[npt.NDArray[np.int32], Numbers]:
    """Return byte offsets and bytes of text: ASCII for char, UTF-16 for unicodeChar.

    The standard says UCS-2; a character outside the Basic Multilingual Plane becomes a surrogate pair,
    which counts as two units, and which astropy and STILTS both read as the one character that it is.
    """
    if text.null_count:
        text = text.fill_null("")
    if datatype is Datatype.CHAR:
        text = seven_bit(text)
    offsets, buffer = run_bytes(text)
    raw = np.frombuffer(buffer, np.uint8)
    if datatype is Datatype.CHAR:
        return offsets, raw
    if is_ascii(text):
        wide = np.zeros(2 * len(raw), np.uint8)
        wide[1::2] = raw
        return 2 * offsets, wide
    units = ((raw & 0xC0) != 0x80).astype(np.int32) + (raw >= 0xF0)
    ends = np.zeros(len(raw) + 1, np.int32)
    np.cumsum(units, out=ends[1:])
    return 2 * ends[offsets], np.frombuffer(raw.tobytes().decode().encode("utf-16-be"), np.uint8)


def _fixed(cell: Cell, offsets: npt.NDArray[np.int32], data: Numbers, unit: int) -> Numbers:
    assert cell.count is not None
    longest = np.diff(offsets).max(initial=0)
    if longest > cell.count * unit:
        raise EngineError(
            f"Column {cell.column.name!r} has a text of {longest // unit} characters; "
            f"its arraysize is {cell.arraysize}"
        )
    return padded(offsets, data, cell.count * unit)


def padded(offsets: npt.NDArray[np.int32], data: Numbers, width: int) -> Numbers:
    """Return values as rows of ``width`` bytes, with zeros behind those that are shorter."""
    lengths = np.diff(offsets)
    rows = len(lengths)
    if len(data) == rows * width:
        return data.reshape(rows, width)
    matrix = np.zeros(rows * width, np.uint8)
    shift = np.arange(rows, dtype=np.int64) * width - offsets[:-1]
    matrix[np.repeat(shift, lengths) + np.arange(len(data))] = data
    return matrix.reshape(rows, width)


def records(columns: Sequence[Numbers]) -> pa.Array:
    """Return columns of fixed width side by side: one binary value a row."""
    kind = np.dtype([(f"c{i}", column.dtype, column.shape[1:]) for i, column in enumerate(columns)])
    rows = np.empty(len(columns[0]), kind)
    for i, column in enumerate(columns):
        rows[f"c{i}"] = column
    offsets = np.arange(len(rows) + 1, dtype=np.int64) * kind.itemsize
    return binary_array(offsets.astype(np.int32), rows.view(np.uint8))
