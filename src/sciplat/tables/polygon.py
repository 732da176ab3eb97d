"""Points in a polygon on a plane, by the even-odd rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from sciplat.tables.bins import spans

__all__ = ["Corners", "many_within", "within"]

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Corners = Sequence[tuple[float, float]]

_CELLS = 128
"""Of the grid, on each side."""

_OUTSIDE, _INSIDE, _NEAR = 0, 1, 2


def within(x: Doubles, y: Doubles, corners: Corners) -> Bools:
    """Return which points lie in a polygon.

    An edge counts where its ends are on two sides of the point's height and it is met to the right of the
    point: points on left and lower edges lie within, those on right and upper ones not, and NaN nowhere.
    """
    inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
    with np.errstate(all="ignore"):
        for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if y1 != y2:
                inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def many_within(
    x: Doubles, y: Doubles, corners: Corners, *, look: Callable[[], None] = lambda: None
) -> Bools:
    """Return what `within` does, for millions of points: only those near an edge are tried with every edge.

    Parameters
    ----------
    look
        Called now and then; what it raises ends the work.
    """
    found = np.zeros(len(x), np.bool_)
    xs, ys = np.array(corners, np.float64).T
    (left, right), (low, high) = (xs.min(), xs.max()), (ys.min(), ys.max())
    with np.errstate(all="ignore"):
        width, height = (right - left) / _CELLS, (high - low) / _CELLS
    is_coarse = not (np.isfinite([width, height]).all() and min(width, height) > 0)
    grid = (
        np.full(_CELLS * _CELLS, _NEAR, np.uint8) if is_coarse else _grid(corners, left, low, width, height)
    )
    for part in spans(len(x)):
        look()
        across, up = np.asarray(x[part]), np.asarray(y[part])
        near = np.flatnonzero(
            (across >= left - width) & (across <= right + width) & (up >= low) & (up < high)
        )
        across, up = across[near], up[near]
        if is_coarse:
            state = np.full(len(near), _NEAR, np.uint8)
        else:
            column, line = _cell(across, left, width), _cell(up, low, height)
            state = grid[column * _CELLS + line]
        found[part.start + near[state == _INSIDE]] = True
        tried = np.flatnonzero(state == _NEAR)
        for some in spans(len(tried), 1 << 14):
            these = tried[some]
            found[part.start + near[these[within(across[these], up[these], corners)]]] = True
    return found


def _cell(values: Doubles, first: float, width: float) -> npt.NDArray[np.int64]:
    return np.clip(((values - first) / width).astype(np.int64), 0, _CELLS - 1)


def _grid(corners: Corners, left: float, low: float, width: float, height: float) -> npt.NDArray[np.uint8]:
    """Return for each cell whether all of it is outside or inside, or an edge comes near: within one cell."""
    middles = np.arange(_CELLS, dtype=np.float64) + 0.5
    x: Doubles = left + middles[:, None] * width
    y: Doubles = low + middles[None, :] * height
    grid = within(x, y, corners).astype(np.uint8)
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        (a, b), (c, d) = sorted(
            (((x1 - left) / width, (y1 - low) / height), ((x2 - left) / width, (y2 - low) / height))
        )
        for column in range(max(0, int(a) - 1), min(_CELLS, int(c) + 2)):
            # The heights of the edge over this column and its neighbours.
            ends = [min(max(end, a), c) for end in (column - 1, column + 2)]
            heights = [b, d] if a == c else [b + (d - b) * (end - a) / (c - a) for end in ends]
            first, last = int(min(heights)) - 1, int(max(heights)) + 2
            grid[column, max(0, first) : min(_CELLS, last)] = _NEAR
    return grid.reshape(-1)
