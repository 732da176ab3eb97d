"""What the columns of a result mean: names, units and what can be said without running the query."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sciplat.adql.kinds import Kind, common_kind, kind_of
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import Field
from sciplat.adql.units import meaning_of
from sciplat.vo.schema import Column, Datatype
from sciplat.vo.units import same

__all__ = ["describe", "left", "unique", "united"]

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
    counts: dict[str, int] = {}
    result = []
    for name in names:
        new, folded = name, name.casefold()
        count = counts.get(folded, 1)
        while new.casefold() in seen or (count > 1 and new.casefold() in taken):
            count += 1
            new = f"{name}_{count}"
        counts[folded] = count
        seen.add(new.casefold())
        result.append(new)
    return result


def left(one: Field, other: Field) -> Field:
    """Return the column of EXCEPT or INTERSECT: the left one, of a type that holds both."""
    a, b = one.column, other.column
    alike = a.datatype == b.datatype and a.arraysize == b.arraysize
    column = replace(
        a,
        datatype=a.datatype if alike else None,
        arraysize=a.arraysize if alike else None,
        xtype=a.xtype if a.xtype == b.xtype else None,
    )
    return Field(column, one.sql, common_kind({one.kind, other.kind}))


def united(one: Field, other: Field) -> Field:
    """Return the column of UNION: what both queries say of it."""
    both, b = left(one, other), other.column
    a = both.column
    column = replace(
        a,
        unit=a.unit if same(a.unit, b.unit) else None,
        ucd=a.ucd if a.ucd == b.ucd else None,
        utype=a.utype if a.utype == b.utype else None,
    )
    return replace(both, column=column)
