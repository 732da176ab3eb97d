"""Discover images: the parameters of Simple Image Access 2.0 as a query of ``ivoa.ObsCore``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sciplat.errors import UsageError
from sciplat.services.plan import Query
from sciplat.sky.pos import Range, Shape, pos
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Circle, Polygon
from sciplat.vo.interval import interval

__all__ = ["PARAMETERS", "discovery"]

_INTERVALS = {
    "BAND": ("em_min", "em_max"),
    "TIME": ("t_min", "t_max"),
    "FOV": ("s_fov", "s_fov"),
    "SPATRES": ("s_resolution", "s_resolution"),
    "SPECRP": ("em_res_power", "em_res_power"),
    "EXPTIME": ("t_exptime", "t_exptime"),
    "TIMERES": ("t_resolution", "t_resolution"),
}
"""The columns that hold the least and the greatest value of what a parameter asks for an interval of."""

_TEXTS = {
    "ID": "obs_publisher_did",
    "COLLECTION": "obs_collection",
    "FACILITY": "facility_name",
    "INSTRUMENT": "instrument_name",
    "DPTYPE": "dataproduct_type",
    "TARGET": "target_name",
    "FORMAT": "access_format",
}
PARAMETERS = ("POS", *_INTERVALS, *_TEXTS, "POL", "CALIB")
"""What images can be asked for by (SIA 2.0, section 2.1)."""

_MOST_VALUES = 100
"""Of one parameter."""

_PIECE, _FINE, _COARSE = 90.0, 0.5, 2.0
"""Degrees: wider ranges are cut, and their parallels are followed to an arcsecond by fine steps, where the
whole range is no wider than 20 degrees, or to 16 arcseconds by coarse ones. Pieces are few because the engine
takes long to plan the test of each."""

_TALL = 150.0
"""Degrees of declination; a higher region could not be told from its complement by its corners."""

_HALF_SKY = 90 - 1e-9
"""Degrees around a place: of a smaller circle than a hemisphere the corners of an image decide."""

_BULGE = 0.01
"""Degrees, more than the edges of a piece lie off its parallels."""

_LEAST = 1e-6
"""Degrees that a range extends; below, its corners lie on one line."""


def discovery(parameters: Mapping[str, Sequence[str]], *, maxrec: int | None = None) -> Query:
    """Return the query for the images that meet all parameters.

    Parameters
    ----------
    parameters
        Values of each of `PARAMETERS`, by its name in capital letters; of several values one must be met.
    maxrec
        At most so many images.

    Raises
    ------
    UsageError
        A value cannot be understood; the message names the parameter.
    """
    tests = [_any(name, parameters[name]) for name in PARAMETERS if parameters.get(name)]
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return Query(f"SELECT * FROM ivoa.ObsCore{where}", maxrec)


def _any(name: str, values: Sequence[str]) -> str:
    if len(values) > _MOST_VALUES:
        raise UsageError(f"{name} was sent {len(values)} times; it can be sent up to {_MOST_VALUES} times.")
    each = list(dict.fromkeys(test for value in values for test in _tests(name, value)))
    return each[0] if len(each) == 1 else f"({' OR '.join(each)})"


def _tests(name: str, value: str) -> Iterator[str]:
    """Yield conditions of which one must hold."""
    if name == "POS":
        yield from _places(pos(value))
    elif name in _INTERVALS:
        yield _overlaps(*_INTERVALS[name], *interval(name, value))
    elif name == "CALIB":
        if value.strip() not in ("0", "1", "2", "3", "4"):
            raise UsageError(f"CALIB={value[:40]!r} is unknown; it can be 0, 1, 2, 3 or 4.")
        yield f"calib_level = {int(value)}"
    elif name == "POL":
        if not value.strip().isalpha():
            raise UsageError(f"POL={value[:40]!r} is no polarisation state, such as I, Q, U, V, RR, XY.")
        yield f"pol_states LIKE '%/{value.strip().upper()}/%'"
    elif name == "ID":
        yield f"LOWER({_TEXTS[name]}) = LOWER({_text(value)})"
    else:
        yield f"{_TEXTS[name]} = {_text(value)}"


def _overlaps(least: str, greatest: str, low: float, high: float) -> str:
    tests = []
    if low > -math.inf:
        tests.append(f"{greatest} >= {low!r}")
    if high < math.inf:
        tests.append(f"{least} <= {high!r}")
    # What has no value is in no interval, however wide.
    return f"({' AND '.join(tests or [f'{least} IS NOT NULL'])})"


def _places(shape: Shape) -> Iterator[str]:
    match shape:
        case Circle(centre=centre, radius=radius):
            yield _meets(
                f"CIRCLE({centre.ra!r}, {centre.dec!r}, {radius!r})", centre.dec - radius, centre.dec + radius
            )
        case Polygon(corners=corners):
            yield _meets(_polygon([(corner.ra, corner.dec) for corner in corners]), *_extent(corners))
        case Range():
            yield from _pieces(shape)


def _pieces(shape: Range) -> Iterator[str]:
    """Yield the parts of a range, as polygons whose edges follow its parallels."""
    south, north = shape.dec
    if min(shape.width, north - south) < _LEAST:
        raise UsageError("RANGE has no extent; a CIRCLE finds what lies around a place.")
    if shape.width == 360:
        # Whole parallels are no polygons: here an image counts as the circle around it.
        yield f"(s_dec + s_fov / 2 >= {south!r} AND s_dec - s_fov / 2 <= {north!r})"
        return
    if north - south > 180 - _LEAST and shape.width > 180:
        # An image misses it that lies between the two meridians of the rest, to the east of one and to the
        # west of the other: in two hemispheres.
        west, east = shape.ra[0] + shape.width, shape.ra[0]
        halves = (f"CIRCLE({ra % 360!r}, 0, {_HALF_SKY!r})" for ra in (west + 90, east - 90))
        yield from (f"0 = CONTAINS(s_region, {half})" for half in halves)
        return
    count = math.ceil(shape.width / _PIECE)
    steps = math.ceil(shape.width / count / (_FINE if shape.width <= 20 else _COARSE))
    middle = (south + north) / 2
    for low, high in [(south, middle), (middle, north)] if north - south > _TALL else [(south, north)]:
        for number in range(count):
            west, width = shape.ra[0] + shape.width * number / count, shape.width / count
            along = [(west + width * step / steps) % 360 for step in range(steps + 1)]
            region = _polygon([*_parallel(along, low), *_parallel(along[::-1], high)])
            yield _meets(region, low - _BULGE, high + _BULGE)


def _parallel(along: Sequence[float], dec: float) -> list[tuple[float, float]]:
    """Return places on a parallel; a pole is one place, and the equator needs but its ends."""
    if 90 - abs(dec) < _LEAST:
        return [(0.0, math.copysign(90.0, dec))]
    return [(ra, dec) for ra in (along if abs(dec) >= _LEAST else (along[0], along[-1]))]


def _polygon(corners: Sequence[tuple[float, float]]) -> str:
    return f"POLYGON({', '.join(f'{ra!r}, {dec!r}' for ra, dec in corners)})"


def _meets(region: str, south: float = -90, north: float = 90) -> str:
    """Return the condition that an image meets a region, all of which lies between two declinations."""
    test = f"1 = INTERSECTS({region}, s_region)"
    if south <= -90 and north >= 90:
        return test
    return f'("_north" >= {south!r} AND "_south" <= {north!r} AND {test})'


def _extent(corners: Sequence[Position]) -> tuple[float, float]:
    """Return two declinations between which a polygon lies: those of a circle around it."""
    x, y, z = (sum(parts) for parts in zip(*(corner.vector for corner in corners), strict=True))
    if math.hypot(x, y, z) < _LEAST:
        return -90.0, 90.0
    centre = Position.from_vector((x, y, z))
    radius = max(separation(centre, corner) for corner in corners)
    # Only a circle that is less than a hemisphere has all that lies between its corners.
    return (-90.0, 90.0) if radius >= 89 else (centre.dec - radius - _LEAST, centre.dec + radius + _LEAST)


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
