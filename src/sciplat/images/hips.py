"""Tiles of a HiPS: the pixels of images on cells of HEALPix (HiPS 1.0).

A tile of order *k* has 512 by 512 cells of order *k* + 9. In its array ``[row, column]``, the lowest row
first as FITS has it, columns run to the north-west and rows to the south-west (section 4.2.1; the projection
HPX of FITS).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import cdshealpix.nested as healpix
import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Floats
from sciplat.images.layout import outline
from sciplat.images.pixels import Pixels
from sciplat.images.tiles import paired

__all__ = [
    "ALLSKY_ORDER",
    "WIDTH",
    "allsky",
    "cells_of",
    "directions",
    "folder_of",
    "header_of",
    "joined",
    "onto",
    "order_for",
    "tiles_under",
]

WIDTH = 512
"""Cells of a tile along each axis."""

ALLSKY_ORDER = 3
_ALLSKY_WIDTH = 64
_DEEPER = 9
_MOST_ORDER = 29 - _DEEPER
_MARGIN = 2
"""Pixels around those that are needed, for interpolation."""

Doubles = npt.NDArray[np.float64]


def order_for(pixel: float) -> int:
    """Return the order whose cells are nearest in size to pixels of so many degrees."""
    whole = math.degrees(math.sqrt(4 * math.pi / 12)) / WIDTH
    return min(max(0, round(math.log2(whole / pixel))), _MOST_ORDER)


def folder_of(order: int, tile: int) -> str:
    """Return where a tile lies, without the ending of its name (section 4.1)."""
    return f"Norder{order}/Dir{tile // 10_000 * 10_000}/Npix{tile}"


def tiles_under(wcs: WCS, shape: tuple[int, int], order: int) -> list[int]:
    """Return the tiles that an image may meet.

    Raises
    ------
    ImageFileError
        Some of its edge is nowhere on the sky.
    """
    corners = outline(wcs, shape)
    lon = Longitude([corner.ra for corner in corners], u.deg)
    lat = Latitude([corner.dec for corner in corners], u.deg)
    cells, _, _ = healpix.polygon_search(lon, lat, order, flat=True)
    return sorted(int(cell) for cell in cells)


def directions(order: int, tile: int) -> tuple[Doubles, Doubles]:
    """Return RA and Dec of the centres of a tile's cells, degrees, ``[row, column]``."""
    y, x = np.meshgrid(np.arange(WIDTH), np.arange(WIDTH - 1, -1, -1))
    cells = tile * WIDTH**2 + (_spread(x) | _spread(y) << 1)
    lon, lat = healpix.healpix_to_lonlat(cells.ravel().astype(np.uint64), order + _DEEPER)
    return lon.to_value(u.deg).reshape(x.shape), lat.to_value(u.deg).reshape(x.shape)


