"""Points and regions as a query writes them (ADQL 2.1, <geometry_value_expression>)."""

from __future__ import annotations

import math

from sqlglot import exp

from sciplat.adql.build import call, constant, copy, real, strip
from sciplat.adql.cells import centre_of
from sciplat.adql.conversion import as_number
from sciplat.adql.kinds import Kind, kind_of
from sciplat.adql.motion import moved
from sciplat.adql.outlines import box_outline, centroid
from sciplat.adql.resolved import Reference, Resolved
from sciplat.adql.rotation import rotated_shape
from sciplat.adql.scope import quoted
from sciplat.adql.shapes import CircleShape, MocShape, PointShape, PolygonShape, Shape, fixed_point
from sciplat.adql.tokens import shortened
from sciplat.errors import UsageError
from sciplat.sky.frames import FRAMES, rotation
from sciplat.sky.healpix import ORDER
from sciplat.sky.moc import Moc
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon, box
from sciplat.vo.schema import REGION, outline_column

__all__ = ["read_order", "read_shape", "star"]

_ICRS = frozenset({"", "ICRS", "UNKNOWNFRAME", "FK5", "J2000"})
"""Systems whose longitudes and latitudes are taken as they are; FK5 differs by 0.03 arcsec at most."""


def read_shape(resolved: Resolved, node: exp.Expr) -> Shape:
    """Read a value that is a point or region.

    Raises
    ------
    ADQLError
        For any other value, and for a region that is none: a circle of negative radius, a polygon
        whose edges cross, a coordinate system other than ICRS.
    """
    node = strip(node)
    if isinstance(node, exp.Anonymous):
        _check_system(resolved, node)
        arguments = node.expressions
        match node.name:
            case "POINT":
                return _point(resolved, arguments[0], arguments[1])
            case "CIRCLE":
                return _circle(resolved, node, *_centred(resolved, arguments))
            case "BOX":
                return _box(resolved, node, *_centred(resolved, arguments))
            case "POLYGON":
                return _polygon(resolved, node, arguments)
            case "CENTROID":
                return _centroid(resolved, node)
            case "MOC":
                return _moc(resolved, node)
            case "ivo_epoch_prop_pos":
                return moved(star(resolved, node))
            case "ivo_healpix_center":
                return _cell_centre(resolved, node)
            case "ivo_geom_transform":
                return _transformed(resolved, node)
            case _:
                pass
    reference = resolved.reference(node)
    if reference is not None and reference.field.column.xtype == "moc":
        return MocShape(node, None)
    if reference is not None and reference.field.column.xtype == REGION:
        return _written(resolved, node, reference)
    match kind_of(node):
        case Kind.POINT:
            return PointShape(_item(node, 1), _item(node, 2), None)
        case Kind.CIRCLE:
            return CircleShape(PointShape(_item(node, 1), _item(node, 2), None), _item(node, 3), None, None)
        case Kind.POLYGON:
            return PolygonShape(node, None)
        case _:
            raise resolved.error(node, "A point or region is needed here: POINT, CIRCLE, BOX or POLYGON")


def _written(resolved: Resolved, node: exp.Expr, reference: Reference) -> PolygonShape:
    """Return the region of a column in which regions are texts: a hidden column has their corners."""
    hidden = outline_column(reference.field.column).name
    source = reference.relation.source
    if source is None or not any(column.name == hidden for column in source.table.columns):
        raise resolved.error(
            node,
            f"{reference.field.column.name} is the text of a region here, and no region: use it where its "
            "table stands in FROM",
        )
    return PolygonShape(exp.Column(this=quoted(hidden), table=quoted(reference.relation.alias)), None)


def _check_system(resolved: Resolved, node: exp.Anonymous) -> None:
    system: str | None = node.meta_get("system")
    if system is not None and (system.split() or [""])[0].upper() not in _ICRS:
        raise resolved.error(
            node,
            f"Positions are ICRS here. If these are {shortened(system)}, write "
            "ivo_geom_transform('GALACTIC', 'ICRS', region) with the frame's name in the IVOA's vocabulary",
        )


def _item(node: exp.Expr, place: int) -> exp.Expr:
    return call("ARRAY_EXTRACT", copy(node), exp.Literal.number(place))


def _point(resolved: Resolved, ra: exp.Expr, dec: exp.Expr) -> PointShape:
    ra, dec = as_number(resolved, ra), as_number(resolved, dec)
    fixed_ra, fixed_dec = constant(ra), constant(dec)
    fixed = None
    if fixed_dec is not None and not -90 <= fixed_dec <= 90:
        raise resolved.error(
            dec, f"A declination lies between -90 and 90 degrees, and {fixed_dec:g} does not"
        )
    if fixed_ra is not None and not math.isfinite(fixed_ra):
        raise resolved.error(ra, f"A right ascension is a number of degrees, and {fixed_ra:g} is not")
    if fixed_ra is not None and fixed_dec is not None:
        fixed = Position(fixed_ra, fixed_dec)
    relation = resolved.position(strip(ra), strip(dec))
    sure = relation is not None and relation.source is not None and relation.source.is_checked
    return PointShape(ra, dec, fixed, sure=sure)


def _as_point(resolved: Resolved, node: exp.Expr) -> PointShape:
    shape = read_shape(resolved, node)
    if not isinstance(shape, PointShape):
        raise resolved.error(node, "A point is needed here")
    return shape


