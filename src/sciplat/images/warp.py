"""An image on another grid of pixels."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS
from scipy import ndimage

from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.planes import PLANES
from sciplat.images.wcs import shifted

__all__ = ["covered_box", "warp"]

Doubles = npt.NDArray[np.float64]

_CELL = 32
"""Pixels between positions that are computed through the sky; between them the way is nearly straight."""


def covered_box(exposure: Exposure, wcs: WCS) -> Box:
    """Return the box that an exposure covers in the full image of another WCS."""
    height, width = exposure.image.shape
    edge_x = np.array([-0.5, width - 0.5, width - 0.5, -0.5, width / 2, width - 0.5, width / 2, -0.5])
    edge_y = np.array([-0.5, -0.5, height - 0.5, height - 0.5, -0.5, height / 2, height - 0.5, height / 2])
    sky = exposure.wcs.pixel_to_world_values(edge_x, edge_y)
    x, y = wcs.world_to_pixel_values(*sky)
    return Box(
        int(np.floor(np.min(x))),
        int(np.floor(np.min(y))),
        int(np.ceil(np.max(x))) + 1,
        int(np.ceil(np.max(y))) + 1,
    )


def warp(exposure: Exposure, wcs: WCS, box: Box) -> Exposure:
    """Return an exposure on the pixels of another grid; what it does not cover is NaN and ``NO_DATA``.

    Positions go through the sky at every 32nd pixel and are interpolated between (to 1e-4 pixels for anything
    like a tangent plane). Pixels are interpolated with cubic B-splines and multiplied with the ratio of pixel
    areas, so that fluxes stay. The variance is moved as the image is, not diminished by the interpolation:
    noise of neighbours becomes correlated, and over the width of a star it is the same as before. Mask bits
    of all pixels that contribute are kept.

    Parameters
    ----------
    exposure
        What is moved. Its PSF is dropped: see :func:`sciplat.images.coadd.coadd`.
    wcs
        That of the full image that ``box`` counts in.
    box
        The pixels wanted.
    """
    x, y, area = _places(exposure.wcs, shifted(wcs, *box.origin), box.shape)
    height, width = exposure.image.shape
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    bad = ~np.isfinite(exposure.image)
    filled = np.where(bad, np.float32(0), exposure.image)
    if bad.any():
        filled = _filled(filled, bad)
    places = [y, x]
    spline = ndimage.spline_filter(filled, order=3, output=np.float32, mode="nearest")
    image = ndimage.map_coordinates(spline, places, np.float32, order=3, mode="nearest", prefilter=False)
    image *= area
    nearest = (
        np.clip(np.rint(y), 0, height - 1).astype(np.intp),
        np.clip(np.rint(x), 0, width - 1).astype(np.intp),
    )
    mask = np.zeros((height, width), np.int32) if exposure.mask is None else exposure.mask
    planes = {**PLANES, **exposure.planes}
    mask = _spread(np.where(bad, mask | (1 << planes["NO_DATA"]), mask))[nearest]
    image[~inside] = np.nan
    mask = np.where(inside, mask, 1 << planes["NO_DATA"]).astype(np.int32)
    variance = None
    if exposure.variance is not None:
        variance = exposure.variance[nearest] * area**2
        variance[~inside] = np.nan
    return Exposure(
        image, shifted(wcs, *box.origin), mask, planes, variance, None, exposure.header.copy(), box.origin
    )


def _places(
    source: WCS, target: WCS, shape: tuple[int, int]
) -> tuple[Doubles, Doubles, npt.NDArray[np.float32]]:
    """Return x and y in the source of each target pixel, and how many source pixels a target pixel covers."""
    nodes_y = np.arange(-(-shape[0] // _CELL) + 2) * float(_CELL)
    nodes_x = np.arange(-(-shape[1] // _CELL) + 2) * float(_CELL)
    grid_x, grid_y = np.meshgrid(nodes_x, nodes_y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        sky = target.pixel_to_world_values(grid_x.ravel(), grid_y.ravel())
        x, y = (np.asarray(v).reshape(grid_x.shape) for v in source.world_to_pixel_values(*sky))
    dxx, dxy = np.gradient(x, _CELL, axis=1), np.gradient(x, _CELL, axis=0)
    dyx, dyy = np.gradient(y, _CELL, axis=1), np.gradient(y, _CELL, axis=0)
    area = np.abs(dxx * dyy - dxy * dyx)
    far = -1e6
    full = [_between(np.where(np.isfinite(v), v, far), shape) for v in (x, y)]
    return full[0], full[1], _between(np.where(np.isfinite(area), area, 1.0), shape).astype(np.float32)


def _between(nodes: Doubles, shape: tuple[int, int]) -> Doubles:
    """Return values at all pixels from values at every ``_CELL``-th, bilinear."""
    rows, columns = np.arange(shape[0]) / _CELL, np.arange(shape[1]) / _CELL
    i, j = rows.astype(np.intp), columns.astype(np.intp)
    v, u = (rows - i)[:, None], (columns - j)[None, :]
    along = nodes[i] * (1 - v) + nodes[i + 1] * v
    return np.asarray(along[:, j] * (1 - u) + along[:, j + 1] * u)


def _filled(image: npt.NDArray[np.float32], bad: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Return an image whose bad pixels are as the nearest good one, so that splines do not ring."""
    if bad.all():
        return image
    rows, columns = ndimage.distance_transform_edt(bad, return_distances=False, return_indices=True)
    return np.asarray(image[rows, columns], np.float32)


def _spread(mask: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return each pixel's bits with those of its eight neighbours."""
    for axis in (0, 1):
        wide = mask.copy()
        front, back = [slice(None)] * 2, [slice(None)] * 2
        front[axis], back[axis] = slice(1, None), slice(None, -1)
        wide[tuple(front)] |= mask[tuple(back)]
        wide[tuple(back)] |= mask[tuple(front)]
        mask = wide
    return mask
