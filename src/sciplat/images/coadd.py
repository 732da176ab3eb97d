"""Many images of one place added up, without what only one of them shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from scipy import ndimage

from sciplat.errors import UsageError
from sciplat.images.exposure import Exposure
from sciplat.images.planes import PLANES, bits
from sciplat.images.psf import PSF

__all__ = ["coadd"]

_UNUSABLE = ("BAD", "SAT", "CR", "EDGE", "NO_DATA")
_KEPT = ("SAT", "CR")


def coadd(
    warps: Sequence[Exposure],
    psfs: Sequence[PSF],
    *,
    clip: float = 5.0,
    tolerance: float = 0.6,
    header: fits.Header | None = None,
) -> Exposure:
    """Return the mean of images on one grid, weighted by the inverse of each image's typical variance.

    One weight an image keeps the PSF the same for bright and faint stars. A pixel that differs from the
    median by more than ``clip`` standard deviations *and* by more than ``tolerance`` of the median's value
    nearby is left out: seeing changes the middle of stars by some tens of per cent, which is no artefact.

    Parameters
    ----------
    warps
        Exposures with variance on the same box.
    psfs
        That of each on this grid; the coadd's PSF is their mean with the same weights, without those of
        images that miss most of it.
    clip, tolerance
        See above. Fewer than three images are not clipped.
    header
        Metadata of the result.

    Raises
    ------
    UsageError
        There is no image, their boxes differ, or one has no variance.
    """
    if not warps:
        raise UsageError("A coadd needs at least one image")
    boxes = {warp.box for warp in warps}
    if len(boxes) > 1 or any(warp.variance is None for warp in warps):
        raise UsageError("The images of a coadd need variances and the same box of pixels")
    stack = np.stack([warp.image for warp in warps])
    variances = np.stack([warp.variance for warp in warps if warp.variance is not None])
    usable = np.isfinite(stack) & np.isfinite(variances)
    for number, warp in enumerate(warps):
        usable[number] &= ~warp.flagged(*_UNUSABLE)
    weights = np.array(
        [_weight(variance[use]) for variance, use in zip(variances, usable, strict=True)], np.float32
    )
    clipped: npt.NDArray[np.bool_] = np.zeros(warps[0].image.shape, np.bool_)
    missing = ~usable.any(axis=0)
    if len(warps) >= 3:
        outlying = _outlying(stack, variances, usable, clip, tolerance)
        clipped = np.asarray(outlying.any(axis=0))
        usable &= ~outlying
    # The middle of a star that saturates in every image keeps its values, and its flag.
    for number, warp in enumerate(warps):
        usable[number] |= missing & np.isfinite(warp.image) & ~warp.flagged("BAD", "EDGE", "NO_DATA")
    factors = usable * weights[:, None, None]
    total = factors.sum(axis=0)
    seen = total > 0
    below = np.where(seen, total, np.float32(1))
    image = np.where(seen, (np.where(usable, stack, 0) * factors).sum(axis=0) / below, np.nan)
    variance = np.where(seen, (np.where(usable, variances, 0) * factors**2).sum(axis=0) / below**2, np.nan)
    mask = np.where(seen, 0, bits("NO_DATA")).astype(np.int32)
    for name in _KEPT:
        # A bit stays where it was set in most of the images, as in the middle of a star that always
        # saturates.
        often = sum(warp.flagged(name).astype(np.int16) for warp in warps)
        exposed = sum((~warp.flagged("NO_DATA", "EDGE")).astype(np.int16) for warp in warps)
        mask[(often * 2 > exposed) & (often > 0)] |= bits(name)
    mask[clipped] |= bits("CLIPPED")
    reached = np.stack([np.isfinite(warp.image) & ~warp.flagged("NO_DATA") for warp in warps])
    psf = _mean_psf(psfs, weights, reached)
    return Exposure(
        image.astype(np.float32),
        warps[0].wcs,
        mask,
        PLANES,
        variance.astype(np.float32),
        psf,
        header if header is not None else fits.Header(),
        warps[0].origin,
    )


def _weight(variance: npt.NDArray[np.float32]) -> float:
    return 1 / float(np.median(variance)) if len(variance) else 0.0


def _outlying(
    stack: npt.NDArray[np.float32],
    variances: npt.NDArray[np.float32],
    usable: npt.NDArray[np.bool_],
    clip: float,
    tolerance: float,
) -> npt.NDArray[np.bool_]:
    """Return where an image differs from the median of all."""
    hidden = np.where(usable, stack, np.float32(np.inf))
    hidden.sort(axis=0)
    count = usable.sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(stack) - 1)
    pick = np.ogrid[: stack.shape[1], : stack.shape[2]]
    with np.errstate(invalid="ignore"):
        median = (hidden[low, pick[0], pick[1]] + hidden[high, pick[0], pick[1]]) / 2
    median[count < 3] = np.nan
    near = ndimage.maximum_filter(np.where(np.isfinite(median), np.abs(median), 0), 3)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            usable & (np.abs(stack - median) > clip * np.sqrt(variances) + np.float32(tolerance) * near)
        )


def _mean_psf(
    psfs: Sequence[PSF], weights: npt.NDArray[np.float32], exposed: npt.NDArray[np.bool_]
) -> PSF | None:
    """Return the weighted mean of PSFs, each taken in the middle of its grid.

    Only images that cover half of the pixels that most images cover are in it: one that pointed elsewhere and
    reaches a corner alone has no part in the light of the others.
    """
    if not psfs:
        return None
    deep = 2 * exposed.sum(axis=0) >= len(exposed)
    is_part = exposed[:, deep].mean(axis=1) >= 0.5 if deep.any() else np.zeros(len(psfs), np.bool_)
    shares = np.where(is_part, weights, 0) if is_part.any() else weights
    size = max(max(psf.kernels.shape[2:]) for psf in psfs)
    total = np.zeros((size, size))
    for psf, share in zip(psfs, shares, strict=True):
        rows, columns, height, width = psf.kernels.shape
        y, x = (size - height) // 2, (size - width) // 2
        total[y : y + height, x : x + width] += share * psf.kernels[rows // 2, columns // 2]
    return PSF.constant(total)
