"""ADQL to the engine's SQL, with what is known of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.catalog import Catalog, TableSource
from sciplat.adql.geometry import geometry
from sciplat.adql.lookups import lookups
from sciplat.adql.matches import positional_joins
from sciplat.adql.numbers import numbers
from sciplat.adql.outline import Outline, Scan, outline_of, scans_of
from sciplat.adql.parser import parse
from sciplat.adql.resolve import resolve
from sciplat.adql.resolved import Resolved
from sciplat.adql.rows import visible_rows
from sciplat.adql.tokens import Text
from sciplat.vo.schema import Column

__all__ = ["RULES", "Translation", "rewrite", "translate", "write"]

Rule = Callable[[Resolved], None]

RULES: tuple[Rule, ...] = (positional_joins, geometry, numbers, visible_rows)
"""What is done to a resolved tree, in this order."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A query that the engine can run."""

    sql: str
    columns: tuple[Column, ...]
    """The columns of the result; ``datatype`` is None where the engine decides."""

    sources: tuple[TableSource, ...]
    """Every table that is read."""

    outline: Outline
    """What the engine will do."""

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Every reading of a table, with what limits it."""
        return tuple(scans_of(self.outline))


def translate(text: str, catalog: Catalog, *, maxrec: int | None = None) -> Translation:
    """Turn a query in ADQL into DuckDB's SQL.

    Parameters
    ----------
    text
        The query, ADQL 2.1.
    catalog
        The tables that the asker can see. Nothing else reaches the engine.
    maxrec
        Rows that will be kept; the SQL asks for one more, which tells that there were more.

    Raises
    ------
    ADQLError
        Where the query is wrong, names what is not there, or asks for what cannot be done.
    """
    resolved, outline = rewrite(text, catalog, maxrec=maxrec)
    columns = tuple(field.column for field in resolved.fields)
    return Translation(write(resolved.tree), columns, tuple(resolved.sources), outline)


def rewrite(text: str, catalog: Catalog, *, maxrec: int | None) -> tuple[Resolved, Outline]:
    """Return a query's tree as the engine gets it, and what it will do; raises as `translate` does."""
    resolved = resolve(parse(text), Text(text), catalog)
    for rule in RULES:
        rule(resolved)
    _limit(resolved.tree, maxrec)
    outline = outline_of(resolved)
    lookups(resolved)
    return resolved, outline


def write(node: exp.Expr) -> str:
    """Return a finished tree as DuckDB's SQL."""
    return node.sql(dialect="duckdb", comments=False, copy=False)


def _limit(tree: exp.Query, maxrec: int | None) -> None:
    if maxrec is None:
        return
    limit = tree.args.get("limit")
    if limit is None or int(limit.expression.name) > maxrec + 1:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(maxrec + 1)))
