"""Axes of charts: expressions, cut into bins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sciplat.adql.kinds import Kind
from sciplat.services.rows import Bools, Doubles, Rows
from sciplat.tables.bins import Bins, Places, Scale, choose, spans
from sciplat.vo.schema import Column

__all__ = ["Axis", "Placed", "place"]


@dataclass(frozen=True, slots=True)
class Axis:
    """An expression, and where it is cut."""

    expression: str
    bins: int = 64
    scale: Scale = "linear"
    low: float | None = None
    """Of the first bin; None takes the least finite number that is seen, on a logarithmic axis above 0."""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An axis, and the bin of every row of the table as it came."""

    bins: Bins
    places: Places
    column: Column
    """What is known of its values: unit, UCD, description."""


def place(rows: Rows, axis: Axis, mask: Bools | None) -> Placed:
    """Cut an axis into bins, and find the bin of every row.

    Parameters
    ----------
    mask
        The rows from which ends that are not said are taken; None for all.

    Raises
    ------
    ADQLError
        The expression is wrong, or is no number.
    UsageError
        Its ends are.
    """
    value = rows.columns.number(axis.expression)
    low, high = axis.low, axis.high
    values = rows.values(axis.expression)
    with rows.turn():
        if low is None or high is None:
            least, most = _ends(rows, values, mask, above_zero=axis.scale == "log")
            low, high = least if low is None else low, most if high is None else high
            if low is not None and high is not None and low > high:
                low = high = axis.high if axis.low is None else axis.low
        whole = value.kind in (Kind.INTEGER, Kind.BOOLEAN) and axis.low is None and axis.high is None
        bins = choose(low, high, axis.bins, scale=axis.scale, whole=whole)

        def make() -> Iterator[Places]:
            for part in spans(len(values)):
                yield bins.places(values[part])

        return Placed(bins, rows.places(axis.expression, repr(bins), make), value.column)


def _ends(
    rows: Rows, values: Doubles, mask: Bools | None, *, above_zero: bool
) -> tuple[float | None, float | None]:
    low, high = np.inf, -np.inf
    for part in spans(len(values)):
        rows.look()
        found = values[part] if mask is None else values[part][mask[part]]
        good = np.isfinite(found)
        if above_zero:
            good &= found > 0
        found = found[good]
        if len(found):
            low, high = min(low, float(found.min())), max(high, float(found.max()))
    return (None, None) if low > high else (low, high)