def _centred(resolved: Resolved, arguments: list[exp.Expr]) -> tuple[PointShape, list[exp.Expr]]:
    """Return the centre and what follows; the centre is one point or two numbers."""
    if kind_of(strip(arguments[0])) is Kind.POINT:
        return _as_point(resolved, arguments[0]), arguments[1:]
    return _point(resolved, arguments[0], arguments[1]), arguments[2:]


def _circle(resolved: Resolved, node: exp.Expr, centre: PointShape, rest: list[exp.Expr]) -> CircleShape:
    if len(rest) != 1:
        raise resolved.error(node, "A CIRCLE has a centre, a point or two numbers, and a radius")
    rest = [as_number(resolved, rest[0])]
    radius = constant(rest[0])
    if radius is not None and (radius < 0 or not math.isfinite(radius)):
        raise resolved.error(rest[0], f"A radius is 0 degrees or more, and {radius:g} is not")
    fixed = Circle(centre.fixed, radius) if centre.fixed is not None and radius is not None else None
    return CircleShape(centre, rest[0], radius, fixed)


def _box(resolved: Resolved, node: exp.Expr, centre: PointShape, rest: list[exp.Expr]) -> PolygonShape:
    if len(rest) != 2:
        raise resolved.error(node, "A BOX has a centre, a point or two numbers, a width and a height")
    width, height = constant(rest[0]), constant(rest[1])
    if centre.fixed is None or width is None or height is None:
        sizes = [real(as_number(resolved, size)) for size in rest]
        return PolygonShape(box_outline(centre, *sizes), None)
    try:
        return PolygonShape(None, box(centre.fixed, width, height))
    except UsageError as error:
        raise resolved.error(node, error.message) from None


def _polygon(resolved: Resolved, node: exp.Expr, arguments: list[exp.Expr]) -> PolygonShape:
    if kind_of(strip(arguments[0])) is Kind.POINT:
        corners = [_as_point(resolved, argument) for argument in arguments]
    else:
        if len(arguments) % 2 == 1:
            raise resolved.error(node, "The corners of a POLYGON are pairs of numbers, and one is missing")
        corners = [_point(resolved, ra, dec) for ra, dec in zip(arguments[::2], arguments[1::2], strict=True)]
    fixed = [corner.fixed for corner in corners if corner.fixed is not None]
    if len(fixed) < len(corners):
        values = [real(copy(value)) for corner in corners for value in (corner.ra, corner.dec)]
        return PolygonShape(call("LIST_VALUE", *values), None)
    try:
        return PolygonShape(None, Polygon(tuple(fixed)))
    except UsageError as error:
        raise resolved.error(node, error.message) from None


def _centroid(resolved: Resolved, node: exp.Anonymous) -> PointShape:
    shape = read_shape(resolved, node.expressions[0])
    match shape:
        case PointShape():
            return shape
        case MocShape():
            raise resolved.error(node, "The CENTROID of a MOC cannot be worked out")
        case CircleShape():
            return shape.centre
        case PolygonShape() if shape.fixed is not None:
            return fixed_point(shape.fixed.centroid)
        case PolygonShape():
            middle = centroid(shape.outline)
            return PointShape(_item(middle, 1), _item(middle, 2), None)


def star(resolved: Resolved, node: exp.Anonymous) -> list[exp.Expr]:
    """Return the arguments of an epoch propagation as numbers."""
    ra, dec, *others = node.expressions
    place = _point(resolved, ra, dec).known
    return [
        real(copy(value)) for value in (place.ra, place.dec, *(as_number(resolved, each) for each in others))
    ]


def read_order(resolved: Resolved, node: exp.Expr) -> int:
    """Read the order of HEALPix cells."""
    order = constant(node)
    if order is None or not 0 <= order <= ORDER or order != int(order):
        raise resolved.error(node, f"The order is an integer from 0 to {ORDER}, the same for all rows")
    return int(order)


def _cell_centre(resolved: Resolved, node: exp.Anonymous) -> PointShape:
    order, cell = read_order(resolved, node.expressions[0]), node.expressions[1]
    if kind_of(cell) not in (Kind.INTEGER, Kind.OTHER):
        raise resolved.error(cell, "The index of a cell is an integer")
    return centre_of(order, cell)


def _transformed(resolved: Resolved, node: exp.Anonymous) -> Shape:
    *names, region = node.expressions
    frames = []
    for name in names:
        if name.name not in FRAMES:
            known = ", ".join(FRAMES)
            raise resolved.error(
                name, f"The frame {shortened(name.name)} is not known here; there are {known}, in capitals"
            )
        frames.append(name.name)
    shape = read_shape(resolved, region)
    if isinstance(shape, MocShape):
        raise resolved.error(region, "A MOC cannot be turned into another frame: its cells would not fit")
    return rotated_shape(shape, rotation(*frames))


def _moc(resolved: Resolved, node: exp.Anonymous) -> MocShape:
    """MOC('4/34 …') and MOC(order, region), as other services have them beyond ADQL."""
    try:
        if len(node.expressions) == 1:
            return MocShape(None, Moc.parse(node.expressions[0].name))
        order, shape = read_order(resolved, node.expressions[0]), read_shape(resolved, node.expressions[1])
        if isinstance(shape, CircleShape | PolygonShape) and shape.fixed is not None:
            return MocShape(None, Moc.of(shape.fixed, order))
    except UsageError as error:
        raise resolved.error(node, error.message) from None
    raise resolved.error(node, "A MOC is made of a circle or polygon that is the same for all rows")
