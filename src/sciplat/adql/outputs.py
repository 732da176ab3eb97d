"""What the columns of a result mean: names, units and what can be said without running the query."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sciplat.adql.kinds import Kind, kind_of
from sciplat.adql.resolved import Resolved
from sciplat.adql.units import meaning_of
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
    name = alias or _name(node, place)
    extreme = resolved.reference(node.this) if isinstance(node, exp.Min | exp.Max) else None
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
    if isinstance(node, exp.Anonymous) and node.name == "MOC":
        return Column(name, Datatype.CHAR, "*", "moc")
    meaning = meaning_of(resolved, node)
    return Column(name, unit=meaning.unit or None, ucd=meaning.ucd, description=meaning.description)


def _name(node: exp.Expr, place: int) -> str:
    declared: str | None = node.meta_get("name")
    if declared is not None:
        return declared
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower() if node.name.isupper() else node.name
    if isinstance(node, exp.AggFunc):
        return node.key.lower()
    return f"col_{place}"


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
