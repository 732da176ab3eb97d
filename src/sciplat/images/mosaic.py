"""Several exposures as one: pasted where they share a pixel grid, else brought to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area
from reproject import reproject_interp

from sciplat.errors import NoOverlapError, UsageError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure, Floats, Integers

__all__ = ["NO_DATA", "mosaic", "offset", "reach_of", "reprojected"]

NO_DATA = "NO_DATA"
"""The mask plane of pixels that no input has."""

_SAME_GRID = 1e-4


def offset(source: WCS, shape: tuple[int, ...], wcs: WCS) -> tuple[int, int] | None:
    """Return where the first pixel of an image lies on the pixel grid of ``wcs``; None on another grid.

    Two grids are the same if whole pixels lie on whole pixels within 0.0001 all over the image.

    Parameters
    ----------
    source, shape
        World coordinates and shape ``[y, x]`` of the image.
    wcs
        The grid.
    """
    height, width = shape
    x, y = (
        each.ravel()
        for each in np.meshgrid([0, (width - 1) / 2, width - 1], [0, (height - 1) / 2, height - 1])
    )
    there = np.column_stack(world.pixels(wcs, *world.sky(source, x, y)))
    moves = there - np.column_stack([x, y])
    whole = np.rint(moves[0]) if np.isfinite(moves).all() else moves[0]
    if not np.isfinite(whole).all() or np.abs(moves - whole).max() > _SAME_GRID:
        return None
    return int(whole[0]), int(whole[1])


def mosaic(
    exposures: Sequence[Exposure], wcs: WCS | None = None, shape: tuple[int, int] | None = None
) -> Exposure:
    """Return one exposure of several that overlap, touch, or lie apart.

    Where inputs overlap, the first one with a value is taken; pixels are not averaged. Inputs on the pixel
    grid of the result are copied bit for bit, others are interpolated (`reprojected`). Mask planes are joined
    by their names. The point-spread function and the metadata are those of the first input.

    Parameters
    ----------
    exposures
        The inputs, the preferred ones first.
    wcs, shape
        The world coordinates and the shape ``[y, x]`` of the result; without them the pixel grid is that of
        the first input, and holds all inputs.

    Raises
    ------
    UsageError
        There is no input, or only one of ``wcs`` and ``shape``.
    NoOverlapError
        No input has a pixel of the result.
    """
    if not exposures:
        raise UsageError("A mosaic needs at least one image")
    if (wcs is None) != (shape is None):
        raise UsageError("A mosaic on a given grid needs its world coordinates and its shape")
    origin = (0, 0)
    if wcs is None or shape is None:
        first = exposures[0]
        box = reduce(Box.around, (reach_of(each.wcs, each.image.shape, first.wcs) for each in exposures))
        wcs, shape = world.shifted(first.wcs, *box.origin), box.shape
        origin = (first.origin[0] + box.x0, first.origin[1] + box.y0)
    planes = _planes(exposures)
    image = np.full(shape, np.nan, np.float32)
    variance = np.full(shape, np.nan, np.float32) if all(e.variance is not None for e in exposures) else None
    mask = np.full(shape, 1 << planes[NO_DATA], np.int32)
    empty = np.ones(shape, np.bool_)
    for exposure in exposures:
        placed, part = _placed(exposure, wcs, shape)
        if part is None:
            continue
        rows, columns = part.slices()
        bits = _renumbered(placed, planes)
        # A pixel without a value still tells by its mask why, unless another input has it.
        known = np.isfinite(placed.image)
        here = empty[rows, columns] & (known | ((bits & (1 << planes[NO_DATA])) == 0))
        better = here & (known | ~np.isfinite(image[rows, columns]))
        image[rows, columns][better] = placed.image[better]
        mask[rows, columns][better] = bits[better]
        if variance is not None and placed.variance is not None:
            variance[rows, columns][better] = placed.variance[better]
        empty[rows, columns] &= ~(known & better)
    if (mask == 1 << planes[NO_DATA]).all() and not np.isfinite(image).any():
        raise NoOverlapError("No pixel that is asked for has its middle on an image")
    return Exposure(
        image, wcs, mask, planes, variance, exposures[0].psf, exposures[0].header.copy(), origin=origin
    )


def reprojected(exposure: Exposure, wcs: WCS, shape: tuple[int, int]) -> Exposure:
    """Return an exposure on another pixel grid.

    The image is interpolated bilinearly and multiplied by the ratio of the pixels' areas, as fluxes per pixel
    need it, the variance with the square of it (what neighbours share is neglected); the mask is that of the
    nearest pixel. What has no value, or a neighbour without one, is NaN, and NO_DATA in the mask. There is no
    PSF: it would be that of another grid.

    Parameters
    ----------
    exposure
        The input.
    wcs, shape
        World coordinates and shape ``[y, x]`` of the result.
    """
    ratio = np.float32(proj_plane_pixel_area(wcs) / proj_plane_pixel_area(exposure.wcs))
    image = _bilinear(exposure.image, exposure.wcs, wcs, shape) * ratio
    planes = _planes([exposure])
    nothing = np.float64(1 << planes[NO_DATA])
    mask = np.full(shape, int(nothing), np.int32)
    bits = _renumbered(exposure, planes)
    nearest = _interpolated(bits.astype(np.float64), exposure.wcs, wcs, shape, "nearest-neighbor")
    there = np.isfinite(nearest)
    mask[there] = nearest[there].astype(np.int32)
    mask[~np.isfinite(image)] |= 1 << planes[NO_DATA]
    variance = None
    if exposure.variance is not None:
        variance = _bilinear(exposure.variance, exposure.wcs, wcs, shape) * ratio**2
    return Exposure(image, wcs, mask, planes, variance, None, exposure.header.copy())


def _bilinear(pixels: Floats, source: WCS, target: WCS, shape: tuple[int, int]) -> Floats:
    """Interpolate between the centres of four pixels, and not beyond those at the border."""
    framed = np.pad(pixels, 1, constant_values=np.nan)
    result: Floats = _interpolated(framed, world.shifted(source, -1, -1), target, shape, "bilinear")
    return result


def _interpolated(
    pixels: np.ndarray, source: WCS, target: WCS, shape: tuple[int, int], order: str
) -> np.ndarray:
    """Return pixels on another grid; reproject wants the byte order and the memory of its own."""
    result = reproject_interp(
        (np.ascontiguousarray(pixels, np.float64), source),
        target,
        shape_out=shape,
        order=order,
        return_footprint=False,
    )
    return np.asarray(result, pixels.dtype)


def reach_of(source: WCS, shape: tuple[int, ...], wcs: WCS) -> Box:
    """Return the pixels of a grid that an image touches."""
    height, width = shape
    if (place := offset(source, shape, wcs)) is not None:
        return Box.of((height, width), place)
    x, y = np.linspace(-0.5, width - 0.5, 65), np.linspace(-0.5, height - 0.5, 65)
    edge_x = np.concatenate([x, x, np.full(65, -0.5), np.full(65, width - 0.5)])
    edge_y = np.concatenate([np.full(65, -0.5), np.full(65, height - 0.5), y, y])
    there = np.column_stack(world.pixels(wcs, *world.sky(source, edge_x, edge_y)))
    if not np.isfinite(there).all():
        raise UsageError("The images lie too far apart for one pixel grid")
    low, high = np.floor(there.min(axis=0) + 0.5), np.floor(there.max(axis=0) + 0.5)
    return Box(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)


def _placed(exposure: Exposure, wcs: WCS, shape: tuple[int, int]) -> tuple[Exposure, Box | None]:
    """Return what an exposure has of a grid, and where."""
    whole = Box.of(shape)
    box = reach_of(exposure.wcs, exposure.image.shape, wcs).overlap(whole)
    if box is None:
        return exposure, None
    if (place := offset(exposure.wcs, exposure.image.shape, wcs)) is not None:
        dx, dy = exposure.origin[0] - place[0], exposure.origin[1] - place[1]
        return exposure.cut(box.moved(dx, dy)), box
    return reprojected(exposure, world.shifted(wcs, *box.origin), box.shape), box


def _planes(exposures: Sequence[Exposure]) -> Mapping[str, int]:
    """Give every name a bit: that of the first input with it, if it is free."""
    planes: dict[str, int] = {}
    names = [(name, bit) for each in exposures for name, bit in each.planes.items()]
    for name, bit in [*names, (NO_DATA, 8)]:
        if name not in planes:
            taken = set(planes.values())
            free = bit if bit not in taken else next((n for n in range(31) if n not in taken), None)
            if free is None:
                raise UsageError(f"The images have more than 31 mask planes; there is no bit left for {name}")
            planes[name] = free
    return planes


def _renumbered(exposure: Exposure, planes: Mapping[str, int]) -> Integers:
    mask: Integers = np.zeros(exposure.image.shape, np.int32)
    if exposure.mask is not None and exposure.planes.items() <= planes.items():
        return exposure.mask
    if exposure.mask is not None:
        for name, bit in exposure.planes.items():
            mask |= ((exposure.mask >> bit) & 1) << planes[name]
    return mask
