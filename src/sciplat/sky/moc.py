"""Multi-order coverage maps: parts of the sky made of HEALPix cells (IVOA MOC 2.0)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sciplat.errors import UsageError
from sciplat.sky.healpix import ORDER, area_of, at_finest, beginning, children, classify, joined
from sciplat.sky.region import Region

__all__ = ["Moc"]

_ALL = 12 * 4**ORDER
_TOKEN = re.compile(r"s?(\d+)/|(\d+)(?:-(\d+))?|([\s,]+)")

MOST_CELLS = 20_000
"""Cells that a region is made into, or that two are compared by, at most."""


@dataclass(frozen=True)
class Moc:
    """Some HEALPix cells."""

    ranges: tuple[tuple[int, int], ...]
    """First and last cell of each range at order 29, NESTED, both included; sorted and apart."""

    @classmethod
    def parse(cls, text: str) -> Moc:
        """Read the ASCII form, such as ``4/34 37-40 5/160`` (MOC 2.0, section 4.3.2).

        Raises
        ------
        UsageError
            Where the text is something else.
        """
        ranges: list[tuple[int, int]] = []
        order, place = -1, 0
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                raise UsageError(
                    f"A MOC is a text such as '4/34 37-40 5/160', and this has '{text[place : place + 9]}'"
                )
            place = token.end()
            if token[1] is not None:
                order = int(token[1])
                if order > ORDER:
                    raise UsageError(f"The orders of a MOC are 0 to {ORDER}, and this has {order}")
            elif token[2] is not None:
                first, last = int(token[2]), int(token[3] or token[2])
                if order < 0:
                    raise UsageError(f"A MOC begins with an order, such as 4/, and this with '{token[0]}'")
                if not first <= last < 12 * 4**order:
                    most = 12 * 4**order - 1
                    raise UsageError(f"The cells of order {order} are 0 to {most}, and this has {token[0]}")
                shift = 2 * (ORDER - order)
                ranges.append((first << shift, ((last + 1) << shift) - 1))
        return cls(tuple(joined(ranges)))

    @classmethod
    def of(cls, region: Region, order: int) -> Moc:
        """Return the cells of an order that a region has a part in; beside its edge perhaps a few more.

        Raises
        ------
        UsageError
            If there would be too many.
        """
        found = _cells_of(region, order)
        if found is None:
            raise UsageError(
                f"The MOC of this region would have more than {MOST_CELLS} cells at order {order}: "
                "take a lower order"
            )
        return cls(tuple(joined(found)))

    @cached_property
    def cells(self) -> dict[int, list[int]]:
        """The largest cells that together are the MOC, by order."""
        found: dict[int, list[int]] = {}
        for low, high in self.ranges:
            first = low
            while first <= high:
                order = max(0, ORDER - ((first & -first).bit_length() - 1) // 2 if first else 0)
                while first + 4 ** (ORDER - order) - 1 > high:
                    order += 1
                found.setdefault(order, []).append(first >> (2 * (ORDER - order)))
                first += 4 ** (ORDER - order)
        return dict(sorted(found.items()))

    @property
    def text(self) -> str:
        """The ASCII form."""
        parts = []
        for order, cells in self.cells.items():
            runs: list[list[int]] = []
            for cell in cells:
                if runs and runs[-1][1] == cell - 1:
                    runs[-1][1] = cell
                else:
                    runs.append([cell, cell])
            written = " ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in runs)
            parts.append(f"{order}/{written}")
        return " ".join(parts)

    @property
    def area(self) -> float:
        """The solid angle, in square degrees."""
        return area_of(self.ranges)

    @property
    def rest(self) -> Moc:
        """Everything else."""
        edges = [0, *(edge for low, high in self.ranges for edge in (low, high + 1)), _ALL]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return Moc(tuple((low, high - 1) for low, high in pairs if high > low))

    def shares(self, other: Moc) -> bool:
        """Tell whether two MOCs have a cell in common."""
        return any(other._has(low, high) for low, high in self.ranges)

    def meets(self, region: Region) -> bool:
        """Tell whether a region has a part in the MOC."""
        order, cells = beginning(region)
        while True:
            here = np.array([self._has(low, high) for low, high in at_finest(cells, order)], dtype=bool)
            inside, outside = classify(region, order, cells[here])
            if inside.any():
                return True
            edge = cells[here][~outside]
            if order == ORDER or not MOST_CELLS >= len(edge) > 0:
                return len(edge) > 0
            order, cells = order + 1, children(edge)

    def holds(self, region: Region) -> bool:
        """Tell whether the MOC holds the whole of a region."""
        return not self.rest.meets(region)

    def lies_in(self, region: Region) -> bool:
        """Tell whether a region holds the whole MOC."""
        edge = np.empty(0, dtype=np.int64)
        for order in range(ORDER + 1):
            cells = np.concatenate([edge, np.array(self.cells.get(order, []), dtype=np.int64)])
            inside, outside = classify(region, order, cells)
            if outside.any():
                return False
            edge = children(cells[~inside])
            if len(edge) > 4 * MOST_CELLS:
                break
        return True

    def _has(self, low: int, high: int) -> bool:
        """Tell whether any cell of a range belongs to the MOC."""
        place = bisect_right(self._starts, high) - 1
        return place >= 0 and self.ranges[place][1] >= low

    @cached_property
    def _starts(self) -> list[int]:
        return [low for low, _ in self.ranges]


def _cells_of(region: Region, finest: int) -> list[tuple[int, int]] | None:
    """Return the cells, as ranges, in which a region has a part; None if there are too many."""
    order, cells = beginning(region)
    if order > finest:
        cells, order = np.unique(cells >> (2 * (order - finest))), finest
    ranges: list[tuple[int, int]] = []
    while True:
        inside, outside = classify(region, order, cells)
        ranges += at_finest(cells[inside], order)
        edge = cells[~inside & ~outside]
        if len(edge) + len(ranges) > MOST_CELLS:
            return None
        if order == finest or not len(edge):
            return ranges + at_finest(edge, order)
        order, cells = order + 1, children(edge)