def cells_of(tile: int, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Return the cells, n orders finer, of a tile that are chosen in an array of 2ⁿ by 2ⁿ."""
    row, column = np.nonzero(chosen)
    x, y = chosen.shape[0] - 1 - row, column
    return np.asarray(tile * chosen.size + (_spread(x) | _spread(y) << 1), np.uint64)


def onto(source: Pixels, ra: Doubles, dec: Doubles) -> Floats | None:
    """Return the values of an image in some directions; None where it shows none of them.

    Values are interpolated between the four pixels around, over those that have a value, and NaN where less
    than half of the weight has.
    """
    x, y = (each.reshape(ra.shape) for each in world.pixels(source.wcs, ra, dec))
    x, y = x + source.box.x0, y + source.box.y0
    box = source.box
    with np.errstate(invalid="ignore"):
        inside = (x > box.x0 - 0.5) & (x < box.x1 - 0.5) & (y > box.y0 - 0.5) & (y < box.y1 - 0.5)
    if not inside.any():
        return None
    part = Box(
        int(x[inside].min()) - _MARGIN,
        int(y[inside].min()) - _MARGIN,
        int(x[inside].max()) + _MARGIN + 1,
        int(y[inside].max()) + _MARGIN + 1,
    ).overlap(box)
    assert part is not None
    pixels = source.plane("image", part)
    left, low = np.floor(x[inside]).astype(int), np.floor(y[inside]).astype(int)
    s, t = x[inside] - left, y[inside] - low
    total, weight = np.zeros(s.shape), np.zeros(s.shape)
    for dx, dy, share in ((0, 0, (1 - s) * (1 - t)), (1, 0, s * (1 - t)), (0, 1, (1 - s) * t), (1, 1, s * t)):
        column = np.clip(left + dx - part.x0, 0, part.width - 1)
        row = np.clip(low + dy - part.y0, 0, part.height - 1)
        value = pixels[row, column]
        good = np.isfinite(value)
        total += np.where(good, value, 0) * share
        weight += good * share
    found = np.full(ra.shape, np.nan, np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[inside] = np.where(weight >= 0.5, total / weight, np.nan)
    return found


def joined(children: Mapping[int, Floats]) -> Floats:
    """Return the tile above up to four tiles, given by their numbers: means of 2 by 2 cells."""
    whole = np.full((2 * WIDTH, 2 * WIDTH), np.nan, np.float32)
    for number, child in children.items():
        x, y = number & 1, number >> 1 & 1
        whole[(1 - x) * WIDTH : (2 - x) * WIDTH, y * WIDTH : (y + 1) * WIDTH] = child
    good = np.isfinite(whole)
    total = paired(np.where(good, whole, np.float32(0)), np.add)
    count = paired(good.astype(np.float32), np.add)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.float32(np.nan)).astype(np.float32)


def header_of(order: int, tile: int) -> fits.Header:
    """Return the world coordinates of a tile (HEALPix as a projection: Calabretta & Roukema 2007)."""
    side = 45.0 / (WIDTH << order)
    base, within = divmod(tile, 4**order)
    # Where the base cell lies on the plane of the projection, in units of 45 degrees from its middle.
    east, north = _BASES[base]
    x, y = _gathered(within), _gathered(within >> 1)
    n = 1 << order
    if east + (x - y) / n > 4:  # beyond the seam of the projection, at RA 180
        east -= 8
    # Rows run down along x, columns along y; the tile's first pixel is at (x + 1, y) of the base cell.
    rows_from_centre = n - x - 1 - (n - 1) / 2
    columns_from_centre = y - (n - 1) / 2
    column = WIDTH * (columns_from_centre + n / 2 * (north - east))
    row = WIDTH * (rows_from_centre - n / 2 * (north + east))
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---HPX", "DEC--HPX"
    header["CUNIT1"], header["CUNIT2"] = "deg", "deg"
    header["CRPIX1"] = WIDTH / 2 + 0.5 - column
    header["CRPIX2"] = WIDTH / 2 + 0.5 - row
    header["CRVAL1"], header["CRVAL2"] = 0.0, 0.0
    header["CD1_1"], header["CD1_2"], header["CD2_1"], header["CD2_2"] = -side, -side, side, -side
    header["PV2_1"], header["PV2_2"] = 4, 3
    header["RADESYS"] = "ICRS"
    header["ORDER"], header["NPIX"] = order, tile
    return header


def allsky(tiles: Iterable[tuple[int, npt.NDArray[np.generic]]], empty: float) -> npt.NDArray[np.generic]:
    """Return tiles of order 3 beside each other, each 64 by 64 cells, 27 in a row (section 4.3.2).

    Parameters
    ----------
    tiles
        Number and cells ``[row, column]`` or ``[row, column, colour]``, the lowest row first.
    empty
        What is where no tile is.
    """
    across = int(math.sqrt(12 * 4**ALLSKY_ORDER))
    down = -(-12 * 4**ALLSKY_ORDER // across)
    whole: npt.NDArray[np.generic] | None = None
    step = WIDTH // _ALLSKY_WIDTH
    for number, cells in tiles:
        if whole is None:
            shape = (down * _ALLSKY_WIDTH, across * _ALLSKY_WIDTH, *cells.shape[2:])
            whole = np.full(shape, empty, cells.dtype)
        # Rows of tiles begin at the top, as in a picture.
        row, column = down - 1 - number // across, number % across
        whole[
            row * _ALLSKY_WIDTH : (row + 1) * _ALLSKY_WIDTH,
            column * _ALLSKY_WIDTH : (column + 1) * _ALLSKY_WIDTH,
        ] = cells[step // 2 :: step, step // 2 :: step]
    assert whole is not None
    return whole


_BASES = (
    *((east, 1) for east in (1, 3, -3, -1)),
    *((east, 0) for east in (0, 2, 4, -2)),
    *((east, -1) for east in (1, 3, -3, -1)),
)
"""The middles of the twelve base cells on the plane of the projection, east and north, in 45 degrees."""


def _spread(bits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Put a 0 before each bit of numbers below 512."""
    found = np.zeros_like(bits)
    for bit in range(_DEEPER):
        found |= (bits >> bit & 1) << 2 * bit
    return found


def _gathered(number: int) -> int:
    """Return every second bit of a number."""
    return sum((number >> 2 * bit & 1) << bit for bit in range(30))
