"""Cells of the sky that two tables share: zones of declination, cut into cells as wide as they are high."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlglot import exp

from sciplat.adql.build import add, all_of, call, copy, multiply, number, subtract
from sciplat.adql.scope import quoted
from sciplat.adql.shapes import PointShape

__all__ = ["Grid", "aliased", "column", "derived", "repeated", "same_cell"]

SMALLEST_CELL = 2 / 3600
"""Degrees; smaller cells would only be emptier."""

_ZONE, _CELL = "_match_zone", "_match_cell"


def repeated(
    rows: exp.Expr, alias: str, point: PointShape, radius: float, tests: Sequence[exp.Expr], *more: exp.Expr
) -> exp.Subquery:
    """Return a table whose rows come again for every cell within their circle.

    Parameters
    ----------
    rows, alias, point
        The table, what it is called, and the position of a row.
    radius
        In degrees.
    tests
        Which rows are taken.
    more
        Columns beside those of the table.
    """
    grid = Grid(radius)
    by_zone = exp.Select(
        expressions=[exp.Star(), *more, aliased(grid.zones(point), _ZONE)], from_=exp.From(this=rows)
    )
    if tests:
        by_zone.set("where", exp.Where(this=all_of(*tests)))
    by_cell = exp.Select(
        expressions=[exp.Star(), aliased(grid.cells(point, column(alias, _ZONE)), _CELL)],
        from_=exp.From(this=derived(by_zone, alias)),
    )
    return derived(by_cell, alias)


def same_cell(alias: str, other: PointShape, radius: float) -> list[exp.Expr]:
    """Return tests that a row of another table lies in the cell of a copy of a repeated one, ``alias``."""
    grid = Grid(radius)
    zone, cell = column(alias, _ZONE), column(alias, _CELL)
    return [
        exp.EQ(this=zone, expression=grid.zone(copy(other.dec))),
        exp.EQ(this=grid.wrapped(cell, zone.copy()), expression=grid.cell(other)),
    ]


def column(alias: str, name: str) -> exp.Column:
    """Return the node that means one column."""
    return exp.Column(this=quoted(name), table=quoted(alias))


def aliased(node: exp.Expr, name: str) -> exp.Alias:
    """Return a value under a name."""
    return exp.Alias(this=node, alias=quoted(name))


def derived(query: exp.Select, alias: str) -> exp.Subquery:
    """Return a query as a table."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=quoted(alias)))


class Grid:
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
