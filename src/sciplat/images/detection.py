"""Finding what shines: background, and sources that stand above the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sep
from scipy import ndimage

__all__ = ["Detections", "background", "detect", "signal_to_noise"]

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Sources in one image, arrays of one length."""

    x: Doubles
    y: Doubles
    """Pixels of the array, 0 in the middle of the first: centroids in a window of the PSF's width."""

    a: Doubles
    b: Doubles
    theta: Doubles
    """Width along both axes in pixels, and the angle from x to the longer one in radians (isophotal, at least
    half the PSF's width)."""

    peak: Doubles
    is_blended: Flags
    """Found as one of several in one footprint."""

    footprint: npt.NDArray[np.int32]
    """Of each pixel ``[y, x]`` the number of its source from 1; 0 for none."""

    def __len__(self) -> int:
        return len(self.x)


def background(image: Floats, unusable: Flags | None = None, *, cell: int = 128) -> Floats:
    """Return a smooth background ``[y, x]``.

    Cells of ``cell`` pixels without what stands out of them (``sep``: clipped mode), and once more without
    the sources that were then found, so that large galaxies do not raise it.
    """
    bad = ~np.isfinite(image)
    if unusable is not None:
        bad |= unusable
    if bad.all():
        return np.zeros_like(image)
    clean = np.where(bad, np.float32(0), image).astype(np.float32)
    size = min(cell, *image.shape)
    first = sep.Background(clean, mask=bad, bw=size, bh=size, fw=3, fh=3)
    flat = clean - _level(first, clean, bad)
    noise = max(float(first.globalrms), 1e-12)
    bright = ndimage.gaussian_filter(np.where(bad, np.float32(0), flat), 2.0) > 0.5 * noise
    bright = ndimage.binary_opening(bright, iterations=1)
    sources = ndimage.binary_dilation(bright, iterations=6)
    if (bad | sources).mean() > 0.8:
        return _level(first, clean, bad)
    second = sep.Background(clean, mask=bad | sources, bw=size, bh=size, fw=3, fh=3)
    return _level(second, clean, bad | sources)


def _level(found: sep.Background, image: Floats, hidden: Flags) -> Floats:
    """Return a background; a single level where every cell is more than half hidden, of which sep makes 0."""
    level = np.asarray(found.back(), np.float32)
    if level.any():
        return level
    values = image[~hidden]
    for _ in range(5):
        middle = np.median(values)
        values = values[np.abs(values - middle) <= 3 * 1.4826 * np.median(np.abs(values - middle))]
    return np.full_like(image, np.median(values))


def signal_to_noise(image: Floats, variance: Floats, sigma: float) -> Floats:
    """Return the signal to noise of a point source at each pixel ``[y, x]``.

    The image is smoothed with a Gaussian of the PSF's width, which is the best filter in front of an even
    background. Pixels to be left out are 0 in both.
    """
    signal = ndimage.gaussian_filter(image, sigma, mode="constant", truncate=3.5)
    # The square of a Gaussian is one of 1/sqrt(2) its width, times 1 / (4 pi sigma²).
    noise = ndimage.gaussian_filter(variance, sigma / np.sqrt(2), mode="constant", truncate=3.5)
    noise /= np.float32(4 * np.pi * sigma**2)
    return np.asarray(np.where(noise > 0, signal / np.sqrt(np.maximum(noise, 1e-30)), 0), np.float32)


def detect(
    image: Floats,
    variance: Floats,
    sigma: float,
    unusable: Flags | None = None,
    *,
    threshold: float = 5.0,
) -> Detections:
    """Return sources whose signal to noise, smoothed with the PSF, reaches a threshold.

    Parameters
    ----------
    image, variance
        Free of background; ``[y, x]``.
    sigma
        Width of the PSF, pixels.
    unusable
        Pixels in which nothing is found.
    threshold
        Signal to noise of a point source (see :func:`signal_to_noise`).
    """
    bad = ~np.isfinite(image) | ~np.isfinite(variance) | ~(variance > 0)
    if unusable is not None:
        bad |= unusable
    clean = np.where(bad, np.float32(0), image).astype(np.float32)
    found, footprint = sep.extract(
        signal_to_noise(clean, np.where(bad, np.float32(0), variance), sigma),
        threshold,
        mask=bad,
        minarea=3,
        filter_kernel=None,
        deblend_nthresh=32,
        deblend_cont=0.005,
        clean=False,
        segmentation_map=True,
    )
    if not len(found):
        none = np.zeros(0)
        return Detections(none, none, none, none, none, none, np.zeros(0, np.bool_), footprint)
    x, y, flag = sep.winpos(clean, found["x"], found["y"], np.full(len(found), sigma), mask=bad)
    # Where the window wandered off to a neighbour, or met the border, the isophotal centroid stays.
    lost = (np.hypot(x - found["x"], y - found["y"]) > 2 * sigma) | ~np.isfinite(x) | (flag & 0x100 > 0)
    return Detections(
        np.where(lost, found["x"], x),
        np.where(lost, found["y"], y),
        _without(found["a"], sigma),
        _without(found["b"], sigma),
        # Rounding to single precision may turn the angle beyond what is a quarter turn.
        np.clip(found["theta"].astype(np.float64), -np.pi / 2 + 1e-6, np.pi / 2 - 1e-6),
        found["peak"].astype(np.float64),
        (found["flag"] & sep.OBJ_MERGED) > 0,
        np.asarray(footprint, np.int32),
    )


def _without(width: npt.NDArray[np.float64], sigma: float) -> Doubles:
    """Return widths on the image from those on its smoothed copy."""
    return np.asarray(np.sqrt(np.maximum(np.asarray(width, np.float64) ** 2 - sigma**2, sigma**2 / 4)))
