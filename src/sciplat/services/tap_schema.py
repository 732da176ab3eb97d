"""TAP_SCHEMA: the tables in which a client reads what tables there are (TAP 1.1, section 4).

They are tables of a schema ``TAP_SCHEMA`` like others, in generations of their own, made anew at
each change of the catalogs. Each row has a hidden column ``_schema``, the schema that it speaks of,
so that a query can be shown only what its asker may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from sciplat.services.relations import with_keys
from sciplat.tables.arrow import arrow_type
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Column, Datatype, Key, Schema, Table

__all__ = ["NAME", "ROW_SCHEMA", "tap_schema", "tap_schema_rows"]

NAME = "TAP_SCHEMA"

ROW_SCHEMA = Column(
    "_schema", Datatype.CHAR, "*", description="The schema that this row is about", hidden=True
)
"""The column of a table about tables by which each visitor is shown only some rows."""

_Row = dict[str, Any]


def _text(name: str, description: str, *, principal: bool = True) -> Column:
    return Column(
        name, Datatype.CHAR, "*", description=description, principal=principal, std=True, indexed=False
    )


def _number(name: str, description: str, *, principal: bool = True) -> Column:
    return Column(name, Datatype.INT, description=description, principal=principal, std=True)


_UTYPE = _text("utype", "The place in a data model, if there is one", principal=False)

_SCHEMAS = Table(
    NAME,
    "schemas",
    (
        _text("schema_name", "The name of the schema"),
        _UTYPE,
        _text("description", "What the schema holds"),
        _number("schema_index", "Where it stands in a list of schemas", principal=False),
        ROW_SCHEMA,
    ),
    description="The schemas of this service: data releases, and those of the standards",
    primary_key=("schema_name",),
)
_TABLES = Table(
    NAME,
    "tables",
    (
        _text("schema_name", "The schema in which the table is"),
        _text("table_name", "The name of the table, as it is written in a query"),
        _text("table_type", "Always 'table'"),
        _UTYPE,
        _text("description", "What the table holds"),
        _number("table_index", "Where it stands in a list of tables", principal=False),
        ROW_SCHEMA,
    ),
    description="The tables of this service",
    keys=(Key("TAP_SCHEMA.schemas", (("schema_name", "schema_name"),)),),
    primary_key=("table_name",),
)
_COLUMNS = Table(
    NAME,
    "columns",
    (
        _text("table_name", "The table in which the column is"),
        _text("column_name", "The name of the column, as it is written in a query"),
        _text("datatype", "The type of its values, in the words of VOTable"),
        _text("arraysize", "How many values are in one field, in VOTable's form; NULL for one"),
        _text("xtype", "What the values are beyond their type, in the words of DALI", principal=False),
        _number("size", "Superseded by arraysize: the number of values, where it is fixed", principal=False),
        _text("description", "What the column holds"),
        _UTYPE,
        _text("unit", "The unit of its values, in VOUnit's form"),
        _text("ucd", "What the values mean, as UCD1+"),
        _number("indexed", "1 if conditions on it are answered without reading the whole table"),
        _number("principal", "1 if it is among the columns that most people want"),
        _number("std", "1 if a standard defines it", principal=False),
        _number("column_index", "Where it stands in the table", principal=False),
        ROW_SCHEMA,
    ),
    description="The columns of the tables of this service",
    keys=(Key("TAP_SCHEMA.tables", (("table_name", "table_name"),)),),
    primary_key=("table_name", "column_name"),
)
_KEYS = Table(
    NAME,
    "keys",
    (
        _text("key_id", "The name of the key"),
        _text("from_table", "The table whose rows point"),
        _text("target_table", "The table whose rows are pointed at"),
        _text("description", "What the relation means"),
        _UTYPE,
        ROW_SCHEMA,
    ),
    description="Foreign keys: how tables of this service can be joined",
    keys=(
        Key("TAP_SCHEMA.tables", (("from_table", "table_name"),)),
        Key("TAP_SCHEMA.tables", (("target_table", "table_name"),)),
    ),
    primary_key=("key_id",),
)
_KEY_COLUMNS = Table(
    NAME,
    "key_columns",
    (
        _text("key_id", "The name of the key"),
        _text("from_column", "The column that points"),
        _text("target_column", "The column that is pointed at"),
        ROW_SCHEMA,
    ),
    description="The columns of the foreign keys",
    keys=(Key("TAP_SCHEMA.keys", (("key_id", "key_id"),)),),
)


def tap_schema() -> Schema:
    """Return the schema TAP_SCHEMA itself."""
    return Schema(
        NAME,
        (_SCHEMAS, _TABLES, _COLUMNS, _KEYS, _KEY_COLUMNS),
        description="What schemas, tables, columns and keys there are (TAP 1.1)",
        public=True,
    )


def tap_schema_rows(schemas: Sequence[Schema]) -> tuple[tuple[Table, pa.Table], ...]:
    """Return the five tables that describe ``schemas`` and themselves, each with its rows.

    Hidden columns are not described. A key is listed when the table that it points at is there.
    """
    described = (*(with_keys(s) for s in schemas if s.name != NAME), tap_schema())
    there = {t.qualified_name for schema in described for t in schema.tables}
    schema_rows: list[_Row] = []
    table_rows: list[_Row] = []
    column_rows: list[_Row] = []
    key_rows: list[_Row] = []
    key_column_rows: list[_Row] = []
    for schema_index, schema in enumerate(described, start=1):
        schema_rows.append(
            {
                "schema_name": delimited(schema.name),
                "utype": schema.utype,
                "description": schema.description,
                "schema_index": schema_index,
                ROW_SCHEMA.name: schema.name,
            }
        )
        for table_index, table in enumerate(schema.tables, start=1):
            table_rows.append(
                {
                    "schema_name": delimited(schema.name),
                    "table_name": table_name(table.schema, table.name),
                    "table_type": "table",
                    "utype": table.utype,
                    "description": table.description,
                    "table_index": table_index,
                    ROW_SCHEMA.name: schema.name,
                }
            )
            column_rows += _column_rows(table)
            for number, key in enumerate((k for k in table.keys if k.target_table in there), start=1):
                key_id = f"{table.qualified_name}.{number}"
                target = table_name(*key.target_table.split(".", 1))
                key_rows.append(
                    {
                        "key_id": key_id,
                        "from_table": table_name(table.schema, table.name),
                        "target_table": target,
                        "description": key.description,
                        "utype": key.utype,
                        ROW_SCHEMA.name: schema.name,
                    }
                )
                key_column_rows += [
                    {
                        "key_id": key_id,
                        "from_column": delimited(here),
                        "target_column": delimited(target_column),
                        ROW_SCHEMA.name: schema.name,
                    }
                    for here, target_column in key.columns
                ]
    return (
        _made(_SCHEMAS, schema_rows),
        _made(_TABLES, table_rows),
        _made(_COLUMNS, column_rows),
        _made(_KEYS, key_rows),
        _made(_KEY_COLUMNS, key_column_rows),
    )


def _column_rows(table: Table) -> Iterable[_Row]:
    visible = [column for column in table.columns if not column.hidden]
    for index, column in enumerate(visible, start=1):
        fixed = column.arraysize is not None and column.arraysize.isdecimal()
        yield {
            "table_name": table_name(table.schema, table.name),
            "column_name": delimited(column.name),
            "datatype": str(column.datatype),
            "arraysize": column.arraysize,
            "xtype": column.xtype,
            "size": int(column.arraysize) if fixed and column.arraysize else None,
            "description": column.description,
            "utype": column.utype,
            "unit": column.unit,
            "ucd": column.ucd,
            "indexed": int(column.indexed),
            "principal": int(column.principal),
            "std": int(column.std),
            "column_index": index,
            ROW_SCHEMA.name: table.schema,
        }


def _made(table: Table, rows: list[_Row]) -> tuple[Table, pa.Table]:
    kinds = pa.schema([pa.field(column.name, arrow_type(column)) for column in table.columns])
    return table, pa.Table.from_pylist(rows, schema=kinds)
