"""A query whose names are all known, as its rules find it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from sciplat.adql.catalog import TableSource
from sciplat.adql.cursor import span
from sciplat.adql.scope import Field, Relation
from sciplat.adql.tokens import Text
from sciplat.errors import ADQLError

__all__ = ["Reference", "Resolved"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What one column in the tree is."""

    field: Field
    relation: Relation


@dataclass(slots=True)
class Resolved:
    """A tree whose names are all known."""

    tree: exp.Query
    text: Text
    fields: tuple[Field, ...] = ()
    """The columns of the result."""

    references: list[Reference] = field(default_factory=list)
    """What columns are; a column's node has its place in this list as ``meta["reference"]``."""

    sources: list[TableSource] = field(default_factory=list)
    """Every table that is read, once."""

    relations: list[Relation] = field(default_factory=list)

    def reference(self, node: exp.Expr) -> Reference | None:
        """Return what a node means if it is a column as the query has it."""
        place: int | None = node.meta_get("reference")
        return None if place is None else self.references[place]

    def position(self, ra: exp.Expr, dec: exp.Expr) -> Relation | None:
        """Return the table whose own position two values are, as its columns; None for others."""
        first, second = self.reference(ra), self.reference(dec)
        if first is None or second is None or first.relation is not second.relation:
            return None
        source = first.relation.source
        if source is None or source.table.position != (first.field.column.name, second.field.column.name):
            return None
        return first.relation

    def error(self, node: exp.Expr, message: str, *, unknown_table: bool = False) -> ADQLError:
        """Return an error that points at a node."""
        return self.text.error(message, *span(node), unknown_table=unknown_table)
