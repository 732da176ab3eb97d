"""Distances and tests on the sphere, written out as SQL.

No function of the engine is needed, and constants are worked out beforehand. Angles are degrees.
"""

from __future__ import annotations

import math

from sqlglot import exp

from sciplat.adql.build import add, all_of, any_of, call, copy, multiply, number, real_text, subtract
from sciplat.adql.formula import formula
from sciplat.adql.limits import Values
from sciplat.adql.shapes import PointShape, at_most, fixed_point
from sciplat.sky.position import Vector, cross, separation
from sciplat.sky.region import Circle, Polygon

__all__ = [
    "angle",
    "circle_text",
    "edge_within",
    "haversine",
    "haversine_of",
    "inside_polygon",
    "ranges_test",
    "ranges_text",
    "within",
]  # fmt: skip

_HALF_DEGREE = math.radians(0.5)


def haversine_of(degrees: float) -> float:
    """Return sin² of half an angle; no two directions are more than 180 degrees apart."""
    return math.sin(math.radians(min(degrees, 180.0)) / 2) ** 2


def haversine(a: PointShape, b: PointShape) -> exp.Expr:
    """Return sin² of half the angle between two points, which is precise for small angles."""
    if a.fixed is not None and b.fixed is not None:
        return number(haversine_of(separation(a.fixed, b.fixed)))
    return _haversine(a.known, b.known)


def _haversine(a: PointShape, b: PointShape) -> exp.Expr:
    return add(
        _square_of_half_sine(a.dec, b.dec, a, b, "dec"),
        multiply(_cosine(a), _cosine(b), _square_of_half_sine(a.ra, b.ra, a, b, "ra")),
    )


def _square_of_half_sine(one: exp.Expr, other: exp.Expr, a: PointShape, b: PointShape, name: str) -> exp.Expr:
    first = copy(one) if a.fixed is None else number(getattr(a.fixed, name))
    second = copy(other) if b.fixed is None else number(getattr(b.fixed, name))
    if a.fixed is not None:
        first, second = second, first
    sine = call("SIN", multiply(number(_HALF_DEGREE), subtract(first, second)))
    return call("POW", sine, exp.Literal.number(2))


def _cosine(point: PointShape) -> exp.Expr:
    if point.fixed is not None:
        return number(math.cos(math.radians(point.fixed.dec)))
    return call("COS", call("RADIANS", copy(point.dec)))


def angle(a: PointShape, b: PointShape) -> exp.Expr:
    """Return the angle between two points in degrees."""
    known = [*a.is_known, *b.is_known]
    if not known:
        return call("DEGREES", multiply(number(2.0), call("ASIN", call("SQRT", haversine(a, b)))))
    # Rounding can lift the root above 1 for opposite points; and LEAST takes 1 for a root that is NULL.
    root = call("LEAST", number(1.0), call("SQRT", _haversine(a, b)))
    value = call("DEGREES", multiply(number(2.0), call("ASIN", root)))
    case = exp.Case(ifs=[exp.If(this=all_of(*known), true=value)])
    case.meta["done"] = True
    return exp.Paren(this=case)


def within(a: PointShape, b: PointShape, radius: exp.Expr, fixed_radius: float | None) -> exp.Expr:
    """Return the test that two points are no farther apart than ``radius``."""
    if fixed_radius is not None:
        limit = number(haversine_of(fixed_radius))
    else:
        half = multiply(number(_HALF_DEGREE), at_most(radius, 180.0))
        # The sign is kept: a circle of negative radius is empty.
        limit = multiply(call("SIN", half), call("ABS", call("SIN", half.copy())))
    return exp.LTE(this=haversine(a, b), expression=limit)


def ranges_test(column: exp.Expr, ranges: list[tuple[int, int]]) -> exp.Expr:
    """Return the test that a HEALPix column lies in one of some ranges, sorted and apart."""
    if not ranges:
        return exp.Boolean(this=False)
    test = formula(ranges_text(ranges), cell=column)
    if isinstance(column, exp.Column):
        test.meta["cells"] = (column.text("table"), column.name), Values(tuple(ranges))
    return test


def ranges_text(ranges: list[tuple[int, int]]) -> str:
    """Return the test that ``$cell`` lies in one of some ranges, sorted and apart."""
    tests = [f"$cell BETWEEN {low} AND {high}" for low, high in ranges]
    if len(tests) == 1:
        return f"({tests[0]})"
    # The engine skips parts of a table by the first test, but not by one with OR.
    return f"($cell BETWEEN {ranges[0][0]} AND {ranges[-1][1]} AND ({' OR '.join(tests)}))"


def circle_text(circle: Circle) -> str:
    """Return the test that the position ``$ra``, ``$dec`` lies in a circle, as `within` has it."""
    centre = circle.centre
    half, limit = real_text(_HALF_DEGREE), real_text(haversine_of(circle.radius))
    height = f"POW(SIN({half} * ($dec - {real_text(centre.dec)})), 2)"
    along = f"POW(SIN({half} * ($ra - {real_text(centre.ra)})), 2)"
    cosine = real_text(math.cos(math.radians(centre.dec)))
    return f"{height} + COS(RADIANS($dec)) * {cosine} * {along} <= {limit}"


def inside_polygon(point: PointShape, polygon: Polygon, *, margin: float = 0.0) -> exp.Expr:
    """Return the test that a point lies in a polygon, ``margin`` degrees from its edges or more."""
    point = point.known
    least = math.sin(math.radians(margin))
    parts = [
        all_of(*(exp.GTE(this=_height(point, pole), expression=number(least)) for pole in part))
        for part in polygon.parts
    ]
    return any_of(*parts) if len(parts) > 1 else parts[0]


def _height(point: PointShape, pole: Vector) -> exp.Expr:
    """Return the sine of a point's angle above a great circle."""
    across = call("COS", call("RADIANS", copy(point.dec)))
    return add(
        multiply(number(pole[0]), across, call("COS", call("RADIANS", copy(point.ra)))),
        multiply(number(pole[1]), across.copy(), call("SIN", call("RADIANS", copy(point.ra)))),
        multiply(number(pole[2]), call("SIN", call("RADIANS", copy(point.dec)))),
    )


def edge_within(point: PointShape, polygon: Polygon, radius: float) -> exp.Expr:
    """Return the test that a point lies within ``radius`` degrees of a polygon's edge."""
    point = point.known
    tests: list[exp.Expr] = []
    corners = polygon.corners
    for index, corner in enumerate(corners):
        start, end = corners[index - 1], corner
        tests.append(within(point, fixed_point(end), number(radius), radius))
        pole = cross(start.vector, end.vector)
        length = math.sqrt(sum(value * value for value in pole))
        if length == 0:
            continue
        unit: Vector = (pole[0] / length, pole[1] / length, pole[2] / length)
        # Beside the edge: between the great circles that meet it square at its ends.
        beside = [
            exp.GTE(this=_height(point, cross(unit, start.vector)), expression=number(0.0)),
            exp.GTE(this=_height(point, cross(end.vector, unit)), expression=number(0.0)),
        ]
        limit = number(math.sin(math.radians(min(radius, 90.0))))
        tests.append(all_of(exp.LTE(this=call("ABS", _height(point, unit)), expression=limit), *beside))
    return any_of(*tests)
