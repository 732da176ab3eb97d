"""GROUP BY: which columns may stand in the result (ADQL 2.1, <group_by_clause>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import aggregate_name, aggregates, call
from sciplat.adql.kinds import kind_of, set_kind
from sciplat.adql.resolved import Resolved

__all__ = ["check_groups"]


def check_groups(resolved: Resolved, node: exp.Select) -> None:
    """See that in a grouped query every column is grouped by, or inside an aggregate.

    A column that follows from a grouped primary key has one value in each group, so it may stand
    alone, as in PostgreSQL. Without GROUP BY a column may stand beside an aggregate as long as all
    rows have one value. Rubin's notebooks use both.
    """
    own: frozenset[str] = node.meta["aliases"]
    group = node.args.get("group")
    grouped: list[exp.Expr] = list(group.expressions) if group is not None else []
    order = node.args.get("order")
    places: list[exp.Expr] = list(node.expressions)
    if node.args.get("having") is not None:
        places.append(node.args["having"])
    if order is not None:
        places += order.expressions
    found = [aggregate for place in places for aggregate in aggregates(place)]
    for aggregate in found:
        _check_aggregate(resolved, aggregate, own)
    if group is None and node.args.get("having") is None and not found:
        return
    for place in places:
        _check_seeds(resolved, place)
    keyed = _keyed(resolved, grouped)
    for place in places:
        for column in _ungrouped(place, grouped, own):
            reference = resolved.reference(column)
            alias = column.args["table"].name
            if alias in keyed and not _of_subquery(column, place):
                value = exp.AnyValue(this=column.copy())
                set_kind(value, kind_of(column))
                column.replace(value)
                continue
            name = reference.field.column.name if reference is not None else column.name
            if group is None and node.args.get("having") is None and not _of_subquery(column, place):
                column.replace(_only_value(column, name))
                continue
            raise resolved.error(
                column, f"{name} is neither in GROUP BY nor inside COUNT, MIN, MAX, AVG or SUM"
            )


def _check_seeds(resolved: Resolved, place: exp.Expr) -> None:
    for inner in place.walk(prune=lambda inner: isinstance(inner, exp.AggFunc)):
        if isinstance(inner, exp.Anonymous) and inner.meta_get("rows") is not None:
            raise resolved.error(
                inner, "RAND with a seed is a number of each row, and here are groups: leave the seed out"
            )


def _only_value(column: exp.Column, name: str) -> exp.Expr:
    """Return the one value that a column has in all rows; the engine stops the query where it has two."""
    least, most = exp.Min(this=column.copy()), exp.Max(this=column.copy())
    message = f"The column {name} has more than one value here: group by it, or take it out"
    several = exp.If(
        this=exp.NEQ(this=least, expression=most), true=call("ERROR", exp.Literal.string(message))
    )
    value = exp.AnyValue(this=column.copy())
    only = exp.Case(ifs=[several], default=value)
    for node in (least, most, value, only):
        set_kind(node, kind_of(column))
    only.meta["done"] = True
    only.meta["name"] = name
    return only


def _check_aggregate(resolved: Resolved, aggregate: exp.AggFunc, own: frozenset[str]) -> None:
    """See that an aggregate is of this query: SQL counts one of outer columns alone to the query around."""
    inside = {alias for query in aggregate.find_all(exp.Select) for alias in query.meta["aliases"]}
    tables = [column.args["table"].name for column in aggregate.find_all(exp.Column)]
    outside = [table not in own for table in tables if table not in inside]
    name = aggregate_name(aggregate)
    if any(outside) and inside:
        raise resolved.error(
            aggregate, f"{name} with a subquery inside cannot be worked out here: put the subquery into FROM"
        )
    if outside and all(outside):
        raise resolved.error(
            aggregate,
            f"{name} takes columns of its own query here, and this has only those of the query around",
        )


def _ungrouped(place: exp.Expr, grouped: list[exp.Expr], own: frozenset[str]) -> list[exp.Column]:
    """Return the query's own columns below a node that are outside aggregates and outside grouped values.

    Those that a subquery takes from this query have to be grouped as well.
    """

    def settled(inner: exp.Expr) -> bool:
        return (isinstance(inner, exp.AggFunc) and not _of_subquery(inner, place)) or inner in grouped

    return [
        inner
        for inner in place.walk(prune=settled)
        if isinstance(inner, exp.Column) and inner not in grouped and inner.args["table"].name in own
    ]


def _of_subquery(node: exp.Expr, place: exp.Expr) -> bool:
    """Tell whether a query below ``place`` stands around a node."""
    parent = node.parent
    while parent is not None and parent is not place.parent:
        if isinstance(parent, exp.Query):
            return True
        parent = parent.parent
    return False


def _keyed(resolved: Resolved, grouped: list[exp.Expr]) -> set[str]:
    """Return the aliases of tables whose whole primary key is grouped by."""
    names: dict[str, set[str]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for value in grouped:
        reference = resolved.reference(value)
        if reference is None or reference.relation.source is None:
            continue
        alias = reference.relation.alias
        names.setdefault(alias, set()).add(reference.field.column.name)
        keys[alias] = reference.relation.source.table.primary_key
    return {alias for alias, key in keys.items() if key and set(key) <= names[alias]}
