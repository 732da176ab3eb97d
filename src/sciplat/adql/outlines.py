"""Polygons whose corners depend on the row: tests and measures on lists of corners, written out as SQL.

An outline is a list of DOUBLE: longitude, latitude, longitude, …, in degrees, as DALI 1.1 (section 3.3.7)
writes a polygon. The last corner is joined to the first; of the two sides the one smaller than a
hemisphere is the inside, whichever way the corners run.

The sums are done in the frame of one point: ``e`` to the east, ``n`` to the north, ``f`` towards it.
There they keep their precision for small polygons, and whether the point lies inside is a count of the
edges that cross the meridian north of it.
"""

from __future__ import annotations

import math
from string import Template

from sqlglot import exp

from sciplat.adql.build import all_of, number
from sciplat.adql.formula import formula
from sciplat.adql.shapes import PointShape, at_most

__all__ = [
    "area", "box_outline", "centroid", "clear_of_edge", "holds", "inside", "may_meet", "may_touch", "meet",
    "near_edge", "within_circle",
]  # fmt: skip

_TOUCHING = 1e-14
"""Radians, 2 nanoarcseconds: nearer than this to an edge is on it, and what is on it is inside."""

_STEPS = "RANGE(1, LEN(v) + 1)"
_A, _B = "v[i]", "v[i % LEN(v) + 1]"

_FRAME = (
    "LIST_TRANSFORM(RANGE(1, LEN($outline), 2), LAMBDA i : STRUCT_PACK("
    "e := COS(RADIANS($outline[i + 1])) * SIN(RADIANS($outline[i] - $ra)), "
    "n := SIN(RADIANS($outline[i + 1] - $dec)) + 2 * COS(RADIANS($outline[i + 1])) * SIN(RADIANS($dec)) * "
    "POW(SIN(RADIANS($outline[i] - $ra) / 2), 2), "
    "f := COS(RADIANS($outline[i + 1] - $dec)) - 2 * COS(RADIANS($outline[i + 1])) * COS(RADIANS($dec)) * "
    "POW(SIN(RADIANS($outline[i] - $ra) / 2), 2)))"
)
_VECTORS = (
    "LIST_TRANSFORM(RANGE(1, LEN($outline), 2), LAMBDA i : STRUCT_PACK("
    "x := COS(RADIANS($outline[i + 1])) * COS(RADIANS($outline[i])), "
    "y := COS(RADIANS($outline[i + 1])) * SIN(RADIANS($outline[i])), "
    "z := SIN(RADIANS($outline[i + 1]))))"
)


def _of_edge(text: str) -> str:
    """Write out what a formula says of an edge from corner ``a`` to corner ``b``."""
    for name, value in (("a", _A), ("b", _B)):
        for axis in "enfxyz":
            text = text.replace(f"{name}.{axis}", f"{value}['{axis}']")
    return text


# How often the edges wind around the point or its opposite, anticlockwise as seen from outside.
_WINDS = _of_edge(
    f"LIST_SUM(LIST_TRANSFORM({_STEPS}, LAMBDA i : CASE WHEN (a.e >= 0) = (b.e >= 0) THEN 0 "
    "WHEN a.e >= 0 AND a.e * b.n - a.n * b.e > 0 THEN 1 "
    "WHEN a.e < 0 AND a.e * b.n - a.n * b.e < 0 THEN -1 ELSE 0 END))"
)

# The solid angle to the left of the edges, in steradians, between -2 pi and 2 pi (Eriksson 1990).
_ANGLES = _of_edge(
    "LIST_SUM(LIST_TRANSFORM(RANGE(2, LEN(v)), LAMBDA i : 2 * ATAN2("
    "v[1]['e'] * (a.n * b.f - a.f * b.n) + v[1]['n'] * (a.f * b.e - a.e * b.f) "
    "+ v[1]['f'] * (a.e * b.n - a.n * b.e), "
    "1 + v[1]['e'] * (a.e + b.e) + v[1]['n'] * (a.n + b.n) + v[1]['f'] * (a.f + b.f) "
    "+ a.e * b.e + a.n * b.n + a.f * b.f)))"
)
_SOLID_ANGLE = (
    f"LIST_TRANSFORM([{_ANGLES}], LAMBDA w : w - {4 * math.pi!r}e0 * ROUND(w / {4 * math.pi!r}e0))[1]"
)

