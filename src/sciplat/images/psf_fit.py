"""The point-spread function, measured from the stars of an image."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from sciplat.errors import UsageError
from sciplat.images.psf import PSF
from sciplat.images.shapes import adaptive_moments
from sciplat.images.stamps import gather

__all__ = ["PSFFit", "fit_psf", "moffat", "psf_moments"]

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PSFFit:
    """A point-spread function and how it was found."""

    psf: PSF
    fwhm: float
    """Pixels, along the geometric mean of both axes."""

    beta: float
    """How steeply the wings fall."""

    stars: int
    """Stars that were used."""

    @property
    def sigma(self) -> float:
        """Width of the Gaussian of this FWHM, pixels."""
        return self.fwhm / 2.3548


def moffat(
    half: int, alpha: float, beta: float, e1: float, e2: float, centre: tuple[float, float] = (0.0, 0.0)
) -> Doubles:
    """Return a Moffat profile as an image of ``2 half + 1`` pixels each way, its sum 1 (Moffat 1969).

    ``alpha`` is its radius in pixels; ``e1`` and ``e2`` are (a - b) / (a + b) times cosine and sine of twice
    the angle from x to the longer axis; ``centre`` (x, y) is where the star is, from the middle of the middle
    pixel. Light is gathered over the pixel in 3 by 3 points.
    """
    over = 3
    fine = (np.arange((2 * half + 1) * over) + 0.5) / over - half - 0.5
    x, y = fine[None, :] - centre[0], fine[:, None] - centre[1]
    shrink = 1 - e1 * e1 - e2 * e2
    u = ((1 - e1) * x - e2 * y) ** 2 + ((1 + e1) * y - e2 * x) ** 2
    image = (1 + u / shrink / alpha**2) ** -beta
    size = 2 * half + 1
    binned = image.reshape(size, over, size, over).mean(axis=(1, 3))
    return np.asarray(binned / binned.sum())


def psf_moments(kernel: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """Return second moments xx, yy, xy of a kernel in pixel², weighted as those of sources are."""
    half = kernel.shape[0] // 2
    where = np.array([float(kernel.shape[1] // 2)]), np.array([float(half)])
    xx, yy, xy = adaptive_moments(kernel.astype(np.float32), *where, sigma=2.0, half=half)
    return float(xx[0]), float(yy[0]), float(xy[0])


def fit_psf(
    image: Floats,
    variance: Floats,
    x: Doubles,
    y: Doubles,
    unusable: Flags | None = None,
    *,
    half: int = 15,
) -> PSFFit:
    """Return the PSF of an image from stars at known positions, the same all over the image.

    Every star is moved to the middle of a pixel and divided by its flux; the stack, weighted by signal to
    noise with outlying pixels left out, is fitted with an elliptical Moffat profile. Few stars suffice.

    Parameters
    ----------
    image, variance
        ``[y, x]``, free of background.
    x, y
        Where stars are, pixels of the array, to a few tenths of a pixel.
    unusable
        Pixels to leave out.
    half
        The kernel has ``2 half + 1`` pixels each way.

    Raises
    ------
    UsageError
        No star can be used.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    margin = half // 2
    near = (x > margin) & (x < image.shape[1] - 1 - margin) & (y > margin) & (y < image.shape[0] - 1 - margin)
    x, y = x[near], y[near]
    bad = ~np.isfinite(image) | ~np.isfinite(variance)
    if unusable is not None:
        bad |= unusable
    stack, weights, used = _stack(image, variance, bad, x, y, half)
    if not used:
        raise UsageError("No star is free of bad pixels and far enough from the border to measure the PSF")
    alpha, beta, e1, e2 = _fit(stack, weights)
    kernel = moffat(half, alpha, beta, e1, e2)
    fwhm = 2 * alpha * np.sqrt(2 ** (1 / beta) - 1)
    return PSFFit(PSF.constant(kernel), float(fwhm), float(beta), used)


