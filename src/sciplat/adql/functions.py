"""The functions of a query, as one table: ADQL 2.1's own, and those beyond it."""

from __future__ import annotations

from sciplat.adql.signatures import ANY, NUMBER, POINT, REGION, SAME, SYSTEM, TEXT, Function, adql
from sciplat.adql.user_functions import USER_DEFINED

__all__ = ["AGGREGATES", "FUNCTIONS", "OPTIONAL_SYSTEM", "Function", "nearest"]


def _number(name: str, sql: str | None = None, *, kind: str = "float", unit: str | None = None) -> Function:
    return adql(f"{name}(number)", "n", NUMBER, sql or name, kind=kind, takes="n", unit=unit)


_NUMBERS = [
    _number("ABS", kind=SAME, unit=SAME),
    _number("CEILING", "CEIL", unit=SAME),
    _number("DEGREES", unit="deg"),
    _number("EXP"),
    _number("FLOOR", unit=SAME),
    # Where the engine would stop a query for one bad row, that row has NULL.
    _number("LOG", "CASE WHEN $1 > 0 THEN LN($1) END"),
    _number("LOG10", "CASE WHEN $1 > 0 THEN LOG($1) END"),
    _number("RADIANS", unit="rad"),
    _number("SQRT", "CASE WHEN $1 >= 0 THEN SQRT($1) END"),
    _number("ACOS", "CASE WHEN $1 BETWEEN -1 AND 1 THEN ACOS($1) END", unit="rad"),
    _number("ASIN", "CASE WHEN $1 BETWEEN -1 AND 1 THEN ASIN($1) END", unit="rad"),
    _number("ATAN", unit="rad"),
    _number("COS"),
    _number("COT"),
    _number("SIN"),
    _number("TAN"),
]

_PLACES = f"{NUMBER}[di]?"
_OTHERS = [
    adql("PI()", "n", "", "PI"),
    adql("RAND() or RAND(seed), the seed an unsigned integer", "n", "d?"),
    adql("POWER(number, number)", "n", NUMBER * 2, "POW", takes="nn"),
    adql("MOD(number, number)", "n", NUMBER * 2, unit=SAME),
    adql("ATAN2(number, number)", "n", NUMBER * 2, "ATAN2", takes="nn", unit="rad"),
    adql("ROUND(number) or ROUND(number, n), n an integer as written", "n", _PLACES, kind=SAME, unit=SAME),
    adql(
        "TRUNCATE(number) or TRUNCATE(number, n), n an integer as written", "n", _PLACES, kind=SAME, unit=SAME
    ),
    adql("LOWER(text)", "s", TEXT, "LOWER", kind="text", takes="t"),
    adql("UPPER(text)", "s", TEXT, "UPPER", kind="text", takes="t"),
    adql("COALESCE(value, ...)", "c", f"{ANY}+"),
    adql("IN_UNIT(number, 'unit')", "n", f"{NUMBER}l"),
    adql(
        "POINT(longitude, latitude) or POINT('ICRS', longitude, latitude)",
        "p",
        f"{SYSTEM}(?!l){NUMBER}{{2}}",
        kind="point",
    ),
    adql(
        "CIRCLE(longitude, latitude, radius), CIRCLE(point, radius), or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:{NUMBER}{{2}}|{POINT}){NUMBER}",
        kind="circle",
    ),
    adql(
        "BOX(longitude, latitude, width, height), BOX(point, width, height), or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:{NUMBER}{{2}}|{POINT}){NUMBER}{{2}}",
        kind="polygon",
    ),
    adql(
        "POLYGON(longitude, latitude, longitude, latitude, longitude, latitude, ...) with three corners or "
        "more, or points in their place, or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:(?:{NUMBER}{{2}}){{3,}}|{POINT}{{3,}})",
        kind="polygon",
    ),
    adql("REGION('text')", "g", "l"),
    adql("CENTROID(region)", "p", REGION, kind="point"),
    adql("AREA(region)", "n", REGION, unit="deg2", ucd="phys.angArea"),
    adql("COORD1(point)", "n", POINT, unit="deg", ucd="pos.eq.ra"),
    adql("COORD2(point)", "n", POINT, unit="deg", ucd="pos.eq.dec"),
    adql("COORDSYS(region)", "s", REGION, kind="text"),
    adql("CONTAINS(region, region)", "n", REGION * 2, kind="integer"),
    adql("INTERSECTS(region, region)", "n", REGION * 2, kind="integer"),
    adql(
        "DISTANCE(point, point) or DISTANCE(longitude, latitude, longitude, latitude)",
        "n",
        f"{POINT}{{2}}|{NUMBER}{{4}}",
        unit="deg",
        ucd="pos.angDistance",
    ),
]

FUNCTIONS: dict[str, Function] = {
    function.name.upper(): function for function in [*_NUMBERS, *_OTHERS, *USER_DEFINED]
}
"""Every known function by its name in upper case. Any other plain name may be a function elsewhere."""

AGGREGATES = frozenset({"AVG", "COUNT", "MAX", "MIN", "SUM"})

OPTIONAL_SYSTEM = frozenset({"POINT", "CIRCLE", "BOX", "POLYGON"})
"""Functions whose first argument may be the name of a coordinate system."""


def nearest(word: str, candidates: object, *, count: int = 3) -> list[str]:
    """Return the candidates most like ``word``, best first; case doesn't matter."""
    # Importing difflib takes as long as parsing twenty queries; only an error needs it.
    from difflib import SequenceMatcher  # noqa: PLC0415

    wanted = word.upper()
    scored: list[tuple[float, str]] = []
    for candidate in candidates:  # type: ignore[attr-defined]
        matcher = SequenceMatcher(None, wanted, candidate.upper())
        # real_quick_ratio and quick_ratio are upper bounds: they spare the slow one for most names.
        if (
            matcher.real_quick_ratio() > 0.6
            and matcher.quick_ratio() > 0.6
            and (ratio := matcher.ratio()) > 0.6
        ):
            scored.append((-ratio, candidate))
    return [name for _, name in sorted(scored)[:count]]
