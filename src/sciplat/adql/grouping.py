"""GROUP BY: which columns may stand in the result (ADQL 2.1, <group_by_clause>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import aggregates
from sciplat.adql.kinds import kind_of, set_kind
from sciplat.adql.resolved import Resolved

__all__ = ["check_groups"]


def check_groups(resolved: Resolved, node: exp.Select) -> None:
    """See that in a grouped query every column is grouped by, or inside an aggregate.

    A column that follows from a grouped primary key has one value in each group, so it may stand
    alone, as in PostgreSQL; Rubin's notebooks use this.
    """
    group = node.args.get("group")
    grouped: list[exp.Expr] = list(group.expressions) if group is not None else []
    order = node.args.get("order")
    places: list[exp.Expr] = list(node.expressions)
    if node.args.get("having") is not None:
        places.append(node.args["having"])
    if order is not None:
        places += order.expressions
    if group is None and node.args.get("having") is None and not any(aggregates(place) for place in places):
        return
    own: frozenset[str] = node.meta["aliases"]
    keyed = _keyed(resolved, grouped)
    for place in places:
        for column in _ungrouped(place, grouped):
            reference = resolved.reference(column)
            alias = column.args["table"].name
            if alias not in own:
                continue
            if alias in keyed:
                value = exp.AnyValue(this=column.copy())
                set_kind(value, kind_of(column))
                column.replace(value)
                continue
            name = reference.field.column.name if reference is not None else column.name
            raise resolved.error(
                column, f"{name} is neither in GROUP BY nor inside COUNT, MIN, MAX, AVG or SUM"
            )


def _ungrouped(place: exp.Expr, grouped: list[exp.Expr]) -> list[exp.Column]:
    """Return the columns below a node that are outside aggregates and outside grouped values."""

    def settled(inner: exp.Expr) -> bool:
        return isinstance(inner, exp.Query | exp.AggFunc) or inner in grouped

    return [
        inner for inner in place.walk(prune=settled) if isinstance(inner, exp.Column) and inner not in grouped
    ]


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
