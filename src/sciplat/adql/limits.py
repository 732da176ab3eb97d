"""What conditions say of single columns: the only values that can pass.

Conditions are read as the engine gets them. What is not understood limits nothing, so the truth is
always a part of what is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from sqlglot import exp

from sciplat.adql.build import strip

__all__ = ["Link", "Place", "Tests", "Values", "conjuncts", "read_tests"]

Interval = tuple[float, float]
"""First and last value, both included; whole numbers stay whole, because cells and ids need all digits."""

Place = tuple[str, str]
"""A table's alias, and the name of a column."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that a column may have: in one of these intervals, or one of these texts."""

    intervals: tuple[Interval, ...] = ()
    texts: tuple[str, ...] = ()

    @classmethod
    def any_of(cls, each: Iterable[Values]) -> Values:
        """Return the values of all."""
        intervals: list[Interval] = []
        texts: dict[str, None] = {}
        for values in each:
            intervals += values.intervals
            texts.update(dict.fromkeys(values.texts))
        joined: list[Interval] = []
        for low, high in sorted(intervals):
            if joined and low <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        return cls(tuple(joined), tuple(texts))

    def __and__(self, other: Values) -> Values:
        """Return the values that both have."""
        return Values(
            tuple(
                (max(a, c), min(b, d))
                for a, b in self.intervals
                for c, d in other.intervals
                if max(a, c) <= min(b, d)
            ),
            tuple(text for text in self.texts if text in other.texts),
        )


Limits = Mapping[Place, Values]


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of two tables that belong together: by equal values, or by position where there is a radius."""

    one: Place
    other: Place
    radius: float | None = None
    """Degrees."""


@dataclass(slots=True)
class Tests:
    """What the conditions of one SELECT say together."""

    limits: dict[Place, Values] = field(default_factory=dict)
    fill: dict[str, float] = field(default_factory=dict)
    """By alias: the part of the wanted cells that the wanted regions fill."""

    links: list[Link] = field(default_factory=list)
    others: dict[frozenset[str], int] = field(default_factory=dict)
    """How many more conditions there are, by the aliases that they look at."""

    never: bool = False
    """One of them holds for no row."""

    def of(self, alias: str) -> dict[str, Values]:
        """Return the limits on the columns of one table."""
        return {name: values for (table, name), values in self.limits.items() if table == alias}


def conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield the tests that must all hold for a condition to hold, a region's in one piece."""
    stack = [node]
    while stack:
        inner = stack.pop()
        if inner is None:
            continue
        if inner.meta_get("fill") is not None or inner.meta_get("near") is not None:
            yield inner
        elif isinstance(inner, exp.And):
            stack += [inner.expression, inner.this]
        elif isinstance(inner, exp.Paren):
            stack.append(inner.this)
        else:
            yield inner


def read_tests(tests: Iterable[exp.Expr], sole: str | None) -> Tests:
    """Read conditions that must all hold; ``sole`` is the table of columns that are written without one."""
    found = Tests()
    for test in tests:
        near: tuple[Place, Place, float] | None = test.meta_get("near")
        if near is not None:
            found.links.append(Link(*near))
            for part in conjuncts(_without(test)):
                _take(found, _limits(part, sole))
            continue
        if isinstance(test, exp.Boolean) and not test.this:
            found.never = True
            continue
        link = _link(test, sole)
        if link is not None:
            found.links.append(link)
            continue
        limits = _limits(test, sole)
        if limits:
            _take(found, limits)
            for alias, fill in _fills(test).items():
                found.fill[alias] = min(fill, found.fill.get(alias, 1.0))
        else:
            aliases = frozenset(
                table if (table := column.text("table")) else (sole or "") for column in _columns(test)
            )
            found.others[aliases] = found.others.get(aliases, 0) + 1
    return found


def _take(found: Tests, limits: Limits) -> None:
    for place, values in limits.items():
        known = found.limits.get(place)
        found.limits[place] = values if known is None else known & values


def _without(node: exp.Expr) -> exp.Expr:
    """Return what stands in a marked condition."""
    inner: exp.Expr = node.this
    return inner


