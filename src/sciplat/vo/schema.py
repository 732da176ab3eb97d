"""Columns, tables and schemas, in the words of TAP_SCHEMA (TAP 1.1, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

__all__ = [
    "HEALPIX_COLUMN",
    "LOOKUP_TABLE",
    "REGION",
    "Column",
    "Datatype",
    "Key",
    "Schema",
    "Table",
    "outline_column",
]

HEALPIX_COLUMN = "_healpix_29"
"""The hidden column by which tables with positions are sorted: the HEALPix cell of order 29, NESTED."""

LOOKUP_TABLE = "lookup"
"""The table beside the rows of a table whose ids don't follow its order: each id (``value``), sorted, and the
place of its row (``place``)."""


REGION = "adql:REGION"
"""The xtype of a text that is a region, ``POLYGON ICRS …`` (TAP 1.0, section 6): ObsCore's ``s_region``."""


class Datatype(StrEnum):
    """The primitive types of VOTable 1.4, section 2.1, that a column can have."""

    BOOLEAN = "boolean"
    UNSIGNED_BYTE = "unsignedByte"
    SHORT = "short"
    INT = "int"
    LONG = "long"
    CHAR = "char"
    UNICODE_CHAR = "unicodeChar"
    FLOAT = "float"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Link:
    """Where more about a column, or about a value of it, is found (VOTable 1.4, section 3.5)."""

    href: str
    """An address; ``${name}`` in it stands for the row's value of that column."""

    title: str | None = None
    content_type: str | None = None
    content_role: str | None = None
    """What for: ``doc``, ``query``, ``type`` or a word of the writer's own."""

    def to_json(self) -> dict[str, str]:
        """Return what is known of the link, without what is None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one column of a table or of a result."""

    name: str
    """As declared; its case is kept."""

    datatype: Datatype | None = None
    """None only for an expression whose type the engine decides."""

    arraysize: str | None = None
    """VOTable's form: ``None`` scalar, ``"3"``, ``"8*"``, ``"*"``. Text is CHAR with ``"*"``."""

    xtype: str | None = None
    """DALI 1.1: ``timestamp``, ``point``, ``circle``, ``polygon``; or `REGION`."""

    unit: str | None = None
    ucd: str | None = None
    utype: str | None = None
    description: str | None = None

    principal: bool = False
    indexed: bool = False
    std: bool = False

    hidden: bool = False
    """Kept for the engine (`HEALPIX_COLUMN`); can be named in a query, but ``*`` leaves it out."""

    links: tuple[Link, ...] = ()

    row_of: str | None = field(default=None, compare=False)
    """The table (``schema.name``) whose rows its values tell apart: this is its only key."""

    def to_json(self) -> dict[str, Any]:
        """Return what is known of the column, without what is None, False or empty."""
        facts = {name: getattr(self, name) for name in self.__slots__}
        facts["links"] = [link.to_json() for link in self.links]
        return {name: value for name, value in facts.items() if value not in (None, False, [])}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Read what `to_json` made."""
        datatype = facts.get("datatype")
        return cls(
            **{
                **facts,
                "datatype": None if datatype is None else Datatype(datatype),
                "links": tuple(Link(**link) for link in facts.get("links", ())),
            }
        )


def outline_column(column: Column) -> Column:
    """Return the hidden column with the corners of a `REGION` column, which the engine can work with."""
    return Column(
        f"_{column.name}",
        Datatype.DOUBLE,
        "*",
        xtype="polygon",
        unit="deg",
        description=f"The corners of {column.name}",
        hidden=True,
    )


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key: rows here point at rows of another table (TAP 1.1, 4.4)."""

    target_table: str
    columns: tuple[tuple[str, str], ...]
    """Pairs of (column here, column there)."""

    description: str | None = None
    utype: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table that can be queried."""

    schema: str
    """The release, e.g. ``gaia``; also ``TAP_SCHEMA``."""

    name: str
    """Without the schema, as declared, e.g. ``gaia_source``."""

    columns: tuple[Column, ...]
    description: str | None = None
    utype: str | None = None
    keys: tuple[Key, ...] = ()
    primary_key: tuple[str, ...] = ()

    position: tuple[str, str] | None = None
    """The columns with ICRS right ascension and declination in degrees, by which the rows are
    sorted and indexed in `HEALPIX_COLUMN`; None for a table without positions."""

    rows: int | None = None

    lookup: str | None = None
    """The column for which `LOOKUP_TABLE` lies beside the rows; None without one."""

    @property
    def qualified_name(self) -> str:
        """The name in ADQL: ``schema.name``."""
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        """Return the column of exactly this name; ``KeyError`` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Schema:
    """A named set of tables: a data release, or a standard's own."""

    name: str
    tables: tuple[Table, ...] = field(default=())
    description: str | None = None
    utype: str | None = None
    public: bool = False
    """Readable without signing in."""
