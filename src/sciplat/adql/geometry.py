"""Geometry: the geometric functions of ADQL 2.1 become tests and values that the engine can work out.

A test of a table's own positions against a constant region also picks cells of ``_healpix_29``, by
which the table is sorted; the exact test stands beside it, so the two together are always the
same truth as the exact test alone, wherever they stand.
"""

from __future__ import annotations

import math

from sqlglot import exp

from sciplat.adql.build import call, constant, copy, multiply, number, real, strip
from sciplat.adql.cells import cell_of
from sciplat.adql.constructors import read_order, read_shape, star
from sciplat.adql.conversion import as_number
from sciplat.adql.coverage import moc_area
from sciplat.adql.kinds import kind_of, set_kind
from sciplat.adql.motion import moved_whole
from sciplat.adql.outlines import area
from sciplat.adql.regions import contains, healpix_column, intersects, ranged
from sciplat.adql.resolved import Resolved
from sciplat.adql.shapes import CircleShape, MocShape, PointShape, PolygonShape, at_most
from sciplat.adql.spherical import angle, within
from sciplat.adql.tokens import words
from sciplat.adql.tree import nodes
from sciplat.sky.healpix import ORDER
from sciplat.sky.region import Circle

__all__ = ["geometry"]

_REVERSED: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.LT: exp.GT,
    exp.GT: exp.LT,
    exp.LTE: exp.GTE,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
}
_TESTS = {"CONTAINS": contains, "INTERSECTS": intersects}


def geometry(resolved: Resolved) -> None:
    """Rewrite every geometric function of a tree."""
    # Comparisons first: `1 = CONTAINS(...)` is the test itself, and needs no number between.
    for node in nodes(resolved.tree):
        if type(node) in _REVERSED:
            _comparison(resolved, node)
    for node in reversed(nodes(resolved.tree)):
        if isinstance(node, exp.Anonymous) and not node.meta_get("done"):
            _value(resolved, node)


def _comparison(resolved: Resolved, node: exp.Expr) -> None:
    for key, other, kind in (
        ("this", "expression", type(node)),
        ("expression", "this", _REVERSED[type(node)]),
    ):
        function = strip(node.args[key])
        if not isinstance(function, exp.Anonymous):
            continue
        value = constant(node.args[other])
        if value is None:
            continue
        if function.name in _TESTS and kind in (exp.EQ, exp.NEQ) and value in (0, 1):
            test = _TESTS[function.name](resolved, function)
            positive = (value == 1) == (kind is exp.EQ)
            node.replace(
                exp.Paren(this=test) if positive else exp.Paren(this=exp.Not(this=exp.Paren(this=test)))
            )
            return
        if function.name == "DISTANCE":
            near = _distance_test(resolved, function, kind, value)
            if near is not None:
                node.replace(near)
            return


def _distance_test(
    resolved: Resolved, function: exp.Anonymous, kind: type[exp.Expr], limit: float
) -> exp.Expr | None:
    """Return the test that a distance is smaller or larger than a constant, or None for = and <>."""
    a, b = _ends(resolved, function)
    if kind not in (exp.LT, exp.LTE, exp.GT, exp.GTE):
        return None
    if limit < 0:
        # A distance is never negative; NULL positions still give NULL.
        return None
    near = within(a, b, number(limit), limit)
    assert isinstance(near, exp.Binary)
    test: exp.Expr = kind(this=near.this, expression=near.expression)
    if kind in (exp.LT, exp.LTE):
        for moving, still in ((a, b), (b, a)):
            if still.fixed is not None:
                test = ranged(resolved, moving, Circle(still.fixed, limit), test)
    return exp.Paren(this=test)


def _ends(resolved: Resolved, function: exp.Anonymous) -> tuple[PointShape, PointShape]:
    arguments = function.expressions
    if len(arguments) == 4:
        arguments = [
            exp.Anonymous(this="POINT", expressions=[arguments[0].copy(), arguments[1].copy()]),
            exp.Anonymous(this="POINT", expressions=[arguments[2].copy(), arguments[3].copy()]),
        ]
    ends = []
    for argument in arguments:
        shape = read_shape(resolved, argument)
        if not isinstance(shape, PointShape):
            raise resolved.error(argument, "DISTANCE is between two points; CENTROID(region) is a point")
        ends.append(shape)
    return ends[0], ends[1]


