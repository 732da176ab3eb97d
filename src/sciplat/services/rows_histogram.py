"""Count the rows of a relation in the bins of one axis, or of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.services.rows import Rows
from sciplat.services.rows_axes import Axis, place
from sciplat.services.rows_relation import Selection
from sciplat.tables.bins import Bins, count, count_pairs
from sciplat.vo.schema import Column

__all__ = ["Density", "Histogram", "density", "histogram"]

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Rows by one axis."""

    bins: Bins
    column: Column
    counts: Counts
    """Of each bin."""
    below: int
    above: int
    missing: int
    """Rows without a value."""
    selected: Counts | None
    """Of each bin the rows that are selected, where something was said of a selection."""


@dataclass(frozen=True, slots=True)
class Density:
    """Rows by two axes."""

    across: Bins
    up: Bins
    columns: tuple[Column, Column]
    counts: Counts
    """(bins across, bins up)."""
    outside: int
    """Rows that have both values, of which one lies on no bin."""
    missing: int
    """Rows that lack a value."""


def histogram(rows: Rows, axis: Axis, selection: Selection | None = None) -> Histogram:
    """Return how many rows lie in each bin of an axis; raises as `place` does."""
    mask = rows.mask()
    placed = place(rows, axis, mask)
    chosen = None if selection is None else rows.seen(selection)
    number = placed.bins.number
    with rows.turn():
        found = count(placed.places, number, mask)
        selected = None if chosen is None else count(placed.places, number, chosen)[:number]
    below, above, missing = found[number:].tolist()
    return Histogram(placed.bins, placed.column, found[:number], below, above, missing, selected)


def density(rows: Rows, across: Axis, up: Axis, selection: Selection | None = None) -> Density:
    """Return how many rows, of those that are selected, lie in each pair of bins; raises as `place` does."""
    mask = rows.mask()
    x, y = place(rows, across, mask), place(rows, up, mask)
    chosen = mask if selection is None else rows.seen(selection)
    columns, lines = x.bins.number, y.bins.number
    with rows.turn():
        found = count_pairs(x.places, y.places, (columns, lines), chosen)
    missing = int(found[columns + 2].sum() + found[:, lines + 2].sum() - found[columns + 2, lines + 2])
    counts = found[:columns, :lines]
    outside = int(found.sum() - counts.sum()) - missing
    return Density(x.bins, y.bins, (x.column, y.column), counts, outside, missing)
