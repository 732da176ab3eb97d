"""Rows of a VOTable, with all that its FIELDs say of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
from astropy.io.votable import parse

from sciplat.errors import IngestError
from sciplat.tables.arrow import arrow_type
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Column, Datatype

__all__ = ["described_fields", "open_votable"]

_BATCH_ROWS = 65_536


def open_votable(path: Path) -> RowSource:
    """Open the first table of a VOTable document (TABLEDATA, BINARY or BINARY2).

    The document is held in memory as a whole, as astropy reads it.

    Raises
    ------
    IngestError
        Names the file that is no VOTable or holds no table.
    """

    @cache
    def table() -> Any:
        return _first_table(path, path.name)

    columns = tuple(_column(field, path.name) for field in table().fields)
    kinds = [arrow_type(column) for column in columns]
    schema = pa.schema([pa.field(column.name, kind) for column, kind in zip(columns, kinds, strict=True)])

    def batches() -> Iterator[pa.RecordBatch]:
        data = table().array
        for start in range(0, len(data), _BATCH_ROWS):
            part = data[start : start + _BATCH_ROWS]
            arrays = [
                _values(part[name], kind) for name, kind in zip(data.dtype.names or (), kinds, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return RowSource(path.name, columns, schema, batches, len(table().array))


def described_fields(file: IO[bytes], label: str) -> tuple[Column, ...]:
    """Return what a VOTable document says of the columns of its first table.

    Raises
    ------
    IngestError
        Names ``label``, if it is no VOTable or holds no table.
    """
    return tuple(_column(field, label) for field in _first_table(file, label).fields)


def _first_table(file: Path | IO[bytes], label: str) -> Any:
    with warnings.catch_warnings():
        # Real VOTables break rules of the standard that don't matter for reading them.
        warnings.simplefilter("ignore")
        try:
            document = parse(file, verify="ignore")
            return document.get_first_table()
        except IndexError:
            raise IngestError(f"{label}: the VOTable holds no table") from None
        except Exception as error:
            # astropy raises whatever its XML and number parsers do.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise IngestError(f"{label}: not a complete VOTable ({reason})") from error


def _column(field: Any, label: str) -> Column:
    try:
        datatype = Datatype("boolean" if field.datatype == "bit" else field.datatype)
    except ValueError:
        raise IngestError(
            f"{label}: column {field.name!r} has datatype {field.datatype}, which is not supported"
        ) from None
    size = field.arraysize
    is_text = datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR)
    if is_text:
        size = "*"
    elif size in (None, "", "1"):
        size = None
    elif not size.isdecimal():
        shape = size.replace("x", " ").split()
        size = str(int(np.prod([int(n) for n in shape]))) if all(n.isdecimal() for n in shape) else "*"
    description = str(field.description).strip() if field.description else None
    return Column(
        field.name or field.ID,
        datatype,
        size,
        xtype=field.xtype if field.xtype != "timestamp" else None,
        unit=str(field.unit) if field.unit is not None else None,
        ucd=field.ucd or None,
        utype=field.utype or None,
        description=" ".join(description.split()) if description else None,
    )


def _values(values: Any, kind: pa.DataType) -> pa.Array:
    mask = np.ma.getmaskarray(values)
    data = np.ma.getdata(values)
    if pa.types.is_string(kind):
        missing = np.atleast_1d(mask.reshape(len(data), -1).all(axis=1))
        texts = (value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in data)
        return pa.array([None if gone else text for gone, text in zip(missing, texts, strict=True)], kind)
    if pa.types.is_fixed_size_list(kind):
        flat = pa.array(_native(data).reshape(-1), mask=mask.reshape(-1), type=kind.value_type)
        return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
    if pa.types.is_list(kind):
        return pa.array([np.ma.getdata(value).ravel().tolist() for value in data], kind)
    return pa.array(_native(data), mask=mask, type=kind)


def _native(data: Any) -> Any:
    return np.ascontiguousarray(data).astype(data.dtype.newbyteorder("="), copy=False)
