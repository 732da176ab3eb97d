"""Counts of several charts for every brush on one axis: a brush that moves is two slices and a subtraction.

For each edge of the brushed axis, a cumulative cube has the counts of every other chart of all rows
below that edge. The rows between two edges are the difference of two of its layers, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.tables.bins import Bools, Places, spans

__all__ = ["Chart", "Cube", "build", "counts_within", "size_of"]

Counts = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Chart:
    """Where the rows lie on a chart of one axis or two."""

    across: Places
    columns: int
    """Bins of the first axis."""
    up: Places | None = None
    lines: int = 1
    """Bins of the second axis."""

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.columns * self.lines

    def places(self, part: slice) -> tuple[npt.NDArray[np.int32], Bools]:
        """Return the cell of some rows, and whether they are on the chart at all."""
        across = self.across[part]
        if self.up is None:
            return across.astype(np.int32), across < self.columns
        up = self.up[part]
        return across * np.int32(self.lines) + up, (across < self.columns) & (up < self.lines)


@dataclass(frozen=True)
class Cube:
    """Cumulative counts of charts along a brushed axis of ``bins`` bins."""

    layers: Counts
    """(bins + 1, cells of all charts): the counts of rows below each edge."""
    cells: tuple[int, ...]
    """Of each chart."""
    total: tuple[int, ...]
    """How many rows lie below each edge of the brushed axis."""

    def between(self, first: int, end: int) -> list[Counts]:
        """Return the counts of each chart of the rows in bins ``first`` to ``end``, without that."""
        whole = self.layers[end] - self.layers[first]
        return np.split(whole, np.cumsum(self.cells)[:-1])

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.layers.nbytes


def size_of(bins: int, charts: Sequence[Chart]) -> int:
    """Return how many bytes a cube takes."""
    return 4 * (bins + 1) * sum(chart.cells for chart in charts)


def build(
    brushed: Places,
    bins: int,
    charts: Sequence[Chart],
    mask: Bools | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> Cube:
    """Count the rows of all charts for each bin of a brushed axis.

    Parameters
    ----------
    brushed
        The bin of every row on the brushed axis.
    mask
        Which rows count; None for all.
    look
        Called now and then; what it raises ends the work.
    """
    cells = tuple(chart.cells for chart in charts)
    layers = np.zeros((bins + 1, sum(cells)), np.uint32)
    flat = layers.reshape(-1)
    total = np.zeros(bins, np.int64)
    for part in spans(len(brushed)):
        look()
        active = brushed[part].astype(np.int64)
        inside = active < bins
        if mask is not None:
            inside &= mask[part]
        total += np.bincount(active[inside], minlength=bins)[:bins]
        start = 0
        for chart in charts:
            place, on = chart.places(part)
            on &= inside
            # The layer of bin b is that below edge b + 1.
            np.add.at(flat, (active[on] + 1) * layers.shape[1] + (place[on] + start), np.uint32(1))
            start += chart.cells
    for layer in range(1, bins + 1):
        layers[layer] += layers[layer - 1]
    return Cube(layers, cells, (0, *np.cumsum(total).tolist()))


def counts_within(
    brushed: Chart,
    chosen: Bools,
    charts: Sequence[Chart],
    mask: Bools | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, list[Counts]]:
    """Return how many rows lie in the chosen cells of a chart, and the counts of these in other charts.

    Parameters
    ----------
    brushed
        The chart with the brush.
    chosen
        For each of its cells whether the brush holds it.
    """
    found = [np.zeros(chart.cells, np.int64) for chart in charts]
    number = 0
    for part in spans(len(brushed.across)):
        look()
        place, on = brushed.places(part)
        on &= chosen.take(place, mode="clip")
        if mask is not None:
            on &= mask[part]
        rows = np.flatnonzero(on)
        number += len(rows)
        for number_of, chart in enumerate(charts):
            cells, there = chart.places(part)
            found[number_of] += np.bincount(cells[rows][there[rows]], minlength=chart.cells)
    return number, [counts.astype(np.uint32) for counts in found]
