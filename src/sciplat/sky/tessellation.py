"""A skymap: the sky cut into tracts, and tracts into patches, on which coadds are made.

A tract is a plane that touches the sphere (TAN, Calabretta & Greisen 2002, section 5.1.3) with square
pixels, and a patch a rectangle of these pixels. Tracts overlap, and so do patches. But each direction
lies in the inner region of one tract and there of one patch alone, so that nothing is counted twice.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS

from sciplat.errors import UsageError
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Polygon

__all__ = ["Bounds", "Field", "Patch", "Rings", "Tessellation", "Tract"]

Numbers = npt.NDArray[np.float64]

Bounds = tuple[int, int, int, int]
"""Pixels ``x0 <= x < x1`` and ``y0 <= y < y1``, counted from 0: ``(x0, y0, x1, y1)``."""

_FURTHEST = 80.0
"""Degrees from the centre of a tract, beyond which no pixel coordinates are used: the plane ends at 90."""


@dataclass(frozen=True)
class Patch:
    """A rectangle of a tract's pixels."""

    tract: Tract
    id: int
    """Counted along x, then y: ``cell_y * tract.columns + cell_x``."""

    @property
    def cell_x(self) -> int:
        """The column of the patch in its tract."""
        return self.id % self.tract.columns

    @property
    def cell_y(self) -> int:
        """The row of the patch in its tract."""
        return self.id // self.tract.columns

    @property
    def inner(self) -> Bounds:
        """The pixels that belong to this patch alone."""
        size = self.tract.patch_size
        x, y = self.cell_x * size, self.cell_y * size
        return x, y, x + size, y + size

    @property
    def outer(self) -> Bounds:
        """The inner pixels and the border, which neighbours have too; it ends where the tract ends."""
        (x0, y0, x1, y1), border = self.inner, self.tract.patch_border
        width, height = self.tract.size
        return max(x0 - border, 0), max(y0 - border, 0), min(x1 + border, width), min(y1 + border, height)

    @cached_property
    def region(self) -> Polygon:
        """The outer pixels on the sky."""
        return self.tract.polygon(self.outer)


@dataclass(frozen=True)
class Tract:
    """A plane that touches the sphere at ``centre``, north up and east to the left, cut into patches."""

    id: int
    centre: Position
    scale: float
    """Degrees a pixel, at the centre."""

    columns: int
    """Patches along x."""

    rows: int
    """Patches along y."""

    patch_size: int
    """Pixels along each side of the inner region of a patch."""

    patch_border: int
    """Pixels around it that neighbours share."""

    @property
    def size(self) -> tuple[int, int]:
        """Pixels along x, and along y."""
        return self.columns * self.patch_size, self.rows * self.patch_size

    @property
    def crpix(self) -> tuple[float, float]:
        """Where the centre lies, in pixels that are counted from 1 (FITS)."""
        return self.size[0] / 2 + 0.5, self.size[1] / 2 + 0.5

    @property
    def wcs(self) -> WCS:
        """The world coordinate system of the whole tract: ICRS, TAN; pixel (1, 1) of FITS is (0, 0) here."""
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.cunit = ["deg", "deg"]
        wcs.wcs.crval = [self.centre.ra, self.centre.dec]
        wcs.wcs.crpix = list(self.crpix)
        wcs.wcs.cdelt = [-self.scale, self.scale]
        wcs.wcs.lonpole = 180.0  # the default is another at the north pole
        wcs.wcs.radesys = "ICRS"
        wcs.wcs.set()
        wcs.array_shape = self.size[::-1]
        return wcs

    @cached_property
    def region(self) -> Polygon:
        """All pixels on the sky; the inner region lies in it."""
        return self.polygon((0, 0, *self.size))

    def to_pixels(self, ra: Numbers, dec: Numbers) -> tuple[Numbers, Numbers]:
        """Return where directions lie, in pixels counted from 0; NaN for what lies beyond the plane.

        Parameters
        ----------
        ra, dec
            ICRS degrees.
        """
        ra_off, dec_rad, of = np.radians(ra - self.centre.ra), np.radians(dec), math.radians(self.centre.dec)
        sin_dec, cos_dec = np.sin(dec_rad), np.cos(dec_rad)
        forward = math.sin(of) * sin_dec + math.cos(of) * cos_dec * np.cos(ra_off)
        forward = np.where(forward > math.cos(math.radians(_FURTHEST)), forward, np.nan)
        east = cos_dec * np.sin(ra_off) / forward
        north = (math.cos(of) * sin_dec - math.sin(of) * cos_dec * np.cos(ra_off)) / forward
        step = math.radians(self.scale)
        return self.crpix[0] - 1 - east / step, self.crpix[1] - 1 + north / step

    def to_sky(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Return the directions of pixels counted from 0, in ICRS degrees, ``0 <= ra < 360``."""
        step, of = math.radians(self.scale), math.radians(self.centre.dec)
        east = -(x - (self.crpix[0] - 1)) * step
        north = (y - (self.crpix[1] - 1)) * step
        along = math.cos(of) - north * math.sin(of)
        ra = self.centre.ra + np.degrees(np.arctan2(east, along))
        dec = np.degrees(np.arctan2(math.sin(of) + north * math.cos(of), np.hypot(east, along)))
        return np.mod(ra, 360.0), dec

    def polygon(self, pixels: Bounds) -> Polygon:
        """Return the part of the sky that some pixels cover, to their outer edges.

        It is exact: lines on the plane are great circles.
        """
        x0, y0, x1, y1 = pixels
        x = np.array([x0, x1, x1, x0], dtype=float) - 0.5
        y = np.array([y0, y0, y1, y1], dtype=float) - 0.5
        return Polygon(tuple(Position(float(a), float(d)) for a, d in zip(*self.to_sky(x, y), strict=True)))

    def patch(self, number: int) -> Patch:
        """Return the patch with this id.

        Raises
        ------
        UsageError
            There is none.
        """
        if not 0 <= number < self.columns * self.rows:
            raise UsageError(f"Tract {self.id} has patches 0 to {self.columns * self.rows - 1}, not {number}")
        return Patch(self, number)

    def patches(self) -> Iterator[Patch]:
        """Yield all patches, by id."""
        return (Patch(self, number) for number in range(self.columns * self.rows))

    def patch_at(self, position: Position) -> Patch | None:
        """Return the patch in whose inner region a direction lies, or None where the tract ends before."""
        x, y = self.to_pixels(np.array(position.ra), np.array(position.dec))
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        column, row = (math.floor((along + 0.5) / self.patch_size) for along in (float(x), float(y)))
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        return Patch(self, row * self.columns + column)

    def patches_on(self, region: Polygon) -> list[Patch]:
        """Return the patches whose outer regions meet a polygon, by id."""
        columns, rows = self._cells_near(region)
        near = (Patch(self, row * self.columns + column) for row in rows for column in columns)
        return [patch for patch in near if patch.region.meets(region)]

    def _cells_near(self, region: Polygon) -> tuple[range, range]:
        """Return the columns and rows of patches that may meet a polygon."""
        ra, dec = np.array([(corner.ra, corner.dec) for corner in region.corners]).T
        corners = self.to_pixels(ra, dec)
        if not np.isfinite(corners[0]).all():
            return range(self.columns), range(self.rows)

        def reached(along: Numbers, count: int) -> range:
            first = (along.min() + 0.5 - self.patch_border) // self.patch_size
            last = (along.max() + 0.5 + self.patch_border) // self.patch_size
            return range(max(0, min(count, int(first))), max(0, min(count, int(last) + 1)))

        return reached(corners[0], self.columns), reached(corners[1], self.rows)


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
