"""What the columns of a result mean: names, units and what can be said without running the query."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.kinds import Kind, kind_of
from sciplat.adql.resolved import Resolved
from sciplat.adql.signatures import SAME
from sciplat.vo.schema import Column, Datatype

__all__ = ["describe", "unique"]

_XTYPES = {Kind.POINT: ("point", "2"), Kind.CIRCLE: ("circle", "3"), Kind.POLYGON: ("polygon", "*")}


def describe(resolved: Resolved, node: exp.Expr, alias: str, place: int) -> Column:
    """Describe the column that a value becomes in the result.

    Parameters
    ----------
    resolved
        The query, and what the columns in it are.
    node
        The value.
    alias
        Its name if the query gives one, else an empty text.
    place
        Which column it is, counted from 1.
    """
    reference = resolved.reference(node)
    if reference is not None:
        return replace(reference.field.column, name=alias or reference.field.column.name, hidden=False)
    inner = node.this if isinstance(node, exp.Min | exp.Max) else None
    extreme = resolved.reference(inner) if inner is not None else None
    name = alias or _name(node, place)
    if extreme is not None:
        found = extreme.field.column
        return Column(
            name,
            found.datatype,
            found.arraysize,
            found.xtype,
            found.unit,
            found.ucd,
            description=found.description,
        )
    kind = kind_of(node)
    if kind in _XTYPES:
        xtype, size = _XTYPES[kind]
        return Column(name, Datatype.DOUBLE, size, xtype, "deg")
    unit, ucd = _unit(resolved, node)
    return Column(name, unit=unit, ucd=ucd)


def _name(node: exp.Expr, place: int) -> str:
    declared: str | None = node.meta_get("name")
    if declared is not None:
        return declared
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower() if node.name.isupper() else node.name
    if isinstance(node, exp.AggFunc):
        return node.key.lower()
    return f"col_{place}"


def _unit(resolved: Resolved, node: exp.Expr) -> tuple[str | None, str | None]:
    """Return the unit and UCD of a value where they are plain to see."""
    reference = resolved.reference(node)
    if reference is not None:
        return reference.field.column.unit, reference.field.column.ucd
    match node:
        case exp.Count():
            return None, "meta.number"
        case exp.Paren() | exp.Neg() | exp.Avg() | exp.Sum() | exp.Min() | exp.Max():
            return _unit(resolved, node.this)[0], None
        case exp.Add() | exp.Sub():
            left, right = _unit(resolved, node.this)[0], _unit(resolved, node.expression)[0]
            return (left if left == right else None), None
        case exp.Anonymous() | exp.AnonymousAggFunc():
            function = FUNCTIONS[node.name.upper()]
            same = function.unit == SAME
            return (_unit(resolved, node.expressions[0])[0] if same else function.unit), function.ucd
        case _:
            return None, None


def unique(names: list[str]) -> list[str]:
    """Return names of which no two are alike, whatever the case: the later ones get a number."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    result = []
    for name in names:
        new, count = name, 1
        while new.casefold() in seen or (count > 1 and new.casefold() in taken):
            count += 1
            new = f"{name}_{count}"
        seen.add(new.casefold())
        result.append(new)
    return result
