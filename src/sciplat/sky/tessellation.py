"""A skymap: the sky cut into tracts, on whose patches coadds are made.

Tracts overlap, and so do patches. But each direction lies in the inner region of one tract and there of one
patch alone, so that nothing is counted twice.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sciplat.errors import UsageError
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Polygon
from sciplat.sky.tract import Numbers, Tract

__all__ = ["Field", "Rings", "Tessellation"]


@dataclass(frozen=True)
class _Grid:
    """How all tracts of a tessellation are made."""

    name: str
    scale: float
    """Degrees a pixel, at the centre of a tract."""

    patch_size: int = 4000
    patch_border: int = 100

    def _check(self) -> None:
        if not (self.scale > 0 and self.patch_size > 0 and 0 <= self.patch_border <= self.patch_size):
            raise UsageError(
                f"Tessellation {self.name!r}: scale and patch size must be more than 0, "
                "and a border at most as wide as a patch"
            )

    def _tract(self, number: int, centre: Position, width: float, height: float) -> Tract:
        """Return a tract that covers at least so many degrees of its plane."""
        degrees = self.scale * self.patch_size
        # An inner region may end exactly where a patch does; rounding must not put its edge outside.
        columns, rows = (max(1, math.ceil(side / degrees + 1e-6)) for side in (width, height))
        return Tract(number, centre, self.scale, columns, rows, self.patch_size, self.patch_border)

    @property
    def digest(self) -> bytes:
        """20 bytes that only tessellations with the same tracts and patches share."""
        facts = repr((type(self).__name__, *(v for k, v in sorted(vars(self).items()) if k in self._facts)))
        return hashlib.sha1(facts.encode(), usedforsecurity=False).digest()

    @property
    def _facts(self) -> frozenset[str]:
        """The fields that say where tracts and patches lie."""
        return frozenset({"scale", "patch_size", "patch_border"})


@dataclass(frozen=True)
class Field(_Grid):
    """One tract around a field, which is tract 0; the rest of the sky belongs to none.

    Raises
    ------
    UsageError
        The field is wider than a plane can show, or pixels and patches have no size.
    """

    centre: Position = field(default_factory=lambda: Position(0.0, 0.0))
    width: float = 1.0
    """Degrees from east to west, at the centre; patches at the edge reach beyond it."""

    height: float = 1.0
    """Degrees from south to north."""

    def __post_init__(self) -> None:
        self._check()
        if not (0 < self.width <= 90 and 0 < self.height <= 90):
            raise UsageError(f"Tessellation {self.name!r}: a field is at most 90 degrees wide and high")

    @property
    def _facts(self) -> frozenset[str]:
        return frozenset({"scale", "patch_size", "patch_border", "centre", "width", "height"})

    @property
    def count(self) -> int:
        """How many tracts there are."""
        return 1

    @property
    def largest(self) -> tuple[int, int]:
        """The most columns and rows of patches that a tract has."""
        return self._only.columns, self._only.rows

    @cached_property
    def _only(self) -> Tract:
        flat = [2 * math.degrees(math.tan(math.radians(side / 2))) for side in (self.width, self.height)]
        return self._tract(0, self.centre, *flat)

    def tract(self, number: int) -> Tract:
        """Return the tract with this id, which must be 0.

        Raises
        ------
        UsageError
            There is none.
        """
        if number != 0:
            raise UsageError(f"Tessellation {self.name!r} has tract 0 only, not {number}")
        return self._only

    def tract_at(self, position: Position) -> Tract | None:
        """Return the tract in whose inner region a direction lies, or None outside of the field."""
        return None if self._only.patch_at(position) is None else self._only

    def tracts_on(self, region: Polygon) -> list[Tract]:
        """Return the tracts that meet a polygon."""
        return [self._only] if self._only.region.meets(region) else []


@dataclass(frozen=True)
class Rings(_Grid):
    """The whole sky: a tract on each pole, and rings of tracts between parallels.

    The inner region of a tract lies between two parallels and two meridians (that of a polar one
    within a parallel). Ids run from the south pole, 0, ring by ring to the north, and in a ring by
    right ascension; the first tract of each has its centre at right ascension 0.

    Raises
    ------
    UsageError
        There are fewer than three rings, or pixels and patches have no size.
    """

    rings: int = 120
    overlap: float = 1 / 60
    """Degrees by which a tract's pixels reach beyond its inner region, at least."""

    def __post_init__(self) -> None:
        self._check()
        if self.rings < 3 or self.overlap < 0:
            raise UsageError(f"Tessellation {self.name!r}: three rings at least, and no negative overlap")

    @property
    def _facts(self) -> frozenset[str]:
        return frozenset({"scale", "patch_size", "patch_border", "rings", "overlap"})

    @property
    def height(self) -> float:
        """Degrees of declination of a ring; each polar tract has half of it."""
        return 180.0 / (self.rings + 1)

    @property
    def count(self) -> int:
        """How many tracts there are."""
        return self._firsts[-1] + 1

    @cached_property
    def largest(self) -> tuple[int, int]:
        """The most columns and rows of patches that a tract has."""
        firsts = [self.tract(number) for number in self._firsts]
        return max(t.columns for t in firsts), max(t.rows for t in firsts)

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        """How many tracts each ring has: so many that none is wider than high at its wider edge."""
        numbers = []
        for ring in range(self.rings):
            south, north = self._parallels(ring)
            widest = 0.0 if south < 0 < north else min(abs(south), abs(north))
            numbers.append(max(3, math.ceil(360.0 * math.cos(math.radians(widest)) / self.height)))
        return tuple(numbers)

    @cached_property
    def _firsts(self) -> tuple[int, ...]:
        """The ids of the southern tract, of the first tract of each ring, and of the northern tract."""
        firsts = [0, 1]
        for number in self._numbers:
            firsts.append(firsts[-1] + number)
        return tuple(firsts)

    def _parallels(self, ring: int) -> tuple[float, float]:
        """Return the declinations between which a ring lies."""
        return -90 + self.height * (ring + 0.5), -90 + self.height * (ring + 1.5)

    def tract(self, number: int) -> Tract:
        """Return the tract with this id.

        Raises
        ------
        UsageError
            There is none.
        """
        if not 0 <= number < self.count:
            raise UsageError(f"Tessellation {self.name!r} has tracts 0 to {self.count - 1}, not {number}")
        more = 2 * self.overlap
        if number in (0, self.count - 1):
            side = 2 * math.degrees(math.tan(math.radians(self.height / 2))) + more
            return self._tract(number, Position(0.0, -90.0 if number == 0 else 90.0), side, side)
        ring = int(np.searchsorted(self._firsts, number, side="right")) - 2
        south, north = self._parallels(ring)
        turn = 360.0 / self._numbers[ring]
        centre = Position((number - self._firsts[ring + 1]) * turn, (south + north) / 2)
        # Meridians are lines on the plane, and along a parallel the extremes lie at its middle and its ends.
        plane = Tract(number, centre, 1.0, 1, 1, 1, 0)
        x, y = plane.to_pixels(
            centre.ra + np.array([0, 0, 0.5, 0.5]) * turn, np.array([south, north, south, north])
        )
        width, height = (2 * float(abs(side).max()) + more for side in (x, y))
        return self._tract(number, centre, width, height)

    def tract_at(self, position: Position) -> Tract:
        """Return the tract in whose inner region a direction lies."""
        ring = math.floor((position.dec + 90) / self.height - 0.5)
        if ring < 0 or ring >= self.rings:
            return self.tract(0 if ring < 0 else self.count - 1)
        count = self._numbers[ring]
        place = math.floor(position.ra % 360.0 / 360.0 * count + 0.5) % count
        return self.tract(self._firsts[ring + 1] + place)

    @cached_property
    def _centres(self) -> Numbers:
        """The directions of all tracts' centres, as unit vectors."""
        dec = [-90.0, *(sum(self._parallels(ring)) / 2 for ring in range(self.rings)), 90.0]
        numbers = [1, *self._numbers, 1]
        decs = np.radians(np.repeat(dec, numbers))
        ras = np.radians(np.concatenate([np.arange(count) * 360.0 / count for count in numbers]))
        return np.stack([np.cos(decs) * np.cos(ras), np.cos(decs) * np.sin(ras), np.sin(decs)], axis=1)

    @cached_property
    def _reach(self) -> float:
        """Degrees from the centre of any tract to its furthest corner."""
        tracts = (self.tract(number) for number in self._firsts)
        return max(separation(tract.centre, corner) for tract in tracts for corner in tract.region.corners)

    def tracts_on(self, region: Polygon) -> list[Tract]:
        """Return the tracts that meet a polygon, by id."""
        around = region.circle_around
        reach = around.radius + self._reach
        if reach < 180:
            near = self._centres @ np.array(around.centre.vector) >= math.cos(math.radians(reach)) - 1e-12
            numbers = np.flatnonzero(near).tolist()
        else:
            numbers = list(range(self.count))
        return [tract for tract in map(self.tract, numbers) if tract.region.meets(region)]


Tessellation = Field | Rings
