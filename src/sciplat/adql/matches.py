"""Joins by position: each row meets its neighbours on the sky, never every row of the other table.

The sky is cut into zones of declination, and each zone into cells of right ascension that are about
as wide as the zone is high. A row of one table is repeated for each cell that its circle touches, a
row of the other lies in one cell, and the engine joins on equal cells. The exact test stays beside
it, and since no row lies in two cells, no pair is found twice.

Where one of the tables is cut to a constant region, so is the other, to a slightly larger one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import add, all_of, call, constant, copy, multiply, number, strip, subtract
from sciplat.adql.constructors import read_shape
from sciplat.adql.regions import healpix_column
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import quoted
from sciplat.adql.shapes import CircleShape, PointShape, PolygonShape
from sciplat.adql.spherical import ranges_test
from sciplat.sky.healpix import cover
from sciplat.sky.region import Circle
from sciplat.vo.schema import HEALPIX_COLUMN

__all__ = ["positional_joins"]

LARGEST_RADIUS = 5.0
"""Degrees; beyond it cells are so large that they spare little."""

SMALLEST_CELL = 2 / 3600
"""Degrees; smaller cells would only be emptier."""

_ZONE, _CELL = "_match_zone", "_match_cell"


@dataclass(frozen=True, slots=True)
class _Match:
    """A test that a point of one table lies near a point of another."""

    node: exp.Expr
    a: PointShape
    b: PointShape
    radius: float
    aliases: tuple[str, str]
    join: exp.Join | None
    """The join whose ON holds the test; None for WHERE."""

    def point(self, alias: str) -> PointShape:
        """Return the point that belongs to one of the two tables."""
        return self.a if alias == self.aliases[0] else self.b

    def other(self, alias: str) -> str:
        """Return the other table of the two."""
        return self.aliases[1] if alias == self.aliases[0] else self.aliases[0]


def positional_joins(resolved: Resolved) -> None:
    """Let each join by position go through cells."""
    for select in list(resolved.tree.find_all(exp.Select)):
        if select.args.get("joins"):
            _rewrite(resolved, select)


def _rewrite(resolved: Resolved, select: exp.Select) -> None:
    joins: list[exp.Join] = select.args["joins"]
    own: frozenset[str] = select.meta["aliases"]
    expanded: set[str] = set()
    # Tests move as tables are rewritten, so all are read before.
    regions = _regions(resolved, select)
    for match in list(_matches(resolved, select, own)):
        near = _near(resolved, match, regions)
        alias = _smaller(resolved, match, regions, _allowed(select, match) - expanded)
        tests = list(near)
        if alias is not None:
            expanded.add(alias)
            _expand(select, match, alias, _own_conditions(select, joins, alias))
            tests += _same_cell(match, alias)
        if tests:
            found = all_of(*tests, match.node.copy())
            if alias is not None:
                found.meta["near"] = (*((name, HEALPIX_COLUMN) for name in match.aliases), match.radius)
            match.node.replace(found)


# -- finding -----------------------------------------------------------------------------------------


def _conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """Return the tests that must all hold for a condition to hold."""
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, exp.And):
            stack += [inner.expression, inner.this]
        elif isinstance(inner, exp.Paren):
            stack.append(inner.this)
        elif inner is not None:
            yield inner


def _conditions(select: exp.Select) -> Iterator[tuple[exp.Expr | None, exp.Join | None]]:
    where = select.args.get("where")
    yield (where.this if where is not None else None), None
    for join in select.args.get("joins") or []:
        yield join.args.get("on"), join


def _matches(resolved: Resolved, select: exp.Select, own: frozenset[str]) -> Iterator[_Match]:
    outer = {join.args.get("side") for join in select.args["joins"]} & {"RIGHT", "FULL"}
    for condition, join in _conditions(select):
        side = join.args.get("side") if join is not None else None
        if side in ("RIGHT", "FULL") or (outer and side != "LEFT"):
            continue
        for test in _conjuncts(condition):
            found = _nearness(resolved, test)
            if found is None:
                continue
            a, b, radius = found
            alias_a, alias_b = _alias(a), _alias(b)
            if alias_a in own and alias_b in own and alias_a != alias_b and radius <= LARGEST_RADIUS:
                assert alias_a is not None
                assert alias_b is not None
                yield _Match(test, a, b, radius, (alias_a, alias_b), join)


def _nearness(resolved: Resolved, test: exp.Expr) -> tuple[PointShape, PointShape, float] | None:
    """Return the points and the radius of a test that two points are near each other."""
    for function, value, kind in _sides(test):
        if function.name == "CONTAINS" and value == 1 and kind is exp.EQ:
            inner, outer = (read_shape(resolved, argument) for argument in function.expressions)
            if isinstance(inner, PointShape) and isinstance(outer, CircleShape):
                radius = outer.fixed_radius
                return None if radius is None else (inner, outer.centre, radius)
        if function.name == "DISTANCE" and kind in (exp.LT, exp.LTE) and value >= 0:
            points = _ends(resolved, function)
            return None if points is None else (*points, value)
    return None


def _sides(test: exp.Expr) -> Iterator[tuple[exp.Anonymous, float, type[exp.Expr]]]:
    """Return a function and the constant it is compared with, the function on the left."""
    turned: dict[type[exp.Expr], type[exp.Expr]] = {
        exp.EQ: exp.EQ,
        exp.LT: exp.GT,
        exp.GT: exp.LT,
        exp.LTE: exp.GTE,
        exp.GTE: exp.LTE,
    }
    if type(test) not in turned:
        return
    for one, other, kind in (
        (test.this, test.args["expression"], type(test)),
        (test.args["expression"], test.this, turned[type(test)]),
    ):
        function, value = strip(one), constant(other)
        if isinstance(function, exp.Anonymous) and value is not None:
            yield function, value, kind


def _ends(resolved: Resolved, function: exp.Anonymous) -> tuple[PointShape, PointShape] | None:
    arguments = function.expressions
    if len(arguments) == 4:
        ra, dec, other_ra, other_dec = arguments
        return PointShape(ra, dec, None), PointShape(other_ra, other_dec, None)
    shapes = [read_shape(resolved, argument) for argument in arguments]
    first, second = shapes
    if isinstance(first, PointShape) and isinstance(second, PointShape):
        return first, second
    return None


def _alias(point: PointShape) -> str | None:
    """Return the one table whose columns a point is made of."""
    found = {
        column.args["table"].name
        for node in (point.ra, point.dec)
        for column in node.find_all(exp.Column)
        if column.args.get("table") is not None
    }
    return found.pop() if len(found) == 1 else None


# -- constant regions --------------------------------------------------------------------------------


def _regions(resolved: Resolved, select: exp.Select) -> list[tuple[PointShape, Circle]]:
    """Return the points that a query cuts to a constant region, and a circle around each region."""
    found = []
    for condition, join in _conditions(select):
        if join is not None and join.args.get("side"):
            continue
        for test in _conjuncts(condition):
            cut = _constant_region(resolved, test)
            if cut is not None:
                found.append(cut)
    return found


def _constant_region(resolved: Resolved, test: exp.Expr) -> tuple[PointShape, Circle] | None:
    near = _nearness(resolved, test)
    if near is not None:
        a, b, radius = near
        for moving, still in ((a, b), (b, a)):
            if still.fixed is not None and moving.fixed is None:
                return moving, Circle(still.fixed, radius)
    for function, value, kind in _sides(test):
        if function.name == "CONTAINS" and value == 1 and kind is exp.EQ:
            inner, outer = (read_shape(resolved, argument) for argument in function.expressions)
            polygon = outer.fixed if isinstance(outer, PolygonShape) else None
            if isinstance(inner, PointShape) and polygon is not None:
                return inner, polygon.circle_around
    return None


def _near(resolved: Resolved, match: _Match, regions: list[tuple[PointShape, Circle]]) -> Iterator[exp.Expr]:
    """Return tests by ranges of cells: who is near a row in a region is in a larger region."""
    for alias in match.aliases:
        here, there = match.point(alias), match.point(match.other(alias))
        column = healpix_column(resolved, there)
        if column is None:
            continue
        for point, circle in regions:
            if strip(point.ra) == strip(here.ra) and strip(point.dec) == strip(here.dec):
                larger = Circle(circle.centre, circle.radius + match.radius * (1 + 1e-9) + 1e-9)
                yield ranges_test(column, cover(larger))
                break


# -- cells -------------------------------------------------------------------------------------------


def _allowed(select: exp.Select, match: _Match) -> set[str]:
    """Return the tables whose rows may be repeated: each copy must meet this test or vanish."""
    direct = {_name(select.args["from_"].this), *(_name(join.this) for join in select.args["joins"])}
    if match.join is not None and match.join.args.get("side") == "LEFT":
        direct &= {_name(match.join.this)}
    return direct & set(match.aliases)


def _name(node: exp.Expr) -> str:
    return str(node.alias)


def _smaller(
    resolved: Resolved, match: _Match, regions: list[tuple[PointShape, Circle]], allowed: set[str]
) -> str | None:
    rows = {relation.alias: relation.source for relation in resolved.relations}

    def size(alias: str) -> float:
        source = rows.get(alias)
        count = float(source.table.rows or 1_000_000) if source is not None else 1000.0
        here = match.point(alias)
        for point, circle in regions:
            if strip(point.ra) == strip(here.ra) and strip(point.dec) == strip(here.dec):
                count *= min(1.0, circle.area / 41253)
        return count

    return min(sorted(allowed), key=size, default=None)


def _own_conditions(select: exp.Select, joins: list[exp.Join], alias: str) -> list[exp.Expr]:
    """Take out of WHERE the tests of one table alone, if no row of that table can be missing there."""
    nullable = {_name(join.this) for join in joins if join.args.get("side")}
    where = select.args.get("where")
    if where is None or alias in nullable:
        return []
    own: list[exp.Expr] = []
    rest: list[exp.Expr] = []
    for test in _conjuncts(where.this):
        columns = list(test.find_all(exp.Column))
        alone = columns and all(column.args["table"].name == alias for column in columns)
        simple = test.find(exp.Query) is None
        (own if alone and simple else rest).append(exp.Paren(this=test) if isinstance(test, exp.Or) else test)
    if rest:
        where.set("this", all_of(*rest))
    else:
        select.set("where", None)
    return own


def _expand(select: exp.Select, match: _Match, alias: str, tests: list[exp.Expr]) -> None:
    """Repeat each row of a table for every cell within its circle."""
    places = [select.args["from_"], *select.args["joins"]]
    place = next(place for place in places if _name(place.this) == alias)
    grid = _Grid(match.radius)
    point = match.point(alias)
    rows = place.this.copy()
    by_zone = exp.Select(
        expressions=[exp.Star(), _aliased(grid.zones(point), _ZONE)], from_=exp.From(this=rows)
    )
    if tests:
        by_zone.set("where", exp.Where(this=all_of(*tests)))
    by_cell = exp.Select(
        expressions=[exp.Star(), _aliased(grid.cells(point, _column(alias, _ZONE)), _CELL)],
        from_=exp.From(this=_derived(by_zone, alias)),
    )
    place.set("this", _derived(by_cell, alias))


def _same_cell(match: _Match, alias: str) -> list[exp.Expr]:
    grid = _Grid(match.radius)
    other = match.point(match.other(alias))
    zone, cell = _column(alias, _ZONE), _column(alias, _CELL)
    return [
        exp.EQ(this=zone, expression=grid.zone(copy(other.dec))),
        exp.EQ(this=grid.wrapped(cell, zone.copy()), expression=grid.cell(other)),
    ]


def _column(alias: str, name: str) -> exp.Column:
    return exp.Column(this=quoted(name), table=quoted(alias))


def _aliased(node: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=node, alias=quoted(name))


def _derived(query: exp.Select, alias: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=quoted(alias)))


class _Grid:
    """The cells for one radius, as SQL; both tables must work them out in just the same way."""

    def __init__(self, radius: float) -> None:
        self.height = max(2 * radius, SMALLEST_CELL)
        # Rounding must not lose a neighbour at the very edge.
        self.radius = radius * (1 + 1e-9) + 1e-9

    def zone(self, dec: exp.Expr) -> exp.Expr:
        """Return the zone of a declination."""
        return _whole(multiply(exp.Paren(this=add(dec, number(90.0))), number(1 / self.height)))

    def zones(self, point: PointShape) -> exp.Expr:
        """Return a row for every zone within the radius."""
        first = self.zone(subtract(copy(point.dec), number(self.radius)))
        last = self.zone(add(copy(point.dec), number(self.radius)))
        return call("UNNEST", call("RANGE", first, add(last, exp.Literal.number(1))))

    def count(self, zone: exp.Expr) -> exp.Expr:
        """Return how many cells a zone has."""
        middle = add(
            multiply(exp.Paren(this=add(zone.copy(), number(0.5))), number(self.height)), number(-90.0)
        )
        cosine = call("COS", call("RADIANS", call("LEAST", call("ABS", middle), number(90.0))))
        return call("GREATEST", exp.Literal.number(1), _whole(multiply(cosine, number(360 / self.height))))

    def cell(self, point: PointShape) -> exp.Expr:
        """Return the cell of a position in its zone."""
        turns = multiply(copy(point.ra), number(1 / 360))
        fraction = exp.Paren(this=exp.Sub(this=turns, expression=call("FLOOR", turns.copy())))
        return _whole(multiply(fraction, self.scale(self.zone(copy(point.dec)))))

    def scale(self, zone: exp.Expr) -> exp.Expr:
        """Return the cells in a turn, a little less than there are: rounding must not reach the next turn."""
        return multiply(number(1 - 1e-12), self.count(zone))

    def wrapped(self, place: exp.Expr, zone: exp.Expr) -> exp.Expr:
        """Return the cell at a place that may lie beyond 0 or 360 degrees."""
        count = self.count(zone)
        return call("MOD", add(call("MOD", place, count), count.copy()), count.copy())

    def cells(self, point: PointShape, zone: exp.Expr) -> exp.Expr:
        """Return a row for every cell of a zone within the radius, each once."""
        sine = number(math.sin(math.radians(self.radius)))
        ratio = multiply(sine, call("POW", call("COS", call("RADIANS", copy(point.dec))), number(-1.0)))
        away_from_poles = call("DEGREES", call("ASIN", call("LEAST", number(1.0), ratio)))
        # Near a pole the circle holds every right ascension.
        away = exp.LT(this=call("ABS", copy(point.dec)), expression=number(90 - 2 * self.radius))
        reach = exp.Case(
            ifs=[exp.If(this=away, true=add(away_from_poles, number(1e-9)))], default=number(180.0)
        )
        count = self.count(zone)

        def edge(side: type[exp.Binary]) -> exp.Expr:
            ra = exp.Paren(this=side(this=copy(point.ra), expression=reach.copy()))
            return _whole(multiply(ra, number(1 / 360), self.scale(zone)))

        first = edge(exp.Sub)
        last = call("LEAST", edge(exp.Add), add(first.copy(), count.copy(), exp.Literal.number(-1)))
        return call("UNNEST", call("RANGE", first, add(last, exp.Literal.number(1))))


def _whole(node: exp.Expr) -> exp.Expr:
    """Return a number rounded down; NULL for NaN and whatever fits no integer."""
    new = exp.TryCast(this=call("FLOOR", node), to=exp.DataType(this=exp.DType.BIGINT))
    new.meta["done"] = True
    return new
