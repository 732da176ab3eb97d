# SPDX-License-Identifier: BSD-3-Clause
"""What is known of a table and its columns."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["ColumnMetadata", "ColumnRelation", "TableMetadata"]


class ColumnMetadata(BaseModel):
    """One column, in the words of TAP_SCHEMA."""

    name: str
    datatype: str | None
    arraysize: str | None
    xtype: str | None
    unit: str | None
    ucd: str | None
    utype: str | None
    description: str | None
    principal: bool
    indexed: bool


class ColumnRelation(BaseModel):
    """Columns that belong together, or belong to columns of another table."""

    kind: str
    """position, error, covariance, flag, bands, key or reference."""
    columns: list[str]
    """An error or a flag comes after its value, a covariance after both of its values."""
    table: str | None
    """The other table of a key (rows here point there) or of a reference (its rows point here)."""
    targets: list[str]
    """Its columns, one for each of `columns`."""
    quantity: str | None
    """What is in several bands."""
    description: str | None


class TableMetadata(BaseModel):
    """One table, its columns, and how they belong together."""

    name: str
    description: str | None
    utype: str | None
    rows: int | None
    primary_key: list[str]
    columns: list[ColumnMetadata]
    relations: list[ColumnRelation]
