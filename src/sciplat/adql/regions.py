"""CONTAINS and INTERSECTS (ADQL 2.1, <predicate_geometry_function>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql import outlines
from sciplat.adql.build import add, all_of, any_of, copy, number, strip
from sciplat.adql.cells import cell_of
from sciplat.adql.constructors import read_shape
from sciplat.adql.coverage import cell_in, moc_holds, moc_lies_in, moc_meets
from sciplat.adql.formula import formula
from sciplat.adql.limits import Values
from sciplat.adql.resolved import Resolved
from sciplat.adql.scope import quoted
from sciplat.adql.shapes import CircleShape, MocShape, PointShape, PolygonShape, Shape, fixed_point
from sciplat.adql.spherical import (
    angle,
    circle_text,
    edge_within,
    inside_polygon,
    ranges_test,
    ranges_text,
    within,
)
from sciplat.sky.healpix import ORDER, area_of, cover
from sciplat.sky.region import Circle, Region
from sciplat.vo.schema import HEALPIX_COLUMN

__all__ = ["contains", "healpix_column", "intersects", "ranged"]


def contains(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    """Return the test that the first region lies in the second, edges included."""
    inner, outer = (read_shape(resolved, argument) for argument in node.expressions)
    if isinstance(outer, PointShape):
        raise resolved.error(
            node, "CONTAINS(a, b) asks whether a lies in b, and nothing lies in a point: swap the two"
        )
    if isinstance(inner, MocShape) or isinstance(outer, MocShape):
        return _with_moc(resolved, node, inner, outer)
    match inner:
        case PointShape():
            return _point_in(resolved, inner, outer)
        case CircleShape():
            return _circle_in(resolved, inner, outer)
        case PolygonShape():
            return _polygon_in(inner, outer)


def intersects(resolved: Resolved, node: exp.Anonymous) -> exp.Expr:
    """Return the test that two regions have a point in common."""
    one, other = (read_shape(resolved, argument) for argument in node.expressions)
    if isinstance(one, MocShape) or isinstance(other, MocShape):
        return _with_moc(resolved, node, one, other)
    if isinstance(one, PointShape) and isinstance(other, PointShape):
        return within(one, other, number(0.0), 0.0)
    if isinstance(one, PointShape):
        assert not isinstance(other, PointShape)
        return _point_in(resolved, one, other)
    if isinstance(other, PointShape):
        return _point_in(resolved, other, one)
    if isinstance(one, CircleShape):
        if isinstance(other, CircleShape):
            return _circles_meet(resolved, one, other)
        return _circle_meets(resolved, one, other)
    if isinstance(other, CircleShape):
        return _circle_meets(resolved, other, one)
    return _polygons_meet(one, other)


def _with_moc(resolved: Resolved, node: exp.Anonymous, one: Shape, other: Shape) -> exp.Expr:
    """Return the test of two regions of which at least one is a MOC."""
    together = node.name == "INTERSECTS"
    for point, moc in ((one, other), (other, one)) if together else ((one, other),):
        if isinstance(point, PointShape) and isinstance(moc, MocShape):
            return cell_in(healpix_column(resolved, point) or cell_of(ORDER, point), moc)
    answer = None
    if together:
        moc, region = (one, other) if isinstance(one, MocShape) else (other, one)
        assert isinstance(moc, MocShape)
        answer = moc_meets(moc, region)
    elif isinstance(other, MocShape):
        answer = moc_holds(other, one)
    elif isinstance(one, MocShape):
        answer = moc_lies_in(one, other)
    if answer is None:
        raise resolved.error(
            node,
            f"{node.name} with a MOC takes a point, which may differ from row to row, or regions and MOCs "
            "that are the same for all rows. ADQL 2.1 asks for none (<geometry_value_function>, appendix A): "
            "test the centre of a circle, or the corners of a polygon, each as a POINT",
        )
    return exp.Boolean(this=answer)


def _point_in(resolved: Resolved, point: PointShape, outer: CircleShape | PolygonShape) -> exp.Expr:
    if isinstance(outer, CircleShape):
        column = healpix_column(resolved, point)
        if outer.fixed is not None and column is not None and point.sure:
            return circle_test(column, point, outer.fixed)
        test = within(point, outer.centre, outer.radius, outer.fixed_radius)
        return test if outer.fixed is None else ranged(resolved, point, outer.fixed, test)
    if outer.fixed is None:
        near = outlines.may_touch(outer.outline, point, number(0.0))
        return all_of(near, outlines.inside(point, outer.outline))
    if point.fixed is not None:
        return exp.Boolean(this=outer.fixed.contains(point.fixed))
    return ranged(resolved, point, outer.fixed, inside_polygon(point, outer.fixed))


def _circle_in(resolved: Resolved, inner: CircleShape, outer: CircleShape | PolygonShape) -> exp.Expr:
    centre = inner.centre
    if isinstance(outer, CircleShape):
        if outer.fixed_radius is not None and outer.fixed_radius >= 180:
            return exp.Boolean(this=True)
        reach = add(angle(centre, outer.centre), copy(inner.radius))
        test: exp.Expr = exp.LTE(this=reach, expression=copy(outer.radius))
        return test if outer.fixed is None else ranged(resolved, centre, outer.fixed, test)
    if outer.fixed is not None and len(outer.fixed.parts) == 1 and inner.fixed_radius is not None:
        if inner.fixed_radius >= 90:
            return exp.Boolean(this=False)
        test = inside_polygon(centre, outer.fixed, margin=inner.fixed_radius)
        return ranged(resolved, centre, outer.fixed, test)
    test = all_of(
        outlines.may_touch(outer.outline, centre, number(0.0)),
        outlines.inside(centre, outer.outline),
        outlines.clear_of_edge(centre, outer.outline, inner.radius),
    )
    return test if outer.fixed is None else ranged(resolved, centre, outer.fixed, test)


def _polygon_in(inner: PolygonShape, outer: CircleShape | PolygonShape) -> exp.Expr:
    if isinstance(outer, CircleShape):
        near = outlines.may_touch(inner.outline, outer.centre, outer.radius)
        return all_of(near, outlines.within_circle(inner.outline, outer.centre, outer.radius))
    if inner.fixed is not None and outer.fixed is not None and len(outer.fixed.parts) == 1:
        return exp.Boolean(this=all(outer.fixed.contains(corner) for corner in inner.fixed.corners))
    return all_of(_may_meet(inner, outer), outlines.holds(outer.outline, inner.outline))


def _circles_meet(resolved: Resolved, one: CircleShape, other: CircleShape) -> exp.Expr:
    if one.fixed_radius is None or other.fixed_radius is None:
        total = exp.Paren(this=add(one.radius.copy(), other.radius.copy()))
        return within(one.centre, other.centre, total, None)
    reach = one.fixed_radius + other.fixed_radius
    test = within(one.centre, other.centre, number(reach), reach)
    for moving, still in ((one, other), (other, one)):
        if still.centre.fixed is not None:
            return ranged(resolved, moving.centre, Circle(still.centre.fixed, reach), test)
    return test


def _circle_meets(resolved: Resolved, circle: CircleShape, polygon: PolygonShape) -> exp.Expr:
    centre, radius = circle.centre, circle.fixed_radius
    if polygon.fixed is not None and radius is not None:
        test = any_of(inside_polygon(centre, polygon.fixed), edge_within(centre, polygon.fixed, radius))
        around = polygon.fixed.circle_around
        return ranged(resolved, centre, Circle(around.centre, around.radius + radius), test)
    outline = polygon.outline
    meet = any_of(outlines.inside(centre, outline), outlines.near_edge(centre, outline, circle.radius))
    return all_of(outlines.may_touch(outline, centre, circle.radius), meet)


def _polygons_meet(one: PolygonShape, other: PolygonShape) -> exp.Expr:
    if one.fixed is not None and other.fixed is not None:
        return exp.Boolean(this=one.fixed.meets(other.fixed))
    return all_of(_may_meet(one, other), outlines.meet(one.outline, other.outline))


def _may_meet(one: PolygonShape, other: PolygonShape) -> exp.Expr:
    """Return a cheap test without which two polygons have no point in common."""
    for still, moving in ((one, other), (other, one)):
        if still.fixed is not None:
            around = still.fixed.circle_around
            return outlines.may_touch(moving.outline, fixed_point(around.centre), number(around.radius))
    return outlines.may_meet(one.outline, other.outline)


def ranged(resolved: Resolved, point: PointShape, region: Region, test: exp.Expr) -> exp.Expr:
    """Return a test of a point against a region, with ranges of cells where the table has them."""
    column = healpix_column(resolved, point)
    if column is None:
        return test
    ranges = cover(region)
    found = all_of(ranges_test(column, ranges), test)
    found.meta["fill"] = (column.text("table"), filled(region, ranges))
    return found


def circle_test(column: exp.Column, point: PointShape, circle: Circle) -> exp.Expr:
    """Return what `ranged` does for a circle, the commonest region by far, as one node of the tree."""
    ranges = cover(circle)
    test = formula(circle_test_text(circle, ranges), cell=column, ra=point.ra, dec=point.dec)
    alias = column.text("table")
    test.meta["cells"] = (alias, column.name), Values(tuple(ranges))
    test.meta["fill"] = (alias, filled(circle, ranges))
    test.meta["circle"] = circle
    return test


def circle_test_text(circle: Circle, ranges: list[tuple[int, int]]) -> str:
    """Return the test that the position ``$ra``, ``$dec`` in the cell ``$cell`` lies in a circle."""
    return f"({ranges_text(ranges)} AND {circle_text(circle)})"


def filled(region: Region, ranges: list[tuple[int, int]]) -> float:
    """Return the part of some ranges of cells that a region fills, 0 to 1."""
    return min(1.0, region.area / max(area_of(ranges), 1e-30))


def healpix_column(resolved: Resolved, point: PointShape) -> exp.Column | None:
    """Return the column of HEALPix cells that belongs to a point, if it is a table's position."""
    relation = resolved.position(strip(point.ra), strip(point.dec))
    if relation is None or relation.source is None or not relation.source.has_healpix:
        return None
    return exp.Column(this=quoted(HEALPIX_COLUMN), table=quoted(relation.alias))