def _value(resolved: Resolved, node: exp.Anonymous) -> None:
    """Rewrite a geometric function that stands as a value."""
    new = _as_value(resolved, node)
    if new is not None:
        if isinstance(new, exp.Literal) and isinstance(_outside(node), exp.Ordered):
            raise resolved.error(
                node, "This is the same for all rows: order by a column, or by its number from 1 on"
            )
        set_kind(new, kind_of(node))
        node.replace(new)


def _outside(node: exp.Expr) -> exp.Expr | None:
    """Return what a value stands in, but for parentheses."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def _as_value(resolved: Resolved, node: exp.Anonymous) -> exp.Expr | None:
    match node.name:
        case "CONTAINS" | "INTERSECTS":
            test = _TESTS[node.name](resolved, node)
            new = exp.Cast(this=exp.Paren(this=test), to=exp.DataType(this=exp.DType.INT))
            new.meta["done"] = True
            return new
        case "DISTANCE":
            return angle(*_ends(resolved, node))
        case "ivo_epoch_prop":
            return moved_whole(star(resolved, node))
        case _ if node.name in _SHAPES:
            if _is_argument(node):
                return None
            return _array(resolved, node)
        case "COORD1" | "COORD2":
            shape = read_shape(resolved, node.expressions[0])
            if not isinstance(shape, PointShape):
                raise resolved.error(node, f"{node.name} takes a point; CENTROID(region) is a point")
            return exp.Paren(this=(shape.ra if node.name == "COORD1" else shape.dec).copy())
        case "AREA":
            return _area(resolved, node)
        case "COORDSYS":
            read_shape(resolved, node.expressions[0])
            return exp.Literal.string("ICRS")
        case "ivo_healpix_index":
            return _healpix_index(resolved, node)
        case _:
            return None


_SHAPES = words(
    "POINT CIRCLE BOX POLYGON CENTROID MOC ivo_epoch_prop_pos ivo_geom_transform ivo_healpix_center"
)
_TAKES_SHAPES = _SHAPES | words("CONTAINS INTERSECTS DISTANCE AREA COORD1 COORD2 COORDSYS ivo_healpix_index")


def _is_argument(node: exp.Expr) -> bool:
    """Tell whether a region is read by the function around it, and so is no value of its own."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return isinstance(parent, exp.Anonymous) and parent.name in _TAKES_SHAPES


def _array(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    shape = read_shape(resolved, node)
    match shape:
        case PointShape():
            return call("ARRAY_VALUE", _double(shape.ra), _double(shape.dec))
        case CircleShape():
            return call(
                "ARRAY_VALUE", _double(shape.centre.ra), _double(shape.centre.dec), _double(shape.radius)
            )
        case PolygonShape():
            return shape.outline.copy()
        case MocShape():
            assert shape.fixed is not None
            return exp.Literal.string(shape.fixed.text)


def _double(node: exp.Expr) -> exp.Expr:
    value = constant(node)
    return number(value) if value is not None else real(node.copy())


def _area(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    shape = read_shape(resolved, node.expressions[0])
    match shape:
        case PointShape():
            return number(0.0)
        case CircleShape() if shape.fixed is not None:
            return number(shape.fixed.area)
        case CircleShape():
            # 2 pi (1 - cos r) steradians; the half-angle form keeps small circles precise.
            half = multiply(number(math.radians(0.5)), at_most(shape.radius, 180.0))
            square = call("POW", call("SIN", half), exp.Literal.number(2))
            return exp.Paren(this=multiply(number(4 * math.pi * math.degrees(1) ** 2), square))
        case PolygonShape() if shape.fixed is not None:
            return number(shape.fixed.area)
        case PolygonShape():
            return area(shape.outline)
        case MocShape() if shape.fixed is not None:
            return number(shape.fixed.area)
        case MocShape():
            assert shape.node is not None
            return moc_area(shape.node)


def _healpix_index(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    order, *place = node.expressions
    if len(place) == 2:
        ra, dec = (real(copy(as_number(resolved, value))) for value in place)
        point = PointShape(ra, dec, None)
    else:
        read = read_shape(resolved, place[0])
        if not isinstance(read, PointShape):
            raise resolved.error(place[0], "A point is needed here")
        point = read
    number_of_order = read_order(resolved, order)
    column = healpix_column(resolved, point)
    if column is None:
        return cell_of(number_of_order, point)
    shift = exp.Literal.number(2 * (ORDER - number_of_order))
    return exp.Paren(this=exp.BitwiseRightShift(this=column, expression=shift))
