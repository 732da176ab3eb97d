"""The functions of ADQL 2.1 as one table of signatures.

An argument has a *kind*, one letter:

====  =======================================  ====  ===============================================
kind  argument                                 kind  argument
====  =======================================  ====  ===============================================
d     unsigned integer, as written             s     text that is computed
f     unsigned decimal number, as written      p     POINT or CENTROID
i     signed integer, as written               g     another region: CIRCLE, BOX, POLYGON, REGION
n     number that is computed                  c     column, or anything else of a type not yet known
l     text, as written                         0     NULL
====  =======================================  ====  ===============================================

A signature is a regular expression over the letters of all arguments. A literal text may stand for
a number (``POINT('ICRS', x, 'sy')`` is in the IVOA's validator set as valid).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sciplat.adql.tokens import words

__all__ = ["AGGREGATES", "FUNCTIONS", "OPTIONAL_SYSTEM", "Function", "nearest"]

NUMBER = "[dfinlc]"
TEXT = "[lsc0]"
POINT = "[pc]"
REGION = "[pgc]"
ANY = "[dfinlspgc0]"

# A coordinate system: a text as written, or NULL, in first place. Deprecated in ADQL 2.1, still read.
SYSTEM = "[l0]?"  # What follows it is no text: CIRCLE('ICRS', 2, 3) lacks its radius.


@dataclass(frozen=True, slots=True)
class Function:
    """How one function may be called."""

    name: str
    signature: re.Pattern[str]
    result: str
    """The kind of its value."""

    usage: str
    """The call as an error message shows it."""

    def accepts(self, kinds: str) -> bool:
        """Tell whether arguments of these kinds are right."""
        return self.signature.fullmatch(kinds) is not None


def _function(usage: str, result: str, signature: str) -> Function:
    return Function(usage.partition("(")[0], re.compile(signature), result, usage)


_NUMERIC = [
    _function(f"{name}(number)", "n", NUMBER)
    for name in sorted(
        words("ABS CEILING DEGREES EXP FLOOR LOG LOG10 RADIANS SQRT ACOS ASIN ATAN COS COT SIN TAN")
    )
]

_OTHERS = [
    _function("PI()", "n", ""),
    _function("RAND() or RAND(seed), the seed an unsigned integer", "n", "d?"),
    _function("POWER(number, number)", "n", NUMBER * 2),
    _function("MOD(number, number)", "n", NUMBER * 2),
    _function("ATAN2(number, number)", "n", NUMBER * 2),
    _function("ROUND(number) or ROUND(number, n), n an integer as written", "n", f"{NUMBER}[di]?"),
    _function("TRUNCATE(number) or TRUNCATE(number, n), n an integer as written", "n", f"{NUMBER}[di]?"),
    _function("LOWER(text)", "s", TEXT),
    _function("UPPER(text)", "s", TEXT),
    _function("COALESCE(value, ...)", "c", f"{ANY}+"),
    _function("IN_UNIT(number, 'unit')", "n", f"{NUMBER}l"),
    _function(
        "POINT(longitude, latitude) or POINT('ICRS', longitude, latitude)", "p", f"{SYSTEM}(?!l){NUMBER}{{2}}"
    ),
    _function(
        "CIRCLE(longitude, latitude, radius), CIRCLE(point, radius), or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:{NUMBER}{{2}}|{POINT}){NUMBER}",
    ),
    _function(
        "BOX(longitude, latitude, width, height), BOX(point, width, height), or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:{NUMBER}{{2}}|{POINT}){NUMBER}{{2}}",
    ),
    _function(
        "POLYGON(longitude, latitude, longitude, latitude, longitude, latitude, ...) with three corners or "
        "more, or points in their place, or either with 'ICRS' first",
        "g",
        f"{SYSTEM}(?!l)(?:(?:{NUMBER}{{2}}){{3,}}|{POINT}{{3,}})",
    ),
    _function("REGION('text')", "g", "l"),
    _function("CENTROID(region)", "p", REGION),
    _function("AREA(region)", "n", REGION),
    _function("COORD1(point)", "n", POINT),
    _function("COORD2(point)", "n", POINT),
    _function("COORDSYS(region)", "s", REGION),
    _function("CONTAINS(region, region)", "n", REGION * 2),
    _function("INTERSECTS(region, region)", "n", REGION * 2),
    _function(
        "DISTANCE(point, point) or DISTANCE(longitude, latitude, longitude, latitude)",
        "n",
        f"{POINT}{{2}}|{NUMBER}{{4}}",
    ),
]

_USER_DEFINED = [
    _function("ivo_healpix_index(order, point) or ivo_healpix_index(order, longitude, latitude)", "n",
              f"{NUMBER}(?:{POINT}|{NUMBER}{{2}})"),
    _function("scisql_nanojanskyToAbMag(flux)", "n", NUMBER),
    _function("scisql_nanojanskyToAbMagSigma(flux, fluxErr)", "n", NUMBER * 2),
]  # fmt: skip

FUNCTIONS: dict[str, Function] = {
    function.name.upper(): function for function in [*_NUMERIC, *_OTHERS, *_USER_DEFINED]
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