# Whether the point lies near a corner, or beside an edge and near its great circle.
_POLE = "STRUCT_PACK(e := a.n * b.f - a.f * b.n, n := a.f * b.e - a.e * b.f, f := a.e * b.n - a.n * b.e)"
_NEAR = _of_edge(
    f"LIST_BOOL_OR(LIST_TRANSFORM({_STEPS}, LAMBDA i : "
    "a.e * a.e + a.n * a.n + (1 - a.f) * (1 - a.f) <= $chord OR "
    f"LIST_TRANSFORM([{_POLE}], LAMBDA p : "
    "p['f'] * p['f'] <= $sine * (p['e'] * p['e'] + p['n'] * p['n'] + p['f'] * p['f']) "
    "AND (p['e'] <> 0 OR p['n'] <> 0 OR p['f'] <> 0) "
    "AND p['e'] * a.n - p['n'] * a.e >= 0 AND b.e * p['n'] - b.n * p['e'] >= 0)[1]))"
)


def _with(text: str, **values: str) -> str:
    """Write something else for the values of a formula."""
    return Template(text).safe_substitute(values)


def _in_frame(text: str) -> str:
    return f"LIST_TRANSFORM([{_FRAME}], LAMBDA v : {text})[1]"


def _at_corner(text: str, corner: str) -> str:
    """Let a formula about a point be about a corner of the other outline."""
    return _with(text, ra=f"$other[{corner}]", dec=f"$other[{corner} + 1]")


_INSIDE = f"({_WINDS} * {_SOLID_ANGLE} > 0 OR {_NEAR})"

# Twice an upper limit of how far any part of an outline is from its first corner, in degrees.
_ODD, _EVEN = (", ".join(f"$outline[{place}]" for place in range(first, 9, 2)) for first in (1, 2))
_REACH = (
    f"2 * CASE WHEN LEN($outline) <= 8 "
    f"THEN GREATEST({_ODD}) - LEAST({_ODD}) + GREATEST({_EVEN}) - LEAST({_EVEN}) "
    "ELSE LIST_MAX($outline[1:-1:2]) - LIST_MIN($outline[1:-1:2]) "
    "+ LIST_MAX($outline[2:-1:2]) - LIST_MIN($outline[2:-1:2]) END"
)

_FAR = "1e9"
"""Degrees; an outline that reaches farther has a corner at infinity."""


def may_touch(outline: exp.Expr, point: PointShape, radius: exp.Expr) -> exp.Expr:
    """Return a cheap test without which an outline has nothing within ``radius`` of a point.

    An arc between two positions is no longer than the sum of the differences of their coordinates; and a
    circle of less than 90 degrees that holds the corners holds all. Where the limit is 90 degrees or
    more, twice the limit lets every row pass. The declination alone is compared first, since it spares
    most rows their sines; few must be left, because the exact test takes as long for one row of those
    that the engine reads at a time as for many.
    """
    point = point.known
    values = {"outline": outline, "ra": point.ra, "dec": point.dec, "radius": radius}
    first = _apart("$outline[1] - $ra", "$outline[2]", "$dec")
    return all_of(
        formula(
            f"$radius + 1e-9 + {_REACH} BETWEEN ABS($outline[2] - $dec) AND {_FAR}", **_without(values, "ra")
        ),
        formula(f"{first} <= {_haversine(f'$radius + 1e-9 + {_REACH}')}", **values),
    )


def _without(values: dict[str, exp.Expr], name: str) -> dict[str, exp.Expr]:
    return {key: value for key, value in values.items() if key != name}


def _haversine(angle: str) -> str:
    """Return sin² of half an angle of 180 degrees at most."""
    return f"POW(SIN(RADIANS(LEAST({angle}, 180)) / 2), 2)"


def _apart(east: str, dec: str, other: str) -> str:
    """Return sin² of half the distance between two positions."""
    return (
        f"POW(SIN(RADIANS({dec} - {other}) / 2), 2) "
        f"+ COS(RADIANS({dec})) * COS(RADIANS({other})) * POW(SIN(RADIANS({east}) / 2), 2)"
    )


def inside(point: PointShape, outline: exp.Expr) -> exp.Expr:
    """Return the test that a point lies in an outline, its edge included."""
    point = point.known
    return formula(_in_frame(_INSIDE), outline=outline, ra=point.ra, dec=point.dec, **_EDGE)


def near_edge(point: PointShape, outline: exp.Expr, radius: exp.Expr) -> exp.Expr:
    """Return the test that a point lies within ``radius`` degrees of the edge of an outline."""
    point = point.known
    return formula(_in_frame(_NEAR), outline=outline, ra=point.ra, dec=point.dec, **_limits(radius))


def clear_of_edge(point: PointShape, outline: exp.Expr, radius: exp.Expr) -> exp.Expr:
    """Return the test that no edge of an outline comes nearer to a point than ``radius`` degrees."""
    point = point.known
    less = formula(f"$radius - {2 * math.degrees(_TOUCHING)!r}", radius=radius)
    return formula(f"NOT {_in_frame(_NEAR)}", outline=outline, ra=point.ra, dec=point.dec, **_limits(less))


