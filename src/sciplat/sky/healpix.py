"""The HEALPix cells that cover a region: ranges of ``_healpix_29``, order 29, NESTED.

The layout of the cells is that of Górski et al. 2005 (ApJ 622, 759). It is written out here, and
tested against cdshealpix, because importing that takes a second and a query has none to spare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Region

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]

__all__ = ["ORDER", "area_of", "cover"]

ORDER = 29
"""The order of ``_healpix_29``."""

MOST_RANGES = 16
"""Ranges a cover has at most: each is tested on each row of the parts of a table that are read."""

MOST_CELLS = 32
"""Cells on the edge of a region at which the cover is fine enough."""

_CELL_AREA: float = math.degrees(math.degrees(4 * math.pi)) / (12 * 4**ORDER)

# Rounding in positions, cells and tests is far below this angle, and the smallest cell above it.
_MARGIN = 2e-11


def cover(region: Region, *, most: int = MOST_RANGES) -> list[tuple[int, int]]:
    """Return ranges of cells that hold every direction of a region, and some around its edge.

    Parameters
    ----------
    region
        What to cover.
    most
        How many ranges there may be.

    Returns
    -------
    list of (int, int)
        First and last cell of each range at order 29, NESTED, both included; sorted and apart.
    """
    if isinstance(region, Circle):
        if region.radius < 0:
            return []
        if region.radius >= 180:
            return [(0, 12 * 4**ORDER - 1)]
    cells = np.arange(12, dtype=np.int64)
    ranges: list[tuple[int, int]] = []
    order = 0
    while True:
        inside, outside = _classify(region, order, cells)
        ranges += _at_finest(cells[inside], order)
        edge = cells[~inside & ~outside]
        if len(edge) > MOST_CELLS or order == ORDER or not len(edge):
            break
        cells = ((edge << 2)[:, None] + np.arange(4)).ravel()
        order += 1
    ranges += _at_finest(edge, order)
    return _joined(ranges, most)


def area_of(ranges: Iterable[tuple[int, int]]) -> float:
    """Return the area of ranges of cells, first and last included, in square degrees."""
    return _CELL_AREA * sum(high - low + 1 for low, high in ranges)


def _classify(region: Region, order: int, cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which cells lie wholly inside a region, and which wholly outside."""
    reach = _reach(order) + _MARGIN
    centres = _centres(order, cells)
    if isinstance(region, Circle):
        chord = np.linalg.norm(centres - np.array(region.centre.vector), axis=1)
        angle = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
        radius = math.radians(region.radius)
        return angle + reach <= radius, angle - reach > radius
    inside = np.zeros(len(cells), dtype=bool)
    outside = np.ones(len(cells), dtype=bool)
    for part in region.parts:
        height = np.arcsin(np.clip(centres @ np.array(part).T, -1.0, 1.0)).min(axis=1)
        inside |= height >= reach
        outside &= height < -reach
    if order > 3:
        return inside, outside
    # Near corners the test by edges keeps cells that are far off; a circle around all corners drops them.
    return inside, outside | _classify(region.circle_around, order, cells)[1]


def _reach(order: int) -> float:
    """Return the largest angle between the centre and a corner of any cell of this order."""
    # At order 0 the cells of the caps have their farthest corner on the equator's belt.
    if order == 0:
        return 0.8411
    side = 1 << order
    height = 1 - (1 - 1 / side) ** 2 / 3
    ring = math.acos(2 / 3), math.pi / (4 * side)
    a = Position(math.degrees(ring[1]), 90 - math.degrees(ring[0])).vector
    b = (math.sqrt(1 - height * height), 0.0, height)
    return 2 * math.asin(math.dist(a, b) / 2)


_RING = (2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4)
_COLUMN = (1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7)


def _centres(order: int, cells: Cells) -> Floats:
    """Return the unit vectors of the cells' centres, an array of shape (n, 3)."""
    side = np.int64(1 << order)
    face = cells >> (2 * order)
    x, y = _every_other_bit(cells), _every_other_bit(cells >> 1)
    x, y = x & (side - 1), y & (side - 1)
    ring = np.array(_RING)[face] * side - x - y - 1
    north, south = ring < side, ring > 3 * side
    count = np.where(north, ring, np.where(south, 4 * side - ring, side))
    belt = ~north & ~south
    # 1 - |z| in the caps, since z itself would lose the last digits near the poles.
    cap = np.where(belt, 1.0, (count / side) ** 2 / 3)
    z = np.where(belt, (2 * side - ring) * (2 / 3) / side, np.where(north, 1 - cap, cap - 1))
    across = np.where(belt, np.sqrt(1 - z * z), np.sqrt(cap * (2 - cap)))
    shift = np.where(belt, (ring - side) & 1, 0)
    column = (np.array(_COLUMN)[face] * count + x - y + 1 + shift) // 2
    longitude = (column - (shift + 1) / 2) * (math.pi / 2) / count
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), z], axis=1)


def _every_other_bit(cells: Cells) -> Cells:
    """Press together the bits 0, 2, 4, ... of each number."""
    bits = cells & 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        bits = (bits | (bits >> shift)) & mask
    return bits


def _at_finest(cells: Cells, order: int) -> list[tuple[int, int]]:
    shift = 2 * (ORDER - order)
    return [(cell << shift, ((cell + 1) << shift) - 1) for cell in cells.tolist()]


def _joined(ranges: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Join ranges that touch, then close the narrowest gaps until there are ``most`` at most."""
    joined: list[list[int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], high)
        else:
            joined.append([low, high])
    if len(joined) > most:
        gaps = sorted(range(1, len(joined)), key=lambda index: joined[index - 1][1] - joined[index][0])
        kept = set(gaps[: most - 1])
        wide: list[list[int]] = []
        for index, (low, high) in enumerate(joined):
            if index == 0 or index in kept:
                wide.append([low, high])
            else:
                wide[-1][1] = high
        joined = wide
    return [(low, high) for low, high in joined]
