"""Small images around positions, and the point-spread function as it falls on their pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from sciplat.images.psf import PSF

__all__ = ["gather", "psf_images"]

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def gather(
    shape: tuple[int, int], x: Doubles, y: Doubles, half: int
) -> tuple[Indices, Indices, npt.NDArray[np.bool_]]:
    """Return rows and columns ``[n, size, size]`` of stamps around positions, and which are in the image.

    Positions are in pixels of the array, 0 in the middle of the first; a stamp has ``2 half + 1`` pixels each
    way around the pixel nearest to its position. Places outside are moved to the border, to be read
    harmlessly.
    """
    steps = np.arange(-half, half + 1)
    rows = np.rint(y).astype(np.intp)[:, None, None] + steps[None, :, None]
    columns = np.rint(x).astype(np.intp)[:, None, None] + steps[None, None, :]
    rows, columns = np.broadcast_arrays(rows, columns)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1), inside


def psf_images(
    psf: PSF, x: Doubles, y: Doubles, half: int, origin: tuple[int, int] = (0, 0)
) -> npt.NDArray[np.float64]:
    """Return ``[n, size, size]`` images of a star at each position, on the pixels that :func:`gather` names.

    Kernels are moved by fractions of a pixel with cubic splines. Where the PSF varies, each position has the
    kernel of the nearest 64th of the way between nodes. ``x`` and ``y`` are those of the array, ``origin`` is
    its first pixel in the full image.
    """
    result = np.empty((len(x), 2 * half + 1, 2 * half + 1))
    dx, dy = x - np.rint(x), y - np.rint(y)
    for kernel, members in _kernels(psf, x + origin[0], y + origin[1]):
        middle = (kernel.shape[0] - 1) / 2, (kernel.shape[1] - 1) / 2
        spline = ndimage.spline_filter(kernel, order=3)
        steps = np.arange(-half, half + 1.0)
        rows = middle[0] + steps[None, :, None] - dy[members, None, None]
        columns = middle[1] + steps[None, None, :] - dx[members, None, None]
        places = np.stack(np.broadcast_arrays(rows, columns))
        result[members] = ndimage.map_coordinates(spline, places, order=3, mode="constant", prefilter=False)
    return result


def _kernels(psf: PSF, x: Doubles, y: Doubles) -> list[tuple[Doubles, Indices]]:
    """Return the kernels in use, each with the numbers of its positions."""
    if psf.kernels.shape[:2] == (1, 1):
        return [(psf.kernels[0, 0].astype(np.float64), np.arange(len(x)))]
    cell_x = np.rint((x - psf.first[0]) / psf.step[0] * 64).astype(np.int64)
    cell_y = np.rint((y - psf.first[1]) / psf.step[1] * 64).astype(np.int64)
    cells, owner = np.unique(np.stack([cell_x, cell_y]), axis=1, return_inverse=True)
    owner = owner.ravel()
    return [
        (
            psf.at(
                float(cx / 64 * psf.step[0] + psf.first[0]), float(cy / 64 * psf.step[1] + psf.first[1])
            ).astype(np.float64),
            np.flatnonzero(owner == number),
        )
        for number, (cx, cy) in enumerate(cells.T)
    ]
