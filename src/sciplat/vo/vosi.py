"""Whether a service is there and what tables it has, as documents (VOSI 1.1; VODataService 1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree as ET

from sciplat.vo.instant import instant
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Column, Datatype, Key, Schema, Table
from sciplat.vo.xml import document, element

__all__ = ["Availability", "availability_document", "table_document", "tables_document"]

_TABLES = {
    "xmlns:vosi": "http://www.ivoa.net/xml/VOSITables/v1.0",
    "xmlns:vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_TAP_PLUS = {"xmlns:esatapplus": "http://esa.int/xml/EsaTapPlus"}


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a service answers, and since or until when."""

    available: bool
    up_since: datetime | None = None
    down_at: datetime | None = None
    back_at: datetime | None = None
    notes: tuple[str, ...] = ()


def availability_document(availability: Availability) -> bytes:
    """Return the document at ``/availability`` (VOSI 1.1, section 5)."""
    times = (
        ("upSince", availability.up_since),
        ("downAt", availability.down_at),
        ("backAt", availability.back_at),
    )
    return document(
        element(
            "vosi:availability",
            {"xmlns:vosi": "http://www.ivoa.net/xml/VOSIAvailability/v1.0"},
            element("vosi:available", text="true" if availability.available else "false"),
            *(element(f"vosi:{name}", text=instant(when)) for name, when in times if when is not None),
            *(element("vosi:note", text=note) for note in availability.notes),
        )
    )


def tables_document(
    schemas: Iterable[Schema], *, detail: Literal["min", "max"] = "max", tap_plus: bool = False
) -> bytes:
    """Return the document at ``/tables`` (VOSI 1.1, section 6.2); names are as a query has to write them.

    Parameters
    ----------
    schemas
        What the asker may see; at least one, as a set of tables can't be empty.
    detail
        ``min`` leaves the columns and keys to the documents of single tables.
    tap_plus
        Whether columns have the attribute ``flags`` of ESA's archives (TAP+), always 0: astroquery
        reads no column without it. VODataService lets such attributes be, but validators warn of them.
    """
    made = (
        element(
            "schema",
            None,
            element("name", text=delimited(schema.name)),
            _optional("description", schema.description),
            _optional("utype", schema.utype),
            *(_table("table", None, table, detail=detail, tap_plus=tap_plus) for table in schema.tables),
        )
        for schema in schemas
    )
    return document(element("vosi:tableset", _TABLES | (_TAP_PLUS if tap_plus else {}), *made))


def table_document(table: Table) -> bytes:
    """Return the document of one table, at ``/tables/NAME`` (VOSI 1.1, section 6.3)."""
    return document(_table("vosi:table", _TABLES, table, detail="max"))


def _table(
    tag: str,
    attributes: dict[str, str] | None,
    table: Table,
    *,
    detail: Literal["min", "max"],
    tap_plus: bool = False,
) -> ET.Element:
    made = element(
        tag,
        {**(attributes or {}), "type": "table"},
        element("name", text=table_name(table.schema, table.name)),
        _optional("description", table.description),
        _optional("utype", table.utype),
        None if table.rows is None else element("nrows", text=str(table.rows)),
    )
    if detail == "max":
        primary = frozenset(table.primary_key)
        visible = (column for column in table.columns if not column.hidden)
        made.extend(_column(column, primary=column.name in primary, tap_plus=tap_plus) for column in visible)
        made.extend(_key(key) for key in table.keys)
    return made


def _column(column: Column, *, primary: bool, tap_plus: bool) -> ET.Element:
    flags = [name for name, is_so in (("indexed", column.indexed), ("primary", primary)) if is_so]
    return element(
        "column",
        {"std": "true" if column.std else None, "esatapplus:flags": "0" if tap_plus else None},
        element("name", text=delimited(column.name)),
        _optional("description", column.description),
        _optional("unit", column.unit),
        _optional("ucd", column.ucd),
        _optional("utype", column.utype),
        None if column.datatype is None else _datatype(column, column.datatype),
        *(element("flag", text=flag) for flag in flags),
    )


def _datatype(column: Column, datatype: Datatype) -> ET.Element:
    attributes = {
        "xsi:type": "vs:VOTableType",
        "arraysize": None if column.arraysize == "1" else column.arraysize,
        "extendedType": column.xtype,
    }
    return element("dataType", attributes, text=datatype)


def _key(key: Key) -> ET.Element:
    pairs = (
        element(
            "fkColumn",
            None,
            element("fromColumn", text=delimited(here)),
            element("targetColumn", text=delimited(there)),
        )
        for here, there in key.columns
    )
    schema, _, name = key.target_table.rpartition(".")
    target = table_name(schema, name) if schema else delimited(name)
    return element(
        "foreignKey",
        None,
        element("targetTable", text=target),
        *pairs,
        _optional("description", key.description),
        _optional("utype", key.utype),
    )


def _optional(tag: str, text: str | None) -> ET.Element | None:
    return element(tag, text=text) if text else None
