"""Cosmic rays: pixels sharper than the atmosphere lets any star be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["cosmic_rays"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def cosmic_rays(
    image: Floats, variance: Floats, ignore: Flags | None = None, *, limit: float = 6.0, contrast: float = 2.5
) -> Flags:
    """Return where cosmic rays hit an image ``[y, x]``.

    Edges are found by a Laplacian of pixels split in four, whose negative side is left out, and told from
    stars by comparison with the fine structure that a star of the same size would have (van Dokkum 2001,
    PASP 113, 1420). The medians of that comparison are taken around candidates only. Neighbours of what was
    found need half the signal. What was found is filled in with the median around it, and all is done again,
    so that broad tracks are seen to their middle.

    Parameters
    ----------
    image
        Any unit; the sky need not be subtracted.
    variance
        In its square.
    ignore
        Pixels that are neither searched nor found: saturated, bad.
    limit
        Signal to noise of a pixel's edge.
    contrast
        How much sharper than the fine structure of a star. Higher for images in which a star is narrower than
        two pixels.
    """
    noise = np.sqrt(np.maximum(variance, np.float32(1e-30)))
    unusable = ~np.isfinite(image) | ~np.isfinite(noise)
    if ignore is not None:
        unusable |= ignore
    clean = np.where(unusable, _typical(image[~unusable]), image).astype(np.float32)
    near = ndimage.binary_dilation(unusable, np.ones((3, 3), np.bool_))
    found = np.zeros(image.shape, np.bool_)
    for _ in range(4):
        signal = _laplacian(clean) / noise / 2
        signal[near] = 0
        y, x = np.nonzero((signal > limit / 2) & ~found)
        if not len(y):
            break
        # Extended light has a Laplacian too; its local median is taken off.
        excess = signal[y, x] - np.median(_around(signal, y, x, 2), axis=1)
        fine = np.median(_around(clean, y, x, 1), axis=1) - np.median(_around(clean, y, x, 3), axis=1)
        sharp = signal[y, x] * noise[y, x] * 2 > contrast * np.maximum(fine, 0.1 * noise[y, x])
        sure = sharp & (excess > limit)
        seeds = found.copy()
        seeds[y[sure], x[sure]] = True
        beside = ndimage.binary_dilation(seeds, np.ones((3, 3), np.bool_))[y, x]
        new = sure | (beside & (excess > limit / 2))
        if not new.any():
            break
        y, x = y[new], x[new]
        found[y, x] = True
        hidden = clean.copy()
        hidden[found | unusable] = np.nan
        around = _around(hidden, y, x, 2)
        left = np.isfinite(around).sum(axis=1) > 2
        clean[y[left], x[left]] = np.nanmedian(around[left], axis=1)
    return found


def _typical(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _laplacian(image: Floats) -> Floats:
    """Return the mean of the positive Laplacians of a pixel's four quarters.

    A quarter's neighbours are two quarters of its own pixel and one each of the next in x and in y.
    """
    padded = np.pad(image, 1, mode="edge")
    left, right = image - padded[1:-1, :-2], image - padded[1:-1, 2:]
    below, above = image - padded[:-2, 1:-1], image - padded[2:, 1:-1]
    total = np.zeros_like(image)
    for horizontal in (left, right):
        for vertical in (below, above):
            total += np.maximum(horizontal + vertical, 0)
    return np.asarray(total / 4, np.float32)


def _around(
    image: npt.NDArray[Any], y: npt.NDArray[np.intp], x: npt.NDArray[np.intp], half: int
) -> npt.NDArray[Any]:
    """Return [n, (2 half + 1)²] pixels around each of some; the border is repeated outwards."""
    steps = np.arange(-half, half + 1)
    rows = np.clip(y[:, None] + steps, 0, image.shape[0] - 1)
    columns = np.clip(x[:, None] + steps, 0, image.shape[1] - 1)
    return np.asarray(image[rows[:, :, None], columns[:, None, :]].reshape(len(y), -1))