def _limits(radius: exp.Expr) -> dict[str, exp.Expr]:
    """Return the square of the chord of an angle, and of its sine."""
    return {
        "chord": formula(
            "POW(2 * SIN(RADIANS(CASE WHEN $r < 0 THEN 0 ELSE $r END) / 2), 2)", r=at_most(radius, 180.0)
        ),
        "sine": formula("POW(SIN(RADIANS(CASE WHEN $r < 0 THEN 0 ELSE $r END)), 2)", r=at_most(radius, 90.0)),
    }


_EDGE: dict[str, exp.Expr] = {"chord": number(_TOUCHING**2), "sine": number(_TOUCHING**2)}


def within_circle(outline: exp.Expr, centre: PointShape, radius: exp.Expr) -> exp.Expr:
    """Return the test that a circle holds a whole outline."""
    # Below 90 degrees the corners decide. Beyond, the outline must not reach the rest of the sky.
    corners = (
        "LIST_BOOL_AND(LIST_TRANSFORM(v, LAMBDA c : "
        "c['e'] * c['e'] + c['n'] * c['n'] + (1 - c['f']) * (1 - c['f']) <= $chord))"
    )
    centre = centre.known
    chord = _limits(formula(f"$r + {math.degrees(_TOUCHING)!r}", r=radius))["chord"]
    small = formula(_in_frame(corners), outline=outline, ra=centre.ra, dec=centre.dec, chord=chord)
    opposite = PointShape(
        formula("$ra + 180", ra=centre.ra), formula("-$dec", dec=centre.dec), None, sure=True
    )
    rest = formula("180 - $r", r=radius)
    outside = exp.Not(this=exp.Paren(this=inside(opposite, outline)))
    case = exp.Case(
        ifs=[
            exp.If(this=formula("$r < 90", r=radius), true=small),
            exp.If(this=formula("$r >= 180", r=radius), true=exp.Boolean(this=True)),
        ],
        default=all_of(clear_of_edge(opposite, outline, rest), outside),
    )
    case.meta["done"] = True
    return case


# Whether two arcs meet. Where both lie on one great circle, their neighbours decide.
_TOUCH = (
    "NOT (t['a'] > 1e-15 AND t['b'] > 1e-15) AND NOT (t['a'] < -1e-15 AND t['b'] < -1e-15) "
    "AND NOT (t['c'] > 1e-15 AND t['d'] > 1e-15) AND NOT (t['c'] < -1e-15 AND t['d'] < -1e-15) "
    "AND GREATEST(ABS(t['a']), ABS(t['b']), ABS(t['c']), ABS(t['d'])) > 1e-15"
)
_CROSS = (
    "t['a'] * t['b'] < 0 AND t['c'] * t['d'] < 0 "
    "AND LEAST(ABS(t['a']), ABS(t['b']), ABS(t['c']), ABS(t['d'])) > 1e-15"
)


def _arcs(test: str) -> str:
    """Return the test that any edge of ``s`` and any of ``o`` meet so."""
    volumes = ", ".join(f"{p} := {_volume(p, q, r)}" for p, q, r in ("acd", "bcd", "cab", "dab"))
    # Great circles cross at two opposite points; both arcs must pass the same one.
    same = " + ".join(
        f"(q['a']['{axis}'] * ABS(t['b']) + q['b']['{axis}'] * ABS(t['a'])) "
        f"* (q['c']['{axis}'] * ABS(t['d']) + q['d']['{axis}'] * ABS(t['c']))"
        for axis in "xyz"
    )
    arcs = "STRUCT_PACK(a := v[i], b := v[i % LEN(v) + 1], c := w[j], d := w[j % LEN(w) + 1])"
    others = _with(_VECTORS, outline="$other")
    return (
        f"LIST_TRANSFORM([{_VECTORS}], LAMBDA v : LIST_TRANSFORM([{others}], LAMBDA w : "
        f"LIST_BOOL_OR(LIST_TRANSFORM({_STEPS}, LAMBDA i : "
        f"LIST_BOOL_OR(LIST_TRANSFORM(RANGE(1, LEN(w) + 1), LAMBDA j : LIST_TRANSFORM([{arcs}], LAMBDA q : "
        f"LIST_TRANSFORM([STRUCT_PACK({volumes})], LAMBDA t : {test} AND {same} > 0)[1])[1])))))[1])[1]"
    )


def _volume(a: str, b: str, c: str) -> str:
    """Return the triple product of three corners."""
    return " + ".join(
        f"q['{a}']['{i}'] * (q['{b}']['{j}'] * q['{c}']['{k}'] - q['{b}']['{k}'] * q['{c}']['{j}'])"
        for i, j, k in ("xyz", "yzx", "zxy")
    )


