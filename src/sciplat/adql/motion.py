"""Positions at another epoch (the IVOA's Catalogue of ADQL User Defined Functions 1.2, section 2.2).

A star moves uniformly along a straight line; see *The Hipparcos and Tycho Catalogues*, ESA SP-1200,
volume 1, section 1.5.5. The sums are done in a frame turned to the star's longitude, so that small
motions keep their digits.
"""

from __future__ import annotations

import math

from sqlglot import exp

from sciplat.adql.build import call
from sciplat.adql.formula import formula
from sciplat.adql.shapes import PointShape

__all__ = ["moved", "moved_whole"]

_AU_PER_YEAR = 149597870.7 / (365.25 * 86400)
"""The astronomical unit in km/s times Julian years: a velocity is this times a motion over the parallax."""

_MAS = math.radians(1 / 3.6e6)

# Motions in radians a year: along longitude, along latitude, and away, each as part of the distance.
_RATES = (
    f"STRUCT_PACK(a := COALESCE($pmra, 0) * {_MAS!r}, d := COALESCE($pmdec, 0) * {_MAS!r}, "
    f"r := COALESCE($rv * $parallax, 0) / {_AU_PER_YEAR!r}e0 * {_MAS!r}, "
    "t := $until - $since, s := SIN(RADIANS($dec)), c := COS(RADIANS($dec)))"
)
_VELOCITY = (
    "STRUCT_PACK(x := m['r'] * m['c'] - m['d'] * m['s'], y := m['a'], z := m['r'] * m['s'] + m['d'] * m['c'])"
)
_PLACE = "STRUCT_PACK(x := m['c'] + v['x'] * m['t'], y := v['y'] * m['t'], z := m['s'] + v['z'] * m['t'])"


def _in_motion(text: str) -> str:
    """Write a text about rates ``m``, velocity ``v`` and new place ``u`` as one about a star."""
    return (
        f"LIST_TRANSFORM([{_RATES}], LAMBDA m : LIST_TRANSFORM([{_VELOCITY}], LAMBDA v : "
        f"LIST_TRANSFORM([{_PLACE}], LAMBDA u : {text})[1])[1])[1]"
    )


_TURN = "LIST_TRANSFORM([$ra + DEGREES(ATAN2(u['y'], u['x']))], LAMBDA l : l - 360 * FLOOR(l / 360))[1]"
_HEIGHT = "DEGREES(ATAN2(u['z'], SQRT(u['x'] * u['x'] + u['y'] * u['y'])))"
_POSITION = _in_motion(
    f"LIST_TRANSFORM([[{_TURN}, {_HEIGHT}]], LAMBDA w : "
    "CASE WHEN ABS(w[1]) <= 360 AND ABS(w[2]) <= 90 THEN w END)[1]"
)

# f is the old distance over the new one, h the distance from the axis, p and q the triad's cosine and
# sine of the longitude gone; at a pole, where there is none, the frame's own.
_WHOLE = _in_motion(
    "LIST_TRANSFORM([STRUCT_PACK(f := 1 / SQRT(u['x'] * u['x'] + u['y'] * u['y'] + u['z'] * u['z']), "
    "h := SQRT(u['x'] * u['x'] + u['y'] * u['y']))], LAMBDA g : "
    "LIST_TRANSFORM([STRUCT_PACK(p := CASE WHEN g['h'] = 0 THEN 1e0 ELSE u['x'] / g['h'] END, "
    "q := CASE WHEN g['h'] = 0 THEN 0e0 ELSE u['y'] / g['h'] END)], LAMBDA k : ["
    f"{_TURN}, {_HEIGHT}, $parallax * g['f'], "
    f"CASE WHEN $pmra IS NOT NULL AND $pmdec IS NOT NULL THEN g['f'] / {_MAS!r} * "
    "(v['y'] * k['p'] - v['x'] * k['q']) END, "
    f"CASE WHEN $pmra IS NOT NULL AND $pmdec IS NOT NULL THEN g['f'] * g['f'] / {_MAS!r} * "
    "(v['z'] * g['h'] - u['z'] * (v['x'] * k['p'] + v['y'] * k['q'])) END, "
    "CASE WHEN $parallax IS NULL OR $parallax = 0 THEN $rv ELSE $rv * 0 + g['f'] * "
    f"(v['x'] * u['x'] + v['y'] * u['y'] + v['z'] * u['z']) / {_MAS!r} * {_AU_PER_YEAR!r}e0 / $parallax END"
    "])[1])[1]"
)

_NAMES = ("ra", "dec", "parallax", "pmra", "pmdec", "rv", "since", "until")


def _at(text: str, arguments: list[exp.Expr]) -> exp.Expr:
    return formula(text, **dict(zip(_NAMES, arguments, strict=True)))


def moved(arguments: list[exp.Expr]) -> PointShape:
    """Return where a star is at another epoch.

    Parameters
    ----------
    arguments
        Longitude and latitude in degrees, parallax in mas, motions in mas/yr, radial velocity in km/s,
        the epoch of these and the epoch wanted, in Julian years.
    """
    place = _at(_POSITION, arguments)
    ra, dec = (call("LIST_EXTRACT", place.copy(), exp.Literal.number(item)) for item in (1, 2))
    return PointShape(ra, dec, None, sure=True)


def moved_whole(arguments: list[exp.Expr]) -> exp.Expr:
    """Return the six astrometric parameters of a star at another epoch, a list; NaN for what is unknown."""
    return _at(f"LIST_TRANSFORM({_WHOLE}, LAMBDA w : COALESCE(w, CAST('NaN' AS DOUBLE)))", arguments)
