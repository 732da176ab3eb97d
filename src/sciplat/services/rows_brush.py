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
from sciplat.tables.cube import Chart, Cube, Runs, build, cells_of, counts_within, runs_of, size_of
from sciplat.tables.polygon import within

__all__ = ["Brush", "Brushed", "ChartAxes", "Polygon", "Span", "brush"]


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


@dataclass(frozen=True, slots=True)
class Ready:
    """Charts that are made ready for brushes on one of them."""

    drawn: tuple[Chart, ...]
    bins: tuple[tuple[Bins, Bins | None], ...]
    counted: npt.NDArray[np.bool_] | None
    """The rows that count at all; None for all."""
    everything: tuple[npt.NDArray[np.uint32], ...]
    """Of every chart, without a brush."""
    cube: Cube
    cubed: tuple[int, ...]
    """The charts that are in the cube; for others the rows are counted each time."""

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.cube.bytes


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
    """
    if not 0 <= active < len(charts):
        raise UsageError(f"There is no chart {active}: they are counted from 0 to {len(charts) - 1}.")
    key = rows.relation.fingerprint("brush", [asdict(each) for each in charts], active, repr(selection))
    cells = [each.x.bins * (1 if each.y is None else each.y.bins) for each in charts]
    cubed = _fitting(cells, active, rows.cubes.limit_bytes // 2)
    ready = rows.cubes.get(
        key,
        size_of(cells[active], [cells[i] for i in cubed]),
        lambda: _ready(rows, charts, active, cubed, selection),
    )
    across, up = ready.bins[active]
    if by is None:
        number = _number(ready, active, [(0, ready.drawn[active].cells)])
        return Brushed(number, ready.everything, ready.bins, None, None)
    chosen, x, y = _chosen(across, up, by)
    runs = runs_of(chosen)
    found = list(ready.everything)
    for chart, counts in zip(cubed, ready.cube.within(runs), strict=True):
        found[chart] = counts
    others = [i for i in range(len(charts)) if i != active and i not in cubed]
    if others:
        with rows.turn():
            drawn = [ready.drawn[i] for i in others]
            _, counted = counts_within(ready.drawn[active], chosen, drawn, ready.counted, look=rows.look)
        for chart, counts in zip(others, counted, strict=True):
            found[chart] = counts
    return Brushed(_number(ready, active, runs), tuple(found), ready.bins, x, y)


def _fitting(cells: list[int], active: int, most_bytes: int) -> tuple[int, ...]:
    """Return the charts for which there is room in the cube, those with the fewest cells first."""
    fitting: list[int] = []
    for chart in sorted((i for i in range(len(cells)) if i != active), key=lambda i: cells[i]):
        if size_of(cells[active], [cells[i] for i in (*fitting, chart)]) <= most_bytes:
            fitting.append(chart)
    return tuple(sorted(fitting))


def _ready(
    rows: Rows,
    charts: tuple[ChartAxes, ...],
    active: int,
    cubed: tuple[int, ...],
    selection: Selection | None,
) -> Ready:
    mask = rows.mask()
    axes = [(place(rows, c.x, mask), None if c.y is None else place(rows, c.y, mask)) for c in charts]
    counted = rows.seen(selection)
    drawn = tuple(_chart(*pair) for pair in axes)
    with rows.turn():
        cube = build(drawn[active], [drawn[i] for i in cubed], counted, look=rows.look)
        everything = tuple(cells_of(chart, counted, look=rows.look) for chart in drawn)
    bins = tuple((x.bins, None if y is None else y.bins) for x, y in axes)
    return Ready(drawn, bins, counted, everything, cube, cubed)


def _number(ready: Ready, active: int, runs: Runs) -> int:
    counts = ready.everything[active]
    return sum(int(counts[first:end].sum(dtype=np.int64)) for first, end in runs)


def _chosen(
    across: Bins, up: Bins | None, by: Brush
) -> tuple[npt.NDArray[np.bool_], tuple[float, float] | None, tuple[float, float] | None]:
    """Return which cells of the brushed chart are chosen, and the ends to which the brush snapped."""
    if up is None:
        if not isinstance(by, Span) or by.y is not None:
            raise UsageError("A histogram is brushed from one number to another, on its one axis.")
        first, end = _snapped(across, by.x)
        chosen = np.zeros(across.number, np.bool_)
        chosen[first:end] = True
        return chosen, across.span(first, end), None
    chosen = np.zeros((across.number, up.number), np.bool_)
    match by:
        case Span(x, y) if y is not None:
            (left, right), (low, high) = _snapped(across, x), _snapped(up, y)
            chosen[left:right, low:high] = True
            return chosen.reshape(-1), across.span(left, right), up.span(low, high)
        case Polygon(corners):
            chosen |= within(_middles(across)[:, None], _middles(up)[None, :], corners)
            return chosen.reshape(-1), None, None
        case _:
            raise UsageError("A density is brushed by a box, with ends on both axes, or by a lasso.")


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


def _middles(bins: Bins) -> npt.NDArray[np.float64]:
    edges = np.asarray(bins.edges, np.float64)
    low, high = edges[:-1], edges[1:]
    middles: npt.NDArray[np.float64] = np.sqrt(low * high) if bins.scale == "log" else (low + high) / 2
    return middles
