"""CONTAINS and INTERSECTS (ADQL 2.1, <predicate_geometry_function>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import add, all_of, any_of, copy, number, strip
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import quoted
from sciplat.adql.shapes import CircleShape, PointShape, PolygonShape, Shape, read_shape
from sciplat.adql.spherical import angle, inside_polygon, near_edge, ranges_test, within
from sciplat.sky.healpix import area_of, cover
from sciplat.sky.region import Region
from sciplat.vo.schema import HEALPIX_COLUMN

__all__ = ["contains", "healpix_column", "intersects", "ranged"]


def contains(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    """Return the test that the first region lies in the second, edges included."""
    inner, outer = (read_shape(resolved, argument) for argument in node.expressions)
    if isinstance(outer, PointShape):
        raise resolved.error(
            node, "CONTAINS(a, b) asks whether a lies in b, and nothing lies in a point: swap the two"
        )
    test = None
    match inner:
        case PointShape():
            test = _point_in(resolved, inner, outer)
        case CircleShape():
            test = _circle_in(inner, outer)
        case PolygonShape():
            test = _polygon_in(inner, outer)
    if test is None:
        raise resolved.error(node, _refusal("CONTAINS", inner, outer))
    return test


def intersects(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    """Return the test that two regions have a point in common."""
    one, other = (read_shape(resolved, argument) for argument in node.expressions)
    test = _meet(resolved, one, other) or _meet(resolved, other, one)
    if test is None:
        raise resolved.error(node, _refusal("INTERSECTS", one, other))
    return test


def _refusal(name: str, one: Shape, other: Shape) -> str:
    return f"{name} of {_called(one)} and {_called(other)} cannot be worked out here"


def _called(shape: Shape) -> str:
    match shape:
        case PointShape():
            return "a point"
        case CircleShape():
            return "a circle" if shape.fixed else "a circle that depends on the row"
        case PolygonShape():
            return "a polygon" if shape.fixed else "a polygon that depends on the row"


def _point_in(resolved: Resolved, point: PointShape, outer: CircleShape | PolygonShape) -> exp.Expr | None:
    if isinstance(outer, CircleShape):
        test = within(point, outer.centre, outer.radius, outer.fixed_radius)
        return test if outer.fixed is None else ranged(resolved, point, outer.fixed, test)
    if outer.fixed is None:
        return None
    if point.fixed is not None:
        return exp.Boolean(this=outer.fixed.contains(point.fixed))
    return ranged(resolved, point, outer.fixed, inside_polygon(point, outer.fixed))


def _circle_in(inner: CircleShape, outer: CircleShape | PolygonShape) -> exp.Expr | None:
    if isinstance(outer, CircleShape):
        reach = add(angle(inner.centre, outer.centre), copy(inner.radius))
        return exp.LTE(this=reach, expression=copy(outer.radius))
    if outer.fixed is None or len(outer.fixed.parts) != 1 or inner.fixed_radius is None:
        return None
    if inner.fixed_radius >= 90:
        return exp.Boolean(this=False)
    return inside_polygon(inner.centre, outer.fixed, margin=inner.fixed_radius)


def _polygon_in(inner: PolygonShape, outer: CircleShape | PolygonShape) -> exp.Expr | None:
    if inner.fixed is None or not _is_convex(outer):
        return None
    corners = [PointShape(number(c.ra), number(c.dec), c) for c in inner.fixed.corners]
    if isinstance(outer, CircleShape):
        return all_of(*(within(c, outer.centre, outer.radius, outer.fixed_radius) for c in corners))
    assert outer.fixed is not None
    return exp.Boolean(this=all(outer.fixed.contains(c) for c in inner.fixed.corners))


def _is_convex(shape: CircleShape | PolygonShape) -> bool:
    """Tell whether the arc between two points in a region lies in it."""
    if isinstance(shape, CircleShape):
        return shape.fixed_radius is not None and shape.fixed_radius < 90
    return shape.fixed is not None and len(shape.fixed.parts) == 1


def _meet(resolved: Resolved, one: Shape, other: Shape) -> exp.Expr | None:
    match one, other:
        case PointShape(), PointShape():
            return within(one, other, number(0.0), 0.0)
        case PointShape(), CircleShape() | PolygonShape():
            return _point_in(resolved, one, other)
        case CircleShape(), CircleShape():
            if one.fixed_radius is not None and other.fixed_radius is not None:
                total = one.fixed_radius + other.fixed_radius
                return within(one.centre, other.centre, number(total), total)
            return within(
                one.centre, other.centre, exp.Paren(this=add(one.radius.copy(), other.radius.copy())), None
            )
        case CircleShape(), PolygonShape():
            if other.fixed is None or one.fixed_radius is None:
                return None
            inside = inside_polygon(one.centre, other.fixed)
            return any_of(inside, near_edge(one.centre, other.fixed, one.fixed_radius))
        case PolygonShape(), PolygonShape():
            if one.fixed is None or other.fixed is None:
                return None
            return exp.Boolean(this=one.fixed.meets(other.fixed))
        case _:
            return None


def ranged(resolved: Resolved, point: PointShape, region: Region, test: exp.Expr) -> exp.Expr:
    """Return a test of a point against a region, with ranges of cells where the table has them."""
    column = healpix_column(resolved, point)
    if column is None:
        return test
    ranges = cover(region)
    found = all_of(ranges_test(column, ranges), test)
    found.meta["fill"] = (column.text("table"), min(1.0, region.area / max(area_of(ranges), 1e-30)))
    return found


def healpix_column(resolved: Resolved, point: PointShape) -> exp.Expr | None:
    """Return the column of HEALPix cells that belongs to a point, if it is a table's position."""
    ra, dec = resolved.reference(strip(point.ra)), resolved.reference(strip(point.dec))
    if ra is None or dec is None or ra.relation is not dec.relation:
        return None
    source = ra.relation.source
    if source is None or not source.has_healpix:
        return None
    if source.table.position != (ra.field.column.name, dec.field.column.name):
        return None
    return exp.Column(this=quoted(HEALPIX_COLUMN), table=quoted(ra.relation.alias))
