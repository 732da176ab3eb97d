"""Counts of several charts for every brush on one of them: a brush that moves is a few subtractions.

For each cell of the brushed chart, a cumulative cube has the counts of every other chart of all rows in
the cells before it. The rows in a run of cells are the difference of two of its layers, which is exact: a
brush on a histogram is one run, a box or lasso on a density is one or a few for each column of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.tables.bins import Bools, Places, spans

__all__ = ["Chart", "Cube", "Runs", "build", "cells_of", "counts_within", "runs_of", "size_of"]

Counts = npt.NDArray[np.uint32]
Runs = Sequence[tuple[int, int]]


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
    """Cumulative counts of charts along the cells of a brushed one."""

    layers: Counts
    """(cells of the brushed chart + 1, cells of all charts): the counts of rows in the cells before each.

    They count modulo 2**32, as there are fewer rows.
    """
    cells: tuple[int, ...]
    """Of each chart."""

    def within(self, runs: Runs) -> list[Counts]:
        """Return the counts of each chart of the rows in runs of cells, each the first and the one after."""
        whole = np.zeros(self.layers.shape[1], np.uint32)
        for first, end in runs:
            whole += self.layers[end] - self.layers[first]
        return np.split(whole, np.cumsum(self.cells)[:-1]) if self.cells else []

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.layers.nbytes


def runs_of(chosen: Bools) -> Runs:
    """Return the runs of cells that are chosen."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in steps.reshape(-1, 2)]


def size_of(cells: int, others: Sequence[int]) -> int:
    """Return how many bytes the cube of a brushed chart with so many cells takes, and others with theirs."""
    return 4 * (cells + 1) * sum(others)


def build(
    brushed: Chart,
    charts: Sequence[Chart],
    mask: Bools | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> Cube:
    """Count the rows of all charts for each cell of a brushed one.

    Parameters
    ----------
    mask
        Which rows count; None for all.
    look
        Called now and then; what it raises ends the work.
    """
    cells = tuple(chart.cells for chart in charts)
    layers = np.zeros((brushed.cells + 1, sum(cells)), np.uint32)
    flat, one = layers.reshape(-1), np.uint32(1)
    for part in spans(len(brushed.across)):
        look()
        active, inside = brushed.places(part)
        if mask is not None:
            inside &= mask[part]
        # The layer of a cell is that before the next one.
        starts = (active.astype(np.int64) + 1) * layers.shape[1]
        start = 0
        for chart in charts:
            place, on = chart.places(part)
            on &= inside
            np.add.at(flat, starts[on] + place[on] + start, one)
            start += chart.cells
    for layer in range(1, len(layers)):
        layers[layer] += layers[layer - 1]
    return Cube(layers, cells)


def cells_of(chart: Chart, mask: Bools | None = None, *, look: Callable[[], None] = lambda: None) -> Counts:
    """Return how many rows lie in each cell of a chart."""
    found = np.zeros(chart.cells, np.int64)
    for part in spans(len(chart.across)):
        look()
        place, on = chart.places(part)
        if mask is not None:
            on &= mask[part]
        found += np.bincount(place[on], minlength=chart.cells)
    return found.astype(np.uint32)


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
