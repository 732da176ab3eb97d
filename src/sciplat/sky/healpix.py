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

__all__ = ["ORDER", "area_of", "at_finest", "beginning", "children", "classify", "cover", "joined"]

ORDER = 29
"""The order of ``_healpix_29``."""

MOST_RANGES = 8
"""Ranges a cover has at most: each takes time to plan, and is tested on each row of the parts of a table
that are read. (Measured: of 2 to 16, 8 is quickest for circles of 0.05 and of 1 degree.)"""

MOST_WIDER = 0.3
"""By which part of itself a cover may grow so that it has fewer ranges. (Measured: a circle of 0.05 degrees
among 2 million rows takes a tenth less time; what is read in vain grows with the rows of larger tables.)"""

MOST_CELLS = 32
"""Cells on the edge of a region at which the cover is fine enough."""

_FINE = 7.0
"""Cells in the radius of a circle at which its cover is fine enough: at half of that it still has a circle of
more than `MOST_CELLS` around it."""

_LEAST_ORDER = 3
"""Below it a cell is no small square."""

_ROUNDING = 1e-6
"""Of the columns of a ring, of which there are up to 2 ** 31."""

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
        order = _order(region, _FINE)
        if order >= _LEAST_ORDER:
            return joined(_runs(_touched(order, region), order), most, wider=MOST_WIDER)
    order, cells = beginning(region)
    ranges: list[tuple[int, int]] = []
    while True:
        inside, outside = classify(region, order, cells)
        ranges += at_finest(cells[inside], order)
        edge = cells[~inside & ~outside]
        if len(edge) > MOST_CELLS or order == ORDER or not len(edge):
            break
        cells = children(edge)
        order += 1
    ranges += at_finest(edge, order)
    return joined(ranges, most, wider=MOST_WIDER)


def area_of(ranges: Iterable[tuple[int, int]]) -> float:
    """Return the area of ranges of cells, first and last included, in square degrees."""
    return _CELL_AREA * sum(high - low + 1 for low, high in ranges)


def beginning(region: Region) -> tuple[int, Cells]:
    """Return an order that suits a region, and the cells of it that may have a part in the region.

    Going down from the twelve cells of order 0 instead takes five times as long for a small region.
    """
    # A polygon is often much smaller than the circle around it.
    circle, finer = (region, 5.0) if isinstance(region, Circle) else (region.circle_around, 3.0)
    order = _order(circle, finer)
    if order < _LEAST_ORDER:
        return 0, np.arange(12, dtype=np.int64)
    return order, _touched(order, circle)


def _order(circle: Circle, finer: float) -> int:
    """Return the order at which the radius of a circle is about ``finer`` cells, or up to half of that."""
    radius = math.radians(circle.radius)
    return ORDER if radius < _MARGIN else min(ORDER, math.floor(math.log2(finer / radius)))


def _touched(order: int, circle: Circle) -> Cells:
    """Return the cells of an order that may have a part in a circle, sorted."""
    return _near(order, circle.centre, math.radians(circle.radius) + _reach(order) + _MARGIN)


def _near(order: int, centre: Position, angle: float) -> Cells:
    """Return the cells of an order whose centres are within an angle (radians) of a position, sorted.

    The few rings are worked out one by one, which takes half as long as by arrays.
    """
    side = 1 << order
    colatitude, longitude = math.radians(90 - centre.dec), math.radians(centre.ra % 360.0)
    first = math.floor(_ring(side, max(colatitude - angle, 0.0))) - 1
    last = math.ceil(_ring(side, min(colatitude + angle, math.pi))) + 1
    # The same formulas of the distance between two directions as everywhere, with its two halves apart.
    most, sine = math.sin(angle / 2) ** 2, max(math.sin(colatitude), 1e-300)
    found: list[tuple[int, int, int, int, int]] = []
    for ring in range(max(first, 1), min(last, 4 * side - 1) + 1):
        if side <= ring <= 3 * side:
            count, shift = side, (ring - side) & 1
            place = math.acos((2 * side - ring) * (2 / 3) / side)
        else:  # near the poles a colatitude is precise, and its cosine isn't
            count, shift = min(ring, 4 * side - ring), 0
            place = 2 * math.asin(count / side / math.sqrt(6))
            place = place if ring < side else math.pi - place
        left = most - math.sin((place - colatitude) / 2) ** 2
        if left < 0:
            continue
        half = math.asin(math.sqrt(min(1.0, left / (math.sin(place) * sine))))
        columns = 2 * count / math.pi
        middle, width = longitude * columns + (shift + 1) / 2, 2 * half * columns + _ROUNDING
        low = math.ceil(middle - width)
        many = min(math.floor(middle + width) - low + 1, 4 * count)
        if many > 0:
            found.append((ring, count, shift, low, many))
    if not found:
        return np.empty(0, dtype=np.int64)
    rings, counts, shifts, lows, many_each = np.array(found, dtype=np.int64).T
    # One row of numbers for the columns of all rings.
    row = np.repeat(np.arange(len(found)), many_each)
    column = np.arange(len(row)) + (lows - np.cumsum(many_each) + many_each)[row]
    return _cells(order, rings[row], column, counts[row], shifts[row])