def may_meet(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Return a cheap test without which two outlines have no point in common."""
    reach = f"1e-9 + {_REACH} + {_with(_REACH, outline='$other')}"
    first = _apart("$outline[1] - $other[1]", "$outline[2]", "$other[2]")
    return all_of(
        formula(f"{reach} BETWEEN ABS($outline[2] - $other[2]) AND {_FAR}", outline=one, other=other),
        formula(f"{first} <= {_haversine(reach)}", outline=one, other=other),
    )


def meet(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Return the test that two outlines have a point in common."""
    first = _at_corner(_in_frame(_INSIDE), "1")
    second = _with(first, outline="$other", other="$outline")
    return formula(f"({first} OR {second} OR {_arcs(_TOUCH)})", outline=one, other=other, **_EDGE)


def holds(outer: exp.Expr, inner: exp.Expr) -> exp.Expr:
    """Return the test that an outline holds the whole of another."""
    corner = _at_corner(_in_frame(_INSIDE), "k")
    all_corners = f"LIST_BOOL_AND(LIST_TRANSFORM(RANGE(1, LEN($other), 2), LAMBDA k : {corner}))"
    return formula(f"{all_corners} AND NOT {_arcs(_CROSS)}", outline=outer, other=inner, **_EDGE)


def area(outline: exp.Expr) -> exp.Expr:
    """Return the solid angle of an outline, in square degrees."""
    text = _with(_in_frame(_SOLID_ANGLE), ra="$outline[1]", dec="$outline[2]")
    return formula(f"ABS({text}) * {math.degrees(math.degrees(1))!r}", outline=outline)


def centroid(outline: exp.Expr) -> exp.Expr:
    """Return the centre of gravity of an outline, as a list of longitude and latitude."""
    # The integral of the direction over the inside is half the sum of the edges' poles, each as long as
    # its edge (Brock 1975).
    pole = _of_edge(
        f"LIST_TRANSFORM([{_POLE}], LAMBDA p : LIST_TRANSFORM("
        "[SQRT(p['e'] * p['e'] + p['n'] * p['n'] + p['f'] * p['f'])], LAMBDA l : "
        "CASE WHEN l = 0 THEN 0 ELSE p['$axis'] * ATAN2(l, a.e * b.e + a.n * b.n + a.f * b.f) / l END)[1])[1]"
    )
    each = f"LIST_SUM(LIST_TRANSFORM({_STEPS}, LAMBDA i : {pole}))"
    sums = ", ".join(f"{axis} := {_with(each, axis=axis)}" for axis in "enf")
    turned = ", ".join(f"{axis} := m['{axis}'] * SIGN(m['w'])" for axis in "enf")
    text = (
        f"LIST_TRANSFORM([LIST_TRANSFORM([STRUCT_PACK({sums}, w := {_SOLID_ANGLE})], LAMBDA m : "
        f"STRUCT_PACK({turned}))[1]], LAMBDA m : {_FROM_FRAME})[1]"
    )
    return formula(_with(_in_frame(text), ra="$outline[1]", dec="$outline[2]"), outline=outline)


# The position of a direction in the frame of a point.
_FROM_FRAME = (
    "LIST_TRANSFORM([STRUCT_PACK("
    "x := m['f'] * COS(RADIANS($dec)) - m['n'] * SIN(RADIANS($dec)), y := m['e'], "
    "z := m['f'] * SIN(RADIANS($dec)) + m['n'] * COS(RADIANS($dec)))], LAMBDA u : "
    "[$ra + DEGREES(ATAN2(u['y'], u['x'])) - 360 * FLOOR(($ra + DEGREES(ATAN2(u['y'], u['x']))) / 360), "
    "DEGREES(ATAN2(u['z'], SQRT(u['x'] * u['x'] + u['y'] * u['y'])))])[1]"
)


def box_outline(centre: PointShape, width: exp.Expr, height: exp.Expr) -> exp.Expr:
    """Return the outline of ADQL's BOX; NULL for a size that is not between 0 and 180 degrees."""
    # On the plane that touches the sphere at the centre, the box is a rectangle.
    corners = "[[-1, -1], [1, -1], [1, 1], [-1, 1]]"
    vector = (
        "STRUCT_PACK(e := c[1] * TAN(RADIANS($width) / 2), n := c[2] * TAN(RADIANS($height) / 2), f := 1e0)"
    )
    text = (
        f"FLATTEN(LIST_TRANSFORM({corners}, LAMBDA c : "
        f"LIST_TRANSFORM([{vector}], LAMBDA m : {_FROM_FRAME})[1]))"
    )
    fits = "$width > 0 AND $width < 180 AND $height > 0 AND $height < 180"
    return formula(
        f"CASE WHEN {fits} THEN {text} END", ra=centre.ra, dec=centre.dec, width=width, height=height
    )
