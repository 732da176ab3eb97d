"""Rows of a FITS binary table, mapped into memory and read piece by piece."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from sciplat.errors import IngestError
from sciplat.tables.arrow import describe, fitting_xtype
from sciplat.tables.source import RowSource, require_distinct
from sciplat.tables.widths import rows_within
from sciplat.vo.schema import Column, Datatype

__all__ = ["open_fits"]

_BATCH_ROWS, _BATCH_BYTES = 65_536, 32 << 20
_COLUMNS_MOST = 999
"""FITS 4.0, section 7.3.1."""

# FITS 4.0, table 19: integers of the other signedness are stored shifted by half their range.
_SHIFTED = {
    ("u1", -128): np.dtype("i1"),
    ("i2", 1 << 15): np.dtype("u2"),
    ("i4", 1 << 31): np.dtype("u4"),
    ("i8", 1 << 63): np.dtype("u8"),
}


@dataclass(frozen=True, slots=True)
class _Field:
    """One column: how its bytes become Arrow values."""

    name: str
    index: int
    kind: pa.DataType
    convert: Callable[[Any, Any], pa.Array]
    """From (the raw rows, the rows as astropy reads them)."""


def open_fits(path: Path, hdu: str | None) -> RowSource:
    """Open a binary table of a FITS file: the first one, or the HDU of that number or name.

    Units come from TUNIT, UCDs and descriptions from TUCD, TCOMM and TDOC. A logical, an integer
    with TNULL and an empty text become NULL where they are undefined. Arrays of more dimensions
    are laid out flat.

    Raises
    ------
    IngestError
        Names the file, and the column whose type cannot be held.
    """
    label = path.name if hdu is None else f"{path.name}[{hdu}]"
    with _understood(label), _quiet(), _opened(path, label) as file:
        table = _table(file, hdu, label)
        index = file.index_of(table)
        _check_size(path, table, label)
        names = [str(table.header.get(f"TTYPE{i + 1}", "")) for i in range(table.header["TFIELDS"])]
        require_distinct(names, label)
        fields = [_field(table, i, label) for i in range(len(names))]
        columns = tuple(_column(table, field) for field in fields)
        rows = int(table.header["NAXIS2"])
    schema = pa.schema([pa.field(field.name, field.kind) for field in fields])
    size = rows_within(schema, _BATCH_BYTES, most=_BATCH_ROWS)

    def batches() -> Iterator[pa.RecordBatch]:
        with _understood(label), _opened(path, label) as again:
            with _quiet():
                data = again[index].data
            raw = data.view(np.ndarray)
            for start in range(0, rows, size):
                part = slice(start, start + size)
                arrays = [field.convert(raw[part], data[part]) for field in fields]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return RowSource(label, columns, schema, batches, rows)


_OF_ASTROPY = (
    fits.VerifyError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError
)  # fmt: skip


@contextmanager
def _understood(label: str) -> Iterator[None]:
    """Say of a table that astropy fails on, in whatever way, that it is broken."""
    try:
        yield
    except _OF_ASTROPY as error:
        reason = " ".join(str(error).split())[:200]
        raise IngestError(f"{label}: the table cannot be read ({reason})") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep astropy from warning of cut files, which are found below, and of odd headers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        yield


def _opened(path: Path, label: str) -> Any:
    with _quiet():
        try:
            return fits.open(path, memmap=True)
        except (OSError, ValueError) as error:
            raise IngestError(f"{label}: not a complete FITS file ({error})") from error


def _table(file: Any, hdu: str | None, label: str) -> Any:
    try:
        if hdu is not None:
            found = file[int(hdu) if hdu.isdecimal() else hdu]
        else:
            found = next(h for h in file if isinstance(h, fits.BinTableHDU))
    except (KeyError, IndexError) as error:
        what = "holds no binary table" if hdu is None else f"has no HDU {hdu}"
        raise IngestError(f"{label}: the file {what}") from error
    except StopIteration:
        raise IngestError(f"{label}: the file holds no binary table") from None
    except OSError as error:  # a header leads beyond the end of any file
        raise IngestError(f"{label}: not a complete FITS file ({error.strerror or error})") from error
    if not isinstance(found, fits.BinTableHDU):
        raise IngestError(f"{label}: this HDU holds no binary table")
    if found.header["TFIELDS"] > _COLUMNS_MOST:
        raise IngestError(
            f"{label}: its header speaks of {found.header['TFIELDS']} columns; a FITS table has "
            f"{_COLUMNS_MOST} at most"
        )
    return found


def _check_size(path: Path, table: Any, label: str) -> None:
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return
    header = table.header
    needed = table.fileinfo()["datLoc"] + header["NAXIS1"] * header["NAXIS2"] + header.get("PCOUNT", 0)
    there = path.stat().st_size
    if there < needed:
        raise IngestError(f"{label}: the file is cut: it has {there} bytes, its table ends at {needed}")


def _field(table: Any, i: int, label: str) -> _Field:
    definition = table.columns[i]
    name = str(definition.name)
    stored = table.columns.dtype[i]
    letter = next((c for c in str(definition.format) if c.isalpha()), "")
    if letter in "PQ":
        item = np.dtype(str(table.columns.formats[i])[1:] and _heap_dtype(str(definition.format)))
        kind = pa.list_(pa.from_numpy_dtype(item))
        return _Field(name, i, kind, lambda _, rows: _lists(rows.field(i), kind))
    if letter == "A" and str(table.header.get(f"TXTYP{i + 1}", "")).strip() == "timestamp":
        place = f"{label}: column {name!r}"
        return _Field(
            name, i, pa.timestamp("us"), lambda raw, _: _instants(_text(raw[raw.dtype.names[i]]), place)
        )
    if letter == "A":
        return _Field(name, i, pa.string(), lambda raw, _: _text(raw[raw.dtype.names[i]]))
    if letter == "X":
        width = int(str(definition.format)[:-1] or 1)
        kind = pa.list_(pa.bool_(), width) if width > 1 else pa.bool_()
        return _Field(name, i, kind, lambda _, rows: _shaped(pa.array(rows.field(i).reshape(-1)), kind))
    width = int(np.prod(stored.shape)) if stored.shape else 1
    item = stored.base
    convert: Callable[[Any], pa.Array] = _logical
    element = pa.bool_()
    if letter in "BIJKED":
        element, convert = _numbers(definition, item)
    elif letter != "L":
        raise IngestError(
            f"{label}: column {name!r} has FITS format {definition.format}, which is not supported"
        )
    kind = element if width == 1 else pa.list_(element, width)
    return _Field(
        name,
        i,
        kind,
        lambda raw, _: _shaped(convert(np.ascontiguousarray(raw[raw.dtype.names[i]]).ravel()), kind),
    )


def _heap_dtype(form: str) -> str:
    letter = form.lstrip("0123456789")[1]
    return {"L": "?", "B": "u1", "I": "i2", "J": "i4", "K": "i8", "E": "f4", "D": "f8"}.get(letter, "f8")


def _numbers(definition: Any, item: np.dtype[Any]) -> tuple[pa.DataType, Callable[[Any], pa.Array]]:
    native = item.newbyteorder("=")
    null, zero, scale = definition.null, definition.bzero, definition.bscale
    shifted = _SHIFTED.get((f"{native.kind}{native.itemsize}", zero)) if scale in (None, "", 1) else None
    scaled = shifted is None and (zero not in (None, "", 0) or scale not in (None, "", 1))
    target = shifted or (np.dtype("f8") if scaled else native)

    def convert(values: Any) -> pa.Array:
        mask = values == int(null) if null not in (None, "") and native.kind in "iu" else None
        values = values.astype(native, copy=False)
        if shifted is not None:
            # Flipping the highest bit is adding half the range, without overflow.
            top = np.array(1 << (8 * native.itemsize - 1), dtype=f"u{native.itemsize}")
            values = (values.view(top.dtype) ^ top).view(shifted)
        elif scaled:
            values = values * float(scale or 1) + float(zero or 0)
        return pa.array(values, mask=mask)

    return pa.from_numpy_dtype(target), convert


def _logical(values: Any) -> pa.Array:
    codes = values.view("u1")
    true, false = codes == ord("T"), codes == ord("F")
    return pa.array(true, mask=~(true | false))


def _text(values: Any) -> pa.Array:
    raw = pa.array(np.ascontiguousarray(values).ravel(), type=pa.binary())
    try:
        text = raw.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([bytes(value).decode("latin-1") for value in values])
    text = pc.utf8_rtrim(text, characters=" \x00")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _instants(texts: pa.Array, place: str) -> pa.Array:
    try:
        return texts.cast(pa.timestamp("us"))
    except pa.ArrowInvalid as error:
        raise IngestError(f"{place}: its TXTYP is timestamp, and not all are times ({error})") from error


def _shaped(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(values, kind.list_size)
    return values


def _lists(values: Any, kind: pa.DataType) -> pa.Array:
    rows = [np.asarray(value).astype(np.asarray(value).dtype.newbyteorder("=")) for value in values]
    return pa.array([row.tolist() for row in rows], type=kind)


def _is_ascii(table: Any, index: int) -> bool:
    """Tell whether all texts of a column are what FITS asks for; ours, and others', are UTF-8."""
    raw = table.data.view(np.ndarray)
    texts = raw[raw.dtype.names[index]]
    step = max(1, _BATCH_BYTES // max(1, texts.dtype.itemsize))
    return not any(
        (np.ascontiguousarray(texts[start : start + step]).view(np.uint8) > 127).any()
        for start in range(0, len(texts), step)
        if texts.dtype.itemsize
    )


def _column(table: Any, field: _Field) -> Column:
    header, number = table.header, field.index + 1

    def keyword(*names: str) -> str | None:
        for name in names:
            value = str(header.get(f"{name}{number}", "")).strip()
            if value:
                return value
        return None

    column = describe(field.name, field.kind)
    if column.datatype is Datatype.UNICODE_CHAR and _is_ascii(table, field.index):
        column = replace(column, datatype=Datatype.CHAR)
    return replace(
        column,
        xtype=column.xtype or fitting_xtype(keyword("TXTYP"), column),
        unit=keyword("TUNIT"),
        ucd=keyword("TUCD"),
        utype=keyword("TUTYP"),
        description=keyword("TCOMM", "TDOC"),
    )