def _columns(node: exp.Expr) -> Iterator[exp.Column]:
    for inner in node.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(inner, exp.Column):
            yield inner


def _operands(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield what is joined by OR."""
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, exp.Or):
            stack += [inner.expression, inner.this]
        else:
            yield inner


def _fills(node: exp.Expr) -> dict[str, float]:
    """Return how far the regions in a condition fill their cells; the fullest of several that are ORed."""
    found: dict[str, float] = {}
    stack = [node]
    while stack:
        inner = stack.pop()
        fill: tuple[str, float] | None = inner.meta_get("fill")
        if fill is not None:
            found[fill[0]] = max(fill[1], found.get(fill[0], 0.0))
        elif isinstance(inner, exp.Or | exp.And):
            stack += [inner.expression, inner.this]
        elif isinstance(inner, exp.Paren):
            stack.append(inner.this)
    return found


def _limits(node: exp.Expr, sole: str | None) -> Limits:
    """Return what one condition says of single columns."""
    cells: tuple[Place, Values] | None = node.meta_get("cells")
    if cells is not None:
        return dict([cells])
    if node.meta_get("fill") is not None:  # cells and the exact test, which says nothing of columns
        return _limits(node.this.this, sole)
    match node:
        case exp.Paren():
            return _limits(node.this, sole)
        case exp.And():
            one, other = _limits(node.this, sole), _limits(node.expression, sole)
            both = {place: one[place] & other[place] for place in one.keys() & other.keys()}
            return {**one, **other, **both}
        case exp.Or():
            each = [_limits(operand, sole) for operand in _operands(node)]
            places = set(each[0])
            for limits in each[1:]:
                places &= limits.keys()
            return {place: Values.any_of(limits[place] for limits in each) for place in places}
        case exp.Between():
            place, low, high = _place(node.this, sole), _value(node.args["low"]), _value(node.args["high"])
            if place is not None and isinstance(low, int | float) and isinstance(high, int | float):
                return {place: Values(((low, high),) if low <= high else ())}
        case exp.In():
            return _one_of(node, sole)
        case exp.EQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _compared(node, sole)
        case _:
            pass
    return {}


def _one_of(node: exp.In, sole: str | None) -> Limits:
    place = _place(node.this, sole)
    values = [_value(value) for value in node.expressions]
    if place is None or not values or None in values:
        return {}
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = sorted({value for value in values if isinstance(value, int | float)})
    return {place: Values(tuple((value, value) for value in numbers), texts)}


def _compared(node: exp.Binary, sole: str | None) -> Limits:
    kind = type(node)
    place, value = _place(node.this, sole), _value(node.expression)
    if place is None or value is None:
        place, value = _place(node.expression, sole), _value(node.this)
        kind = {exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.GTE: exp.LTE}.get(kind, kind)
    if place is None or value is None:
        return {}
    if isinstance(value, str):
        return {place: Values(texts=(value,))} if kind is exp.EQ else {}
    low = value if kind in (exp.EQ, exp.GT, exp.GTE) else -inf
    high = value if kind in (exp.EQ, exp.LT, exp.LTE) else inf
    return {place: Values(((low, high),))}


def _link(node: exp.Expr, sole: str | None) -> Link | None:
    if not isinstance(node, exp.EQ):
        return None
    one, other = _place(node.this, sole), _place(node.expression, sole)
    return Link(one, other) if one and other and one[0] != other[0] else None


def _place(node: exp.Expr, sole: str | None) -> Place | None:
    """Return the column that a value is, as it is or converted."""
    node = strip(node)
    while isinstance(node, exp.Cast):
        node = strip(node.this)
    if not isinstance(node, exp.Column):
        return None
    alias = node.text("table") or sole
    return None if alias is None else (alias, node.name)


def _value(node: exp.Expr) -> float | str | None:
    """Return the number or text that is written out."""
    node = strip(node)
    if isinstance(node, exp.Neg):
        value = _value(node.this)
        return -value if isinstance(value, int | float) else None
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return node.name
    try:
        return int(node.name) if node.name.isdecimal() else float(node.name)
    except ValueError:
        return None
