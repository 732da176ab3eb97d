"""Where things are: the field, the camera's detectors, and the tracts and patches of the coadds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "BANDS",
    "CENTRE",
    "DETECTORS",
    "DETECTOR_PIXELS",
    "HALF_WIDTH",
    "PIXEL",
    "detector_corners",
    "from_plane",
    "on_detectors",
    "to_plane",
    "tract_and_patch",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BANDS = ("u", "g", "r", "i", "z", "y")

CENTRE = (25.6, 0.3)
"""ICRS degrees."""

HALF_WIDTH = 1.0
"""Degrees: the field is a box of 2 by 2 degrees in right ascension and declination."""

PIXEL = 0.2
"""Arcseconds."""

DETECTOR_PIXELS = 4224
"""Side of a detector; neighbours touch, the simulated camera has no gaps."""

_RAFT_ROWS = ((1, 2, 3), (0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (1, 2, 3))
_SIDE = DETECTOR_PIXELS * PIXEL / 3600


def _number_detectors() -> npt.NDArray[np.int16]:
    """Return the detector in each cell of the 15 by 15 grid, [row, column], -1 in the empty corners.

    21 rafts of nine, numbered raft by raft and row by row, as in Rubin's camera.
    """
    grid = np.full((15, 15), -1, np.int16)
    number = 0
    for row, columns in enumerate(_RAFT_ROWS):
        for column in columns:
            grid[3 * row : 3 * row + 3, 3 * column : 3 * column + 3] = number + np.arange(9).reshape(3, 3)
            number += 9
    return grid


_GRID = _number_detectors()
DETECTORS = int(_GRID.max()) + 1


def to_plane(ra: Floats, dec: Floats, ra0: float | Floats, dec0: float | Floats) -> tuple[Floats, Floats]:
    """Project positions on the tangent plane at (ra0, dec0): xi to the east, eta to the north.

    Everything in degrees. FITS WCS paper II (Calabretta & Greisen 2002), section 5.1.3.
    """
    a, d, d0 = np.radians(ra - ra0), np.radians(dec), np.radians(dec0)
    scale = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(a)
    xi = np.cos(d) * np.sin(a) / scale
    eta = (np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(a)) / scale
    return np.degrees(xi), np.degrees(eta)


def from_plane(xi: Floats, eta: Floats, ra0: float, dec0: float) -> tuple[Floats, Floats]:
    """Return the positions of points on the tangent plane at (ra0, dec0), degrees."""
    x, y, d0 = np.radians(xi), np.radians(eta), np.radians(dec0)
    below = np.cos(d0) - y * np.sin(d0)
    ra = ra0 + np.degrees(np.arctan2(x, below))
    dec = np.degrees(np.arctan2(np.sin(d0) + y * np.cos(d0), np.hypot(x, below)))
    return ra % 360.0, dec


def on_detectors(
    ra: Floats, dec: Floats, pointing: tuple[float, float], rotation: float
) -> tuple[npt.NDArray[np.int16], Floats, Floats]:
    """Return detector (-1 outside the camera) and pixel coordinates, x and y from 0 at the first centre.

    ``rotation`` turns the camera on the sky, degrees from north through east.
    """
    xi, eta = to_plane(ra, dec, *pointing)
    turn = np.radians(rotation)
    # The camera's x axis points west where it isn't turned, as on an image with north up.
    column = (-xi * np.cos(turn) + eta * np.sin(turn)) / _SIDE + 7.5
    row = (xi * np.sin(turn) + eta * np.cos(turn)) / _SIDE + 7.5
    i, j = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
    inside = (i >= 0) & (i < 15) & (j >= 0) & (j < 15)
    detector = np.where(inside, _GRID[j.clip(0, 14), i.clip(0, 14)], -1).astype(np.int16)
    return detector, (column - i) * DETECTOR_PIXELS - 0.5, (row - j) * DETECTOR_PIXELS - 0.5


def detector_corners(pointing: tuple[float, float], rotation: float) -> dict[str, tuple[Floats, Floats]]:
    """Return ICRS positions on all detectors: ``llc``, ``ulc``, ``urc``, ``lrc`` and ``centre``."""
    turn = np.radians(rotation)
    rows, columns = np.nonzero(_GRID >= 0)
    order = np.argsort(_GRID[rows, columns])
    rows, columns = rows[order], columns[order]
    places = {
        "llc": (0.0, 0.0),
        "ulc": (0.0, 1.0),
        "urc": (1.0, 1.0),
        "lrc": (1.0, 0.0),
        "centre": (0.5, 0.5),
    }
    corners = {}
    for name, (dx, dy) in places.items():
        x, y = (columns + dx - 7.5) * _SIDE, (rows + dy - 7.5) * _SIDE
        xi = -x * np.cos(turn) + y * np.sin(turn)
        eta = x * np.sin(turn) + y * np.cos(turn)
        corners[name] = from_plane(xi, eta, *pointing)
    return corners


# --- tracts and patches: rings of equal height in declination, each tract a tangent plane ------------------

_RINGS = 120
_RING = 180.0 / (_RINGS + 1)
_PATCHES = 7
_PATCH_PIXELS = 4000


def tract_and_patch(ra: Floats, dec: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Return tract, patch and pixel coordinates in the tract's plane, for positions in degrees.

    The sky between the poles is cut in 120 rings; each ring in as many tracts as keep them narrower
    than the ring is high; each tract in 7 by 7 patches of 4000 pixels, numbered by rows from the
    south-east, with x growing to the west.
    """
    ring = np.clip(np.floor((dec + 90.0) / _RING - 0.5).astype(np.int64), 0, _RINGS - 1)
    middle = _RING * (ring + 1) - 90.0
    widest = np.maximum(np.abs(middle) - _RING / 2, 0.0)
    count = np.floor(360.0 * np.cos(np.radians(widest)) / _RING).astype(np.int64) + 1
    number = np.floor(ra * count / 360.0 + 0.5).astype(np.int64) % count
    first = np.concatenate(([1], 1 + np.cumsum(_tracts_in_rings())))
    xi, eta = to_plane(ra, dec, number * 360.0 / count, np.asarray(middle, np.float64))
    half = _PATCHES * _PATCH_PIXELS / 2
    x, y = half - xi * 3600 / PIXEL - 0.5, half + eta * 3600 / PIXEL - 0.5
    limit = _PATCHES - 1
    column = np.clip((x + 0.5) // _PATCH_PIXELS, 0, limit).astype(np.int64)
    row = np.clip((y + 0.5) // _PATCH_PIXELS, 0, limit).astype(np.int64)
    return first[ring] + number, row * _PATCHES + column, x, y


def _tracts_in_rings() -> Ints:
    middle = _RING * (np.arange(_RINGS) + 1) - 90.0
    widest = np.maximum(np.abs(middle) - _RING / 2, 0.0)
    return np.asarray(np.floor(360.0 * np.cos(np.radians(widest)) / _RING) + 1, np.int64)
