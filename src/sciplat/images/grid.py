"""World coordinates for a browser: the header's cards where it knows the projection, else a control grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS

from sciplat.images import wcs as world

__all__ = ["TOLERANCE", "ControlGrid", "control_grid", "for_browser"]

Floats = npt.NDArray[np.float64]

TOLERANCE = 0.02
"""Pixels; how far a control grid may be from the world coordinates."""

_KNOWN = {"TAN", "TAN-SIP", "TPV"}
_FEWEST, _MOST = 5, 257


@dataclass(frozen=True, eq=False, slots=True)
class ControlGrid:
    """Directions on the sky at the nodes of a regular grid of pixels; between nodes they are bilinear.

    Directions are vectors, since these have no seam at RA 0 and no pole.
    """

    vectors: Floats
    """Unit vectors ``[row, column, 3]``, ICRS; NaN where there is no sky."""

    first: tuple[float, float]
    """The pixel (x, y) of the first node: (-0.5, -0.5)."""

    step: tuple[float, float]
    """Pixels (x, y) between nodes."""

    error: float
    """Pixels; the largest distance from the world coordinates that was found between nodes."""

    def at(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return RA and Dec, ICRS degrees, of pixels (0-based)."""
        rows, columns = self.vectors.shape[:2]
        u = (np.asarray(x, np.float64) - self.first[0]) / self.step[0]
        v = (np.asarray(y, np.float64) - self.first[1]) / self.step[1]
        left, low = np.clip(u.astype(int), 0, columns - 2), np.clip(v.astype(int), 0, rows - 2)
        s, t = (u - left)[..., np.newaxis], (v - low)[..., np.newaxis]
        k = self.vectors
        x_, y_, z_ = np.moveaxis(
            (1 - t) * ((1 - s) * k[low, left] + s * k[low, left + 1])
            + t * ((1 - s) * k[low + 1, left] + s * k[low + 1, left + 1]),
            -1,
            0,
        )
        return np.degrees(np.arctan2(y_, x_)) % 360, np.degrees(np.arctan2(z_, np.hypot(x_, y_)))


def for_browser(wcs: WCS, shape: tuple[int, int]) -> dict[str, Any]:
    """Return world coordinates as JSON can have them.

    Either ``{"kind": "cards", "cards": {…}}`` of a WCS in ICRS whose projection is TAN, TAN-SIP
    or TPV, or ``{"kind": "grid", …}`` with the fields of `ControlGrid`, ``vectors`` as a list
    ``[row][column]`` and null where there is no sky.
    """
    if _is_known(wcs):
        return {"kind": "cards", "cards": dict(world.cards(wcs))}
    grid = control_grid(wcs, shape)
    vectors = [
        [None if np.isnan(node).any() else [float(each) for each in node] for node in row]
        for row in grid.vectors
    ]
    return {
        "kind": "grid",
        "first": list(grid.first),
        "step": list(grid.step),
        "error": grid.error,
        "vectors": vectors,
    }


def control_grid(wcs: WCS, shape: tuple[int, int], tolerance: float = TOLERANCE) -> ControlGrid:
    """Return a grid with as few nodes as keep within ``tolerance`` pixels, but at most 257 along an axis.

    Where more would be needed, ``error`` is larger than ``tolerance`` and tells how much.
    """
    count = _FEWEST
    while True:
        grid = _grid(wcs, shape, count)
        if grid.error <= tolerance or count >= _MOST:
            return grid
        count = 2 * count - 1


def _is_known(wcs: WCS) -> bool:
    projections = {kind[5:].lstrip("-") for kind in wcs.wcs.ctype}
    if any(table is not None for table in (wcs.cpdis1, wcs.cpdis2, wcs.det2im1, wcs.det2im2)):
        return False
    tangent = len(projections) == 1 and projections <= _KNOWN | {"TAN"}
    return tangent and world.is_icrs(wcs) and wcs.wcs.lng == 0


def _grid(wcs: WCS, shape: tuple[int, int], count: int) -> ControlGrid:
    height, width = shape
    step = (width / (count - 1), height / (count - 1))
    x, y = np.meshgrid(np.arange(count) * step[0] - 0.5, np.arange(count) * step[1] - 0.5)
    grid = ControlGrid(_vectors(wcs, x, y).reshape(count, count, 3), (-0.5, -0.5), step, 0.0)
    # A bilinear surface is farthest away in the middle of a cell and of its sides.
    worst = 0.0
    for dx, dy in ((0.5, 0.5), (0.5, 0.0), (0.0, 0.5), (0.25, 0.25)):
        px, py = (x[:-1, :-1] + dx * step[0]).ravel(), (y[:-1, :-1] + dy * step[1]).ravel()
        ra, dec = (np.radians(each) for each in grid.at(px, py))
        got = np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        away = np.linalg.norm(got - _vectors(wcs, px, py), axis=1)
        # The size of a pixel there, by a small step: projections of the whole sky have none for all.
        here = _vectors(wcs, px, py)
        beside, above = _vectors(wcs, px + 0.01, py), _vectors(wcs, px, py + 0.01)
        near = np.fmin(np.linalg.norm(beside - here, axis=1), np.linalg.norm(above - here, axis=1)) / 0.01
        with np.errstate(invalid="ignore", divide="ignore"):
            pixels = away / near
        worst = max(worst, float(np.max(pixels[np.isfinite(pixels)], initial=0.0)))
    return ControlGrid(grid.vectors, grid.first, grid.step, worst)


def _vectors(wcs: WCS, x: Floats, y: Floats) -> Floats:
    ra, dec = (np.radians(each) for each in world.sky(wcs, x, y))
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