def _stack(
    image: Floats, variance: Floats, bad: Flags, x: Doubles, y: Doubles, half: int
) -> tuple[Doubles, Doubles, int]:
    """Return the mean star, the weight of each of its pixels, and how many stars are in it."""
    size = 2 * half + 1
    if not len(x):
        return np.zeros((size, size)), np.zeros((size, size)), 0
    rows, columns, inside = gather((image.shape[0], image.shape[1]), x, y, half)
    use = inside & ~bad[rows, columns]
    core = (slice(None), slice(half - 2, half + 3), slice(half - 2, half + 3))
    whole = use[core].all(axis=(1, 2))
    rows, columns, use, x, y = rows[whole], columns[whole], use[whole], x[whole], y[whole]
    if not len(x):
        return np.zeros((size, size)), np.zeros((size, size)), 0
    data = np.where(use, image[rows, columns], 0).astype(np.float64)
    noise = np.where(use, variance[rows, columns], 1).astype(np.float64)
    radius = np.hypot(*np.mgrid[-half : half + 1, -half : half + 1])
    disc = radius <= min(6, half)
    flux = np.einsum("nij,ij->n", data, disc.astype(np.float64))
    good = (
        flux > 5 * np.sqrt(np.einsum("nij,ij->n", noise, disc.astype(np.float64)))
        if len(flux) > 1
        else flux > 0
    )
    if not good.any():
        return np.zeros((size, size)), np.zeros((size, size)), 0
    moved = np.empty((int(good.sum()), size, size))
    for number, k in enumerate(np.flatnonzero(good)):
        dx, dy = x[k] - np.rint(x[k]), y[k] - np.rint(y[k])
        moved[number] = ndimage.shift(data[k], (-dy, -dx), order=3, mode="nearest") / flux[k]
    valid = ndimage.binary_erosion(use[good], np.ones((1, 3, 3), np.bool_), border_value=1)
    weight = np.where(valid, flux[good, None, None] ** 2 / noise[good], 0.0)
    # Neighbours are seen as pixels that differ from what most stars have there.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        middle = np.nan_to_num(np.nanmedian(np.where(valid, moved, np.nan), axis=0))
    scatter = 1 / np.sqrt(np.maximum(weight, 1e-30))
    weight[np.abs(moved - middle) > 4 * scatter + 0.1 * np.abs(middle) + 0.002] = 0.0
    # A star of very high signal counts no more than ten of median weight: its wings may be all there is.
    limit = 10 * np.median(weight.max(axis=(1, 2)))
    weight = np.minimum(weight, max(limit, 1e-30))
    total = weight.sum(axis=0)
    mean = np.where(total > 0, (weight * moved).sum(axis=0) / np.maximum(total, 1e-30), 0.0)
    return mean, total, int(good.sum())


def _fit(stack: Doubles, weights: Doubles) -> tuple[float, float, float, float]:
    """Return alpha, beta and ellipticity of the Moffat profile that is nearest to a stack."""
    half = stack.shape[0] // 2
    floor = float(stack.max()) * 2e-3
    scale = np.where(weights > 0, 1 / np.sqrt(1 / np.maximum(weights, 1e-30) + floor**2), 0.0)

    def residuals(p: Doubles) -> Doubles:
        e1, e2 = 0.9 * np.tanh(p[2]), 0.9 * np.tanh(p[3])
        model = moffat(half, np.exp(p[0]), 1 + np.exp(p[1]), e1, e2, (p[4], p[5]))
        # The flux and a level under the star are linear: solved for, not searched.
        basis = np.stack([model.ravel(), np.ones(model.size)], axis=1) * scale.ravel()[:, None]
        data = stack.ravel() * scale.ravel()
        factors, *_ = np.linalg.lstsq(basis, data, rcond=None)
        return np.asarray(basis @ factors - data)

    bright = np.maximum(stack, 0)
    level = bright > bright.max() / 2
    fwhm = max(2 * np.sqrt(level.sum() / np.pi), 1.5)
    start = np.array([np.log(fwhm / 2 / np.sqrt(2 ** (1 / 3.5) - 1)), np.log(2.5), 0.0, 0.0, 0.0, 0.0])
    low = np.array([np.log(0.4), np.log(0.6), -0.8, -0.8, -1.0, -1.0])
    high = np.array([np.log(3.0 * half), np.log(9.0), 0.8, 0.8, 1.0, 1.0])
    start = np.clip(start, low + 1e-6, high - 1e-6)
    best = optimize.least_squares(residuals, start, bounds=(low, high), diff_step=1e-4).x
    return (
        float(np.exp(best[0])),
        float(1 + np.exp(best[1])),
        float(0.9 * np.tanh(best[2])),
        float(0.9 * np.tanh(best[3])),
    )
