"""Points and regions in another reference frame, constant or written out as SQL."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import call
from sciplat.adql.formula import formula
from sciplat.adql.shapes import CircleShape, PointShape, PolygonShape, Shape, fixed_point
from sciplat.sky.frames import Rotation, rotated
from sciplat.sky.region import Circle, Polygon

__all__ = ["rotated_shape"]


def rotated_shape(shape: PointShape | CircleShape | PolygonShape, rotation: Rotation) -> Shape:
    """Return a point or region as another frame has it."""
    match shape:
        case PointShape():
            return _point(shape, rotation)
        case CircleShape():
            centre = _point(shape.centre, rotation)
            fixed = None
            if centre.fixed is not None and shape.fixed_radius is not None:
                fixed = Circle(centre.fixed, shape.fixed_radius)
            return CircleShape(centre, shape.radius, shape.fixed_radius, fixed)
        case PolygonShape() if shape.fixed is not None:
            return PolygonShape(None, Polygon(tuple(rotated(c, rotation) for c in shape.fixed.corners)))
        case PolygonShape():
            corner = _rotated("$outline[i]", "$outline[i + 1]", rotation)
            text = f"FLATTEN(LIST_TRANSFORM(RANGE(1, LEN($outline), 2), LAMBDA i : {corner}))"
            return PolygonShape(formula(text, outline=shape.outline), None)


def _point(point: PointShape, rotation: Rotation) -> PointShape:
    if point.fixed is not None:
        return fixed_point(rotated(point.fixed, rotation))
    known = point.known
    place = formula(_rotated("$ra", "$dec", rotation), ra=known.ra, dec=known.dec)
    ra, dec = (call("LIST_EXTRACT", place.copy(), exp.Literal.number(item)) for item in (1, 2))
    return PointShape(ra, dec, None, sure=True)


def _rotated(ra: str, dec: str, rotation: Rotation) -> str:
    axes = ", ".join(
        f"{name} := {_double(row[0])} * u['x'] + {_double(row[1])} * u['y'] + {_double(row[2])} * u['z']"
        for name, row in zip("xyz", rotation, strict=True)
    )
    return (
        f"LIST_TRANSFORM([STRUCT_PACK(x := COS(RADIANS({dec})) * COS(RADIANS({ra})), "
        f"y := COS(RADIANS({dec})) * SIN(RADIANS({ra})), z := SIN(RADIANS({dec})))], LAMBDA u : "
        f"LIST_TRANSFORM([STRUCT_PACK({axes})], LAMBDA w : ["
        "LIST_TRANSFORM([DEGREES(ATAN2(w['y'], w['x']))], "
        "LAMBDA l : CASE WHEN l < 0 THEN l + 360 ELSE l END)[1], "
        "DEGREES(ATAN2(w['z'], SQRT(w['x'] * w['x'] + w['y'] * w['y'])))])[1])[1]"
    )


def _double(value: float) -> str:
    text = repr(value)
    return text if "e" in text else f"{text}e0"
