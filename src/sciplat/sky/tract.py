"""A tract: a plane that touches the sphere, with square pixels, and the patches into which it is cut.

The projection is TAN (Calabretta & Greisen 2002, section 5.1.3). Patches overlap, but each pixel lies in the
inner region of one patch alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS

from sciplat.errors import UsageError
from sciplat.sky.position import Position
from sciplat.sky.region import Polygon

__all__ = ["Bounds", "Patch", "Tract"]

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
