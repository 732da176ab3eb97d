"""Rows by their id: a condition on a column that has a lookup goes through it.

Beside a table whose ids don't follow its order lies a list of the ids, sorted, each with the place of
its row. Reading the part of the list where an id must be and then one row is much less than reading
all ids.
"""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import strip
from sciplat.adql.catalog import TableSource
from sciplat.adql.limits import conjuncts
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import quoted
from sciplat.vo.schema import LOOKUP_TABLE, Datatype

__all__ = ["lookups"]

MOST_IDS = 1000
"""In one condition; for more a scan is about as quick."""


def lookups(resolved: Resolved) -> None:
    """Put a search in the lookup in place of conditions that a column is one constant, or one of some."""
    sources = {
        relation.alias: relation.source
        for relation in resolved.relations
        if relation.source is not None and relation.source.table.lookup and relation.source.only is None
    }
    if not sources:
        return
    # Most queries read one table, and walking through a tree takes its time.
    whole = resolved.tree
    one = isinstance(whole, exp.Select) and len(resolved.relations) == 1
    for select in [whole] if one else list(whole.find_all(exp.Select)):
        where, from_ = select.args.get("where"), select.args.get("from_")
        # In a join the engine carries the constant over to the other tables, which is worth more.
        if where is None or from_ is None or select.args.get("joins"):
            continue
        table = from_.this
        source = sources.get(table.alias) if isinstance(table, exp.Table) else None
        if source is None:
            continue
        # A test that is one of several must stay what it is where it isn't true: NULL or false.
        for test in list(conjuncts(where.this)):
            column = test.this if isinstance(test, exp.EQ | exp.In) else None
            if (
                isinstance(column, exp.Column)
                and column.text("table") == table.alias
                and column.name == source.table.lookup
                and _is_constant(test, source)
            ):
                test.replace(_search(column, test, source))


def _is_constant(test: exp.Expr, source: TableSource) -> bool:
    """Tell whether a column is compared with constants of its own type only."""
    if isinstance(test, exp.In):
        values = test.expressions if test.args.get("query") is None else []
    else:
        values = [test.expression]
    assert source.table.lookup is not None
    is_text = source.table.column(source.table.lookup).datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR)
    return 0 < len(values) <= MOST_IDS and all(_is_id(strip(value), is_text=is_text) for value in values)


def _is_id(value: exp.Expr, *, is_text: bool) -> bool:
    if isinstance(value, exp.Neg):
        value = value.this
    return isinstance(value, exp.Literal) and (
        is_text if value.is_string else not is_text and value.name.isdecimal()
    )


def _search(column: exp.Column, test: exp.Expr, source: TableSource) -> exp.Expr:
    place = exp.Column(this=quoted("rowid"), table=column.args["table"].copy())
    wanted = test.copy()
    wanted.this.replace(exp.Column(this=quoted("value")))
    *names, _ = source.relation
    parts = dict(zip(("db", "catalog"), map(quoted, reversed(names)), strict=False))
    inner = exp.Select(
        expressions=[exp.Column(this=quoted("place"))],
        from_=exp.From(this=exp.Table(this=quoted(LOOKUP_TABLE), **parts)),
        where=exp.Where(this=wanted),
    )
    return exp.In(this=place, query=exp.Subquery(this=inner))
