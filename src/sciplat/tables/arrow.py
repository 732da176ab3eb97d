"""Column descriptions beside Arrow types: both ways, and inside an Arrow schema.

A spool, an Arrow response and a Parquet file carry each column's description as JSON in the
metadata of its Arrow field, under ``sciplat``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import pyarrow as pa

from sciplat.vo.schema import Column, Datatype

__all__ = ["PLAIN_TYPES", "arrow_type", "columns_of", "describe", "fitting_xtype", "with_columns"]

_KEY = b"sciplat"
_REMEMBERED = 4096
"""Descriptions of columns."""

_DATATYPES: dict[pa.DataType, Datatype] = {
    pa.bool_(): Datatype.BOOLEAN,
    pa.uint8(): Datatype.UNSIGNED_BYTE,
    pa.int8(): Datatype.SHORT,
    pa.int16(): Datatype.SHORT,
    pa.uint16(): Datatype.INT,
    pa.int32(): Datatype.INT,
    pa.uint32(): Datatype.LONG,
    pa.int64(): Datatype.LONG,
    pa.uint64(): Datatype.LONG,
    pa.float16(): Datatype.FLOAT,
    pa.float32(): Datatype.FLOAT,
    pa.float64(): Datatype.DOUBLE,
    pa.null(): Datatype.CHAR,
}

PLAIN_TYPES: dict[Datatype, pa.DataType] = {
    Datatype.BOOLEAN: pa.bool_(),
    Datatype.UNSIGNED_BYTE: pa.uint8(),
    Datatype.SHORT: pa.int16(),
    Datatype.INT: pa.int32(),
    Datatype.LONG: pa.int64(),
    Datatype.FLOAT: pa.float32(),
    Datatype.DOUBLE: pa.float64(),
    Datatype.CHAR: pa.string(),
    Datatype.UNICODE_CHAR: pa.string(),
}
"""The Arrow type of one value of each datatype."""


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def describe(name: str, kind: pa.DataType) -> Column:
    """Return the plainest column description of an Arrow type.

    Raises
    ------
    TypeError
        For a type that no VOTable column can hold (maps, structs, lists of lists).
    """
    if pa.types.is_dictionary(kind):
        return describe(name, kind.value_type)
    if _is_text(kind):
        return Column(name, Datatype.UNICODE_CHAR, "*")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Column(name, Datatype.CHAR, "*", xtype="timestamp")
    if pa.types.is_decimal(kind):
        return Column(name, Datatype.DOUBLE)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return Column(name, Datatype.UNSIGNED_BYTE, "*")
    if pa.types.is_fixed_size_list(kind):
        return replace(describe(name, kind.value_type), arraysize=str(kind.list_size))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = describe(name, kind.value_type)
        if inner.arraysize is not None:
            raise TypeError(f"Column {name!r} has type {kind}, which no table format of the VO can hold")
        return replace(inner, arraysize="*")
    if kind not in _DATATYPES:
        raise TypeError(f"Column {name!r} has type {kind}, which no table format of the VO can hold")
    return Column(name, _DATATYPES[kind], "*" if pa.types.is_null(kind) else None)


_SIZES = {"point": "2", "circle": "3", "polygon": "*"}


def fitting_xtype(xtype: str | None, column: Column) -> str | None:
    """Return the xtype that a file says of a column, if its values are of that kind; else None."""
    if xtype in _SIZES:
        is_list = column.datatype in (Datatype.FLOAT, Datatype.DOUBLE)
        fits = column.arraysize == _SIZES[xtype] or (xtype != "point" and column.arraysize == "*")
        return xtype if is_list and fits else None
    # A time that is written otherwise than ISO 8601 does is a text.
    return None if xtype == "timestamp" else xtype


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type in which values of ``column`` travel."""
    assert column.datatype is not None
    plain = PLAIN_TYPES[column.datatype]
    if column.xtype == "timestamp":
        return pa.timestamp("us")
    if column.datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR) or column.arraysize in (None, "1"):
        return plain
    if column.arraysize.isdecimal():
        return pa.list_(plain, int(column.arraysize))
    return pa.list_(plain)


def with_columns(schema: pa.Schema, columns: Sequence[Column]) -> pa.Schema:
    """Return ``schema`` with the names and descriptions of ``columns`` written into its fields."""
    fields = []
    for arrow_field, column in zip(schema, columns, strict=True):
        fields.append(arrow_field.with_name(column.name).with_metadata({_KEY: _written(column)}))
    return pa.schema(fields)


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """Return the descriptions that a schema carries, and plain ones where it carries none."""
    columns = []
    for arrow_field in schema:
        text = (arrow_field.metadata or {}).get(_KEY)
        if text is None:
            columns.append(describe(arrow_field.name, arrow_field.type))
            continue
        columns.append(_read(text))
    return tuple(columns)


# Each result of a table has the same descriptions again, and JSON takes longer than a small result.
@lru_cache(_REMEMBERED)
def _written(column: Column) -> bytes:
    return json.dumps(column.to_json()).encode()


@lru_cache(_REMEMBERED)
def _read(text: bytes) -> Column:
    return Column.from_json(json.loads(text))
