"""Regions in the words of the IVOA's protocols: ``CIRCLE``, ``POLYGON``, ``RANGE`` and ``POS``.

Source: DALI 1.1, section 3.3; SODA 1.0, section 3.3; SIA 2.0, section 2.1.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sciplat.errors import UsageError
from sciplat.sky.position import Position
from sciplat.sky.region import MOST_CORNERS, Circle, Polygon

__all__ = ["Range", "Shape", "circle", "polygon", "pos", "words"]


@dataclass(frozen=True, slots=True)
class Range:
    """All directions between two meridians and two parallels, the edges included."""

    ra: tuple[float, float]
    """Degrees; where the first is larger than the second, the range runs over RA 0."""

    dec: tuple[float, float]
    """Degrees, -90 to 90."""

    @property
    def width(self) -> float:
        """Degrees from the first meridian to the second."""
        first, second = self.ra
        return 360.0 if second - first >= 360 else (second - first) % 360

    def contains(self, position: Position) -> bool:
        """Tell whether a direction lies in the range."""
        south, north = self.dec
        return south <= position.dec <= north and (position.ra - self.ra[0]) % 360 <= self.width


Shape = Circle | Polygon | Range


def pos(text: str) -> Shape:
    """Return the region of a parameter ``POS``: ``CIRCLE 12.0 34.0 0.5`` and the like.

    Raises
    ------
    UsageError
        The text is no such region; the message says what is wrong.
    """
    kind, _, numbers = text.strip().partition(" ")
    match kind.upper():
        case "CIRCLE":
            return circle(numbers)
        case "POLYGON":
            return polygon(numbers)
        case "RANGE":
            return _range(numbers)
        case _:
            raise UsageError(
                "POS begins with CIRCLE, POLYGON or RANGE, such as 'CIRCLE 12.0 34.0 0.5', "
                f"not with {kind[:40]!r}"
            )


def circle(text: str) -> Circle:
    """Return the region of a parameter ``CIRCLE``: right ascension, declination, radius, in degrees.

    Raises
    ------
    UsageError
        There are not three numbers, or one is out of its limits.
    """
    numbers = _numbers("CIRCLE", text)
    if len(numbers) != 3:
        raise UsageError(f"CIRCLE needs three numbers, RA, Dec and radius in degrees, not {len(numbers)}")
    ra, dec, radius = numbers
    if not 0 < radius <= 180:
        raise UsageError(f"The radius of CIRCLE must be more than 0 and at most 180 degrees, not {radius:g}")
    return Circle(_position("CIRCLE", ra, dec), radius)


def polygon(text: str) -> Polygon:
    """Return the region of a parameter ``POLYGON``: RA and Dec of each corner, in degrees.

    Raises
    ------
    UsageError
        The numbers are no pairs, or there are too few or too many; or the polygon crosses itself.
    """
    numbers = _numbers("POLYGON", text)
    corners = [_position("POLYGON", *pair) for pair in zip(numbers[::2], numbers[1::2], strict=False)]
    if len(corners) > 3 and corners[0] == corners[-1]:
        corners.pop()
    if len(numbers) % 2 or not 3 <= len(corners) <= MOST_CORNERS:
        raise UsageError(
            f"POLYGON needs RA and Dec of 3 to {MOST_CORNERS} corners in degrees, not {len(numbers)} numbers"
        )
    return Polygon(tuple(corners))


def words(shape: Shape) -> str:
    """Return a region as ``POS`` has it, with all digits."""
    match shape:
        case Circle(centre=centre, radius=radius):
            return f"CIRCLE {centre.ra!r} {centre.dec!r} {radius!r}"
        case Polygon(corners=corners):
            return "POLYGON " + " ".join(f"{corner.ra!r} {corner.dec!r}" for corner in corners)
        case Range(ra=ra, dec=dec):
            return f"RANGE {ra[0]!r} {ra[1]!r} {dec[0]!r} {dec[1]!r}"


def _range(text: str) -> Range:
    numbers = _numbers("RANGE", text, infinite=True)
    if len(numbers) != 4:
        raise UsageError(f"RANGE needs four numbers, RA from and to, Dec from and to, not {len(numbers)}")
    west, east, south, north = (
        end if number == outside else number
        for number, outside, end in zip(
            numbers, (-math.inf, math.inf, -math.inf, math.inf), (0.0, 360.0, -90.0, 90.0), strict=True
        )
    )
    if not (0 <= west <= 360 and 0 <= east <= 360):
        raise UsageError(f"RA in RANGE must be 0 to 360 degrees, not {numbers[0]:g} and {numbers[1]:g}")
    if not -90 <= south <= north <= 90:
        raise UsageError(
            "Dec in RANGE must be -90 to 90 degrees, the smaller first, "
            f"not {numbers[2]:g} and {numbers[3]:g}"
        )
    return Range((west, east), (south, north))


def _numbers(name: str, text: str, *, infinite: bool = False) -> list[float]:
    numbers = []
    for word in text.split():
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if math.isnan(number) or "_" in word or (math.isinf(number) and not infinite):
            raise UsageError(f"{name} takes numbers in degrees with blanks between them, not {word[:40]!r}")
        numbers.append(number)
    return numbers


def _position(name: str, ra: float, dec: float) -> Position:
    if not 0 <= ra <= 360:
        raise UsageError(f"RA in {name} must be 0 to 360 degrees, not {ra:g}")
    if not -90 <= dec <= 90:
        raise UsageError(f"Dec in {name} must be -90 to 90 degrees, not {dec:g}")
    return Position(ra, dec)
