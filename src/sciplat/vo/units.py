"""Units: products, quotients and powers of their names, and factors between them (VOUnits 1.1).

Names are put together letter by letter and nothing is known of them, which is cheap enough for every
column of every query. Only a factor needs astropy, which is imported when one is first asked for.
"""

from __future__ import annotations

import re
import warnings
from fractions import Fraction
from functools import lru_cache
from threading import Lock

__all__ = ["UnknownUnitError", "conversion", "power", "product", "same"]

_FACTOR = re.compile(r"([A-Za-zµ%]+)(?:\^?(-?\d{1,3})|\^\((-?\d{1,3})\))?")
_BETWEEN = re.compile(r"\s*[.*]\s*|\s+")
_Powers = tuple[tuple[str, Fraction], ...]


class UnknownUnitError(ValueError):
    """A text that is no unit."""


@lru_cache(maxsize=1024)
def _parse(text: str) -> _Powers | None:
    """Return the names in a unit with their powers; None where it has more than names and powers."""
    above, slash, below = text.strip().replace("**", "^").partition("/")
    factors = [] if above in ("", "1") else _factors(above)
    divisors: list[tuple[str, int]] | None = []
    if slash:
        bracketed = below.startswith("(") and below.endswith(")")
        divisors = _factors(below[1:-1] if bracketed else below)
        if divisors is not None and len(divisors) > 1 and not bracketed:
            return None
    if factors is None or divisors is None:
        return None
    powers: dict[str, Fraction] = {}
    for name, exponent in [*factors, *((name, -exponent) for name, exponent in divisors)]:
        powers[name] = powers.get(name, Fraction(0)) + exponent
    return tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent))


def _factors(text: str) -> list[tuple[str, int]] | None:
    found = [_FACTOR.fullmatch(part) for part in _BETWEEN.split(text.strip())]
    if any(match is None for match in found):
        return None
    return [(match[1], int(match[2] or match[3] or 1)) for match in found if match is not None]


def _written(powers: _Powers) -> str | None:
    """Return a unit as VOUnits 1.1, section 2.13, writes it; None for roots."""
    if any(exponent.denominator != 1 for _, exponent in powers):
        return None
    above = [_factor(name, exponent) for name, exponent in powers if exponent > 0]
    below = [_factor(name, -exponent) for name, exponent in powers if exponent < 0]
    if not above:
        return ".".join(_factor(name, exponent) for name, exponent in powers)
    if not below:
        return ".".join(above)
    return f"{'.'.join(above)}/{below[0] if len(below) == 1 else '(' + '.'.join(below) + ')'}"


def _factor(name: str, exponent: Fraction) -> str:
    return name if exponent == 1 else f"{name}**{exponent}"


def same(one: str | None, other: str | None) -> bool:
    """Tell whether two units are written alike or are the same product of names."""
    if one is None or other is None:
        return False
    if one == other:
        return True
    powers = _parse(one)
    return powers is not None and powers == _parse(other)


@lru_cache(maxsize=1024)
def product(one: str | None, other: str | None, sign: int = 1) -> str | None:
    """Return the unit of a product, or with ``sign`` -1 of a quotient; "" is no dimension, None not known.

    Examples
    --------
    >>> product("mas", "yr", -1), product("nJy", "nJy"), product("deg", "deg", -1)
    ('mas/yr', 'nJy**2', '')
    """
    if one is None or other is None:
        return None
    if other == "":
        return one
    if one == "" and sign == 1:
        return other
    first, second = _parse(one), _parse(other)
    if first is None or second is None:
        return None
    powers = dict(first)
    for name, exponent in second:
        powers[name] = powers.get(name, Fraction(0)) + sign * exponent
    return _written(tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent)))


@lru_cache(maxsize=1024)
def power(unit: str | None, exponent: Fraction) -> str | None:
    """Return the unit of a power or root of a value."""
    if unit is None or unit == "":
        return unit
    powers = _parse(unit)
    if powers is None:
        return None
    return _written(tuple((name, each * exponent) for name, each in powers if each * exponent))


_PARSING = Lock()


@lru_cache(maxsize=1024)
def conversion(source: str, target: str) -> tuple[float, bool] | None:
    """Return the factor between two units, and whether to divide by it; None where there is none.

    Of a factor and its inverse the whole number is taken: arcsec are degrees divided by 3600.

    Raises
    ------
    UnknownUnitError
        One of them is no unit; its text is the argument.
    """
    first, second = _unit(source), _unit(target)
    try:
        factor, inverse = float(first.to(second)), float(second.to(first))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - astropy's errors are known only after its import
        return None
    if abs(inverse - round(inverse)) < 1e-12 * inverse and inverse > 1:
        return float(round(inverse)), True
    if abs(factor - round(factor)) < 1e-12 * factor:
        factor = float(round(factor))
    return factor, False


def _unit(text: str) -> object:
    # Importing astropy takes longer than a hundred queries; few convert a unit.
    from astropy import units  # noqa: PLC0415

    # The filters of warnings are one for the process, hence the lock.
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for standard in ("vounit", "generic"):
            try:
                found: object = units.Unit(text, format=standard, parse_strict="raise")
            except (ValueError, TypeError):
                continue
            return found
    raise UnknownUnitError(text)