def _ring(side: int, colatitude: float) -> float:
    """Return the place of a colatitude (radians) among the rings of an order; 1 is the northernmost."""
    z = math.cos(colatitude)
    if abs(z) <= 2 / 3:
        return side * (2 - 1.5 * z)
    ring = side * math.sqrt(6) * math.sin(min(colatitude, math.pi - colatitude) / 2)
    return ring if z > 0 else 4 * side - ring


def _cells(order: int, ring: Cells, column: Cells, count: Cells, shift: Cells) -> Cells:
    """Return the cells at places on rings; columns count eastwards from any full turn."""
    side = np.int64(1 << order)
    # On each of the twelve faces: how far south and east of its northern corner. One face fits.
    south = _RING[:, None] * side - ring - 1
    east = 2 * column - 1 - shift - _COLUMN[:, None] * count
    east = (east + 4 * count) % (8 * count) - 4 * count
    x: Cells = (south + east) >> 1
    y: Cells = (south - east) >> 1
    fits = (x >= 0) & (y >= 0) & (x < side) & (y < side)
    face = fits.argmax(axis=0)
    place = np.arange(len(ring))
    found: Cells = (face << (2 * order)) | _spread(x[face, place]) | (_spread(y[face, place]) << 1)
    found.sort()
    return found


def classify(region: Region, order: int, cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
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
    return inside, outside | classify(region.circle_around, order, cells)[1]


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


_RING: Cells = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])
_COLUMN: Cells = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])


def _centres(order: int, cells: Cells) -> Floats:
    """Return the unit vectors of the cells' centres, an array of shape (n, 3)."""
    side = np.int64(1 << order)
    face = cells >> (2 * order)
    x, y = _every_other_bit(cells), _every_other_bit(cells >> 1)
    x, y = x & (side - 1), y & (side - 1)
    ring = _RING[face] * side - x - y - 1
    count, shift, z = _rings(int(side), ring)
    # 1 - |z| in the caps, since z itself would lose the last digits near the poles.
    cap = (count / side) ** 2 / 3
    across = np.where(np.abs(ring - 2 * side) <= side, np.sqrt(1 - z * z), np.sqrt(cap * (2 - cap)))
    column = (_COLUMN[face] * count + x - y + 1 + shift) // 2
    longitude = (column - (shift + 1) / 2) * (math.pi / 2) / count
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), z], axis=1)


def _rings(side: int, ring: Cells) -> tuple[Cells, Cells, Floats]:
    """Return a quarter of the number of cells on each ring, by how many halves they are turned, and z."""
    count = np.minimum(np.minimum(ring, 4 * side - ring), side)
    belt = np.abs(ring - 2 * side) <= side
    cap = 1 - (count / side) ** 2 / 3
    z = np.where(belt, (2 * side - ring) * (2 / 3) / side, np.where(ring < side, cap, -cap))
    return count, np.where(belt, (ring - side) & 1, 0), z


def _spread(numbers: Cells) -> Cells:
    """Put the bits of each number at the places 0, 2, 4, ..."""
    bits = numbers
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        bits = (bits | (bits << shift)) & mask
    return bits


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


def children(cells: Cells) -> Cells:
    """Return the four cells of the next order that each cell is made of."""
    parts: Cells = ((cells << 2)[:, None] + np.arange(4)).ravel()
    return parts


def at_finest(cells: Cells, order: int) -> list[tuple[int, int]]:
    """Return each cell of an order as a range of cells at order 29."""
    shift = 2 * (ORDER - order)
    return [(cell << shift, ((cell + 1) << shift) - 1) for cell in cells.tolist()]


def _runs(cells: Cells, order: int) -> list[tuple[int, int]]:
    """Return sorted cells of an order as ranges of cells at order 29, each as long as can be."""
    if not len(cells):
        return []
    ends = np.flatnonzero(np.diff(cells) != 1)
    shift = 2 * (ORDER - order)
    firsts, lasts = [cells[0], *cells[ends + 1]], [*cells[ends], cells[-1]]
    return [(int(a) << shift, ((int(b) + 1) << shift) - 1) for a, b in zip(firsts, lasts, strict=True)]


def joined(ranges: list[tuple[int, int]], most: int = 2**62, *, wider: float = 0.0) -> list[tuple[int, int]]:
    """Join ranges that touch, then close the narrowest gaps.

    Parameters
    ----------
    ranges
        First and last cell of each, both included, in any order.
    most
        Gaps are closed until there are so many ranges at most.
    wider
        More gaps are closed, as long as all of them together are no wider than this part of the ranges.
    """
    joined: list[list[int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], high)
        else:
            joined.append([low, high])
    gaps = sorted((joined[index][0] - joined[index - 1][1], index) for index in range(1, len(joined)))
    room = wider * sum(high - low + 1 for low, high in joined)
    closed: set[int] = set()
    for number, (gap, index) in enumerate(gaps):
        room -= gap
        if room < 0 and len(joined) - number <= most:
            break
        closed.add(index)
    wide: list[tuple[int, int]] = []
    for index, (low, high) in enumerate(joined):
        wide.append((wide.pop()[0], high) if index in closed else (low, high))
    return wide
