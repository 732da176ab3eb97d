"""Brush one chart, and count the rows under the brush in the others."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from sciplat.errors import UsageError
from sciplat.services.rows import Rows
from sciplat.services.rows_axes import Axis, Placed, place
from sciplat.services.rows_relation import Selection
from sciplat.tables.bins import Bins
from sciplat.tables.cube import Chart, Cube, build, counts_within, size_of

__all__ = ["Brush", "Brushed", "ChartAxes", "Polygon", "Span", "brush"]

MOST_CHARTS = 4


@dataclass(frozen=True, slots=True)
class ChartAxes:
    """A chart: a histogram of one axis, or a density of two."""

    x: Axis
    y: Axis | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A brush from one number to another, on each axis of its chart."""

    x: tuple[float, float]
    y: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Polygon:
    """A lasso on a density."""

    corners: tuple[tuple[float, float], ...]


Brush = Span | Polygon


@dataclass(frozen=True, slots=True)
class Brushed:
    """What lies under a brush."""

    rows: int
    counts: tuple[npt.NDArray[np.uint32], ...]
    """Of every chart; of that with the brush, all rows. Of a density (bins across, bins up), in one row."""
    bins: tuple[tuple[Bins, Bins | None], ...]
    """Of every chart."""
    x: tuple[float, float] | None
    """The brush as it was counted: it has snapped to edges of bins. Ends included: as `Ranges` they select
    exactly the rows that were counted."""
    y: tuple[float, float] | None


def brush(
    rows: Rows,
    charts: tuple[ChartAxes, ...],
    *,
    active: int,
    by: Brush | None,
    selection: Selection | None = None,
) -> Brushed:
    """Return the counts of all charts of the rows under a brush.

    Parameters
    ----------
    active
        Which chart has the brush.
    by
        The brush; None counts all rows, and makes ready for one.
    selection
        Of the rows that count at all: those under the brushes of other charts.

    Raises
    ------
    ADQLError, UsageError
        An axis is wrong, or the brush does not fit its chart.
    LimitError
        The charts have too many bins.
    """
    if not 0 <= active < len(charts):
        raise UsageError(f"There is no chart {active}: they are counted from 0 to {len(charts) - 1}.")
    mask = rows.mask()
    axes = [(place(rows, c.x, mask), None if c.y is None else place(rows, c.y, mask)) for c in charts]
    counted = rows.seen(selection)
    drawn = [_chart(*pair) for pair in axes]
    bins = tuple((x.bins, None if y is None else y.bins) for x, y in axes)
    x, y = axes[active]
    told = [asdict(each) for each in charts]

    def cube() -> Cube:
        size = size_of(x.bins.number, drawn)
        key = rows.relation.fingerprint("cube", told, active, repr(selection))

        def make() -> Cube:
            with rows.turn():
                return build(x.places, x.bins.number, drawn, counted, look=rows.look)

        return rows.cubes.get(key, size, make)

    if y is None:
        made = cube()
        number = x.bins.number
        if by is None:
            return Brushed(made.total[-1], tuple(made.between(0, number)), bins, None, None)
        if not isinstance(by, Span) or by.y is not None:
            raise UsageError("A histogram is brushed from one number to another, on its one axis.")
        first, end = _snapped(x.bins, by.x)
        found = made.between(first, end)
        found[active] = made.between(0, number)[active]
        return Brushed(
            made.total[end] - made.total[first], tuple(found), bins, _span(x.bins, first, end), None
        )
    return _on_density(rows, drawn, bins, active, by, counted)


def _on_density(
    rows: Rows,
    drawn: list[Chart],
    bins: tuple[tuple[Bins, Bins | None], ...],
    active: int,
    by: Brush | None,
    counted: npt.NDArray[np.bool_] | None,
) -> Brushed:
    across, up = bins[active]
    assert up is not None
    chosen = np.zeros((across.number, up.number), np.bool_)
    spans: list[tuple[float, float] | None] = [None, None]
    match by:
        case None:
            chosen[:] = True
        case Span(x, y) if y is not None:
            (left, right), (low, high) = _snapped(across, x), _snapped(up, y)
            chosen[left:right, low:high] = True
            spans = [_span(across, left, right), _span(up, low, high)]
        case Polygon(corners):
            chosen[:] = _within(_middles(across)[:, None], _middles(up)[None, :], corners)
        case _:
            raise UsageError("A density is brushed by a box, with ends on both axes, or by a lasso.")
    others = [chart for place, chart in enumerate(drawn) if place != active]
    with rows.turn():
        number, counts = counts_within(drawn[active], chosen.reshape(-1), others, counted, look=rows.look)
        everything = np.ones(drawn[active].cells, np.bool_)
        whole = counts_within(drawn[active], everything, [drawn[active]], counted, look=rows.look)[1]
    counts.insert(active, whole[0])
    return Brushed(number, tuple(counts), bins, spans[0], spans[1])


def _chart(x: Placed, y: Placed | None) -> Chart:
    if y is None:
        return Chart(x.places, x.bins.number)
    return Chart(x.places, x.bins.number, y.places, y.bins.number)


def _snapped(bins: Bins, ends: tuple[float, float]) -> tuple[int, int]:
    """Return the bins between the edges that are nearest to two numbers; at least one."""
    first, end = (_nearest(bins, number) for number in sorted(ends))
    if first == end:
        return (first, end + 1) if first < bins.number else (first - 1, end)
    return first, end


def _nearest(bins: Bins, number: float) -> int:
    place = bisect_left(bins.edges, number)
    if place == 0 or place > bins.number:
        return min(place, bins.number)
    left, right = bins.edges[place - 1], bins.edges[place]
    return place - 1 if number - left < right - number else place


def _span(bins: Bins, first: int, end: int) -> tuple[float, float] | None:
    return None if first == end else bins.span(first, end)


def _middles(bins: Bins) -> npt.NDArray[np.float64]:
    edges = np.asarray(bins.edges, np.float64)
    low, high = edges[:-1], edges[1:]
    middles: npt.NDArray[np.float64] = np.sqrt(low * high) if bins.scale == "log" else (low + high) / 2
    return middles


def _within(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], corners: tuple[tuple[float, float], ...]
) -> npt.NDArray[np.bool_]:
    """Return which points lie in a polygon, by the even-odd rule."""
    inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
