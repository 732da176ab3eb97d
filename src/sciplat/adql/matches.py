"""Joins by position: each row meets its neighbours on the sky, never every row of the other table.

The sky is cut into zones of declination, and each zone into cells of right ascension that are about
as wide as the zone is high. A row of one table is repeated for each cell that its circle touches, a
row of the other lies in one cell, and the engine joins on equal cells. The exact test stays beside
it, and since no row lies in two cells, no pair is found twice.

Where one of the tables is cut to a constant region, so is the other, to a slightly larger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import all_of, constant, strip
from sciplat.adql.constructors import read_shape
from sciplat.adql.grid import aliased, column, derived, repeated, same_cell
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

_ROW = "_match_row"


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
    settled: set[str] = set()
    """Tables whose rows are repeated already, or must not be."""
    # Tests move as tables are rewritten, so all are read before.
    regions = _regions(resolved, select)
    matches = list(_matches(resolved, select, own))
    for match in [match for match in matches if _keeps_rows(match)]:
        if _match_first(resolved, select, match, regions, settled):
            matches.remove(match)
    for match in matches:
        near = _near(resolved, match, regions)
        alias = _smaller(resolved, match, regions, _allowed(select, match) - settled)
        tests = list(near)
        if alias is not None:
            settled.add(alias)
            place = _place(select, alias)
            conditions = _own_conditions(select, joins, alias)
            rows = repeated(place.this.copy(), alias, match.point(alias), match.radius, conditions)
            place.set("this", rows)
            tests += same_cell(alias, match.point(match.other(alias)), match.radius)
        if tests:
            match.node.replace(_marked(match, tests, cells=alias is not None))


def _marked(match: _Match, tests: list[exp.Expr], *, cells: bool) -> exp.Expr:
    """Return the test of a match with others before it, and what an estimate has to know of it."""
    found = all_of(*tests, match.node.copy())
    if cells:
        found.meta["near"] = (*((name, HEALPIX_COLUMN) for name in match.aliases), match.radius)
    return found


def _place(select: exp.Select, alias: str) -> exp.Expr:
    places = [select.args["from_"], *select.args["joins"]]
    found: exp.Expr = next(place for place in places if _name(place.this) == alias)
    return found


# -- LEFT JOIN ---------------------------------------------------------------------------------------


def _keeps_rows(match: _Match) -> bool:
    return match.join is not None and match.join.args.get("side") == "LEFT"


def _match_first(
    resolved: Resolved,
    select: exp.Select,
    match: _Match,
    regions: list[tuple[PointShape, Circle]],
    settled: set[str],
) -> bool:
    """Let ``a LEFT JOIN b`` find its pairs as JOIN does, and then join these to the rows of a.

    Only b's rows could be repeated otherwise: a copy of one of a's that finds nothing would stay.
    False where that is better, or a has no numbers for its rows.
    """
    join = match.join
    assert join is not None
    right = _name(join.this)
    if right not in match.aliases or not isinstance(join.this, exp.Table):
        return False
    left = match.other(right)
    if left in settled or _smaller(resolved, match, regions, {left, right}) != left:
        return False
    place = next(
        (each for each in (select.args["from_"], *select.args["joins"]) if _name(each.this) == left), None
    )
    if place is None or not isinstance(place.this, exp.Table) or not _has_row_numbers(resolved, left):
        return False
    condition = join.args["on"]
    there = {_table(node) for node in condition.find_all(exp.Column)}
    if not there <= {left, right} or condition.find(exp.Query) is not None:
        return False
    point = match.point(left)
    numbered = aliased(column(left, "rowid"), _ROW)
    tests = _copied_conditions(select, left)
    rows = repeated(place.this.copy(), left, point, match.radius, tests, numbered)
    match.node.replace(
        _marked(
            match,
            [*_near(resolved, match, regions), *same_cell(left, match.point(right), match.radius)],
            cells=True,
        )
    )
    pairs = exp.Select(
        expressions=[exp.Column(this=exp.Star(), table=quoted(right)), column(left, _ROW)],
        from_=exp.From(this=rows),
        joins=[exp.Join(this=join.this.copy(), on=join.args["on"].copy())],
    )
    join.set("this", derived(pairs, right))
    join.set("on", exp.EQ(this=column(left, "rowid"), expression=column(right, _ROW)))
    settled.add(left)
    return True


def _table(node: exp.Column) -> str | None:
    table = node.args.get("table")
    return None if table is None else str(table.name)


def _has_row_numbers(resolved: Resolved, alias: str) -> bool:
    for relation in resolved.relations:
        if relation.alias == alias and relation.source is not None:
            names = {each.name.casefold() for each in relation.source.table.columns}
            return relation.source.only is None and "rowid" not in names
    return False


def _copied_conditions(select: exp.Select, alias: str) -> list[exp.Expr]:
    """Return copies of the tests of one table alone in WHERE, if none of its rows can be missing there."""
    if any(join.args.get("side") and _name(join.this) == alias for join in select.args["joins"]):
        return []
    where = select.args.get("where")
    return [
        exp.Paren(this=test.copy())
        for test in _conjuncts(where.this if where is not None else None)
        if test.find(exp.Query) is None and {_table(node) for node in test.find_all(exp.Column)} == {alias}
    ]


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


# -- which rows are repeated ------------------------------------------------------------------------


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
