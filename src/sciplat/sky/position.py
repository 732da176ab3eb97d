"""Directions on the sky."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Position", "Vector", "cross", "dot", "separation"]

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Position:
    """A direction on the sky."""

    ra: float
    """Right ascension, ICRS degrees."""

    dec: float
    """Declination, ICRS degrees, -90 to 90."""

    @property
    def vector(self) -> Vector:
        """The unit vector of this direction."""
        ra, dec = math.radians(self.ra), math.radians(self.dec)
        return (math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec))

    @classmethod
    def from_vector(cls, vector: Vector) -> Position:
        """Return the direction of a vector of any length but 0."""
        x, y, z = vector
        return cls(math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y))))


def separation(a: Position, b: Position) -> float:
    """Return the angle between two directions, in degrees.

    The haversine form keeps its precision for the arcsecond separations that cross-matches ask
    for, where the arccos of a dot product loses it.

    Examples
    --------
    >>> round(separation(Position(359.5, 0.0), Position(0.5, 0.0)), 9)
    1.0
    """
    dec_a, dec_b = math.radians(a.dec), math.radians(b.dec)
    half_ra, half_dec = math.radians(b.ra - a.ra) / 2, math.radians(b.dec - a.dec) / 2
    haversine = math.sin(half_dec) ** 2 + math.cos(dec_a) * math.cos(dec_b) * math.sin(half_ra) ** 2
    return 2 * math.degrees(math.asin(math.sqrt(min(1.0, haversine))))


def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
