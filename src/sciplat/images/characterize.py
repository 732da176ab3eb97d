"""What an image that others have reduced lacks before it can be measured: noise, known flaws, and a PSF."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from sciplat.errors import UsageError
from sciplat.images.detection import Detections, background, detect, signal_to_noise
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import aperture_fluxes, flags_near
from sciplat.images.planes import PLANES, bits
from sciplat.images.psf import PSF
from sciplat.images.psf_fit import PSFFit, fit_psf, moffat
from sciplat.images.shapes import adaptive_moments

__all__ = ["Characterized", "characterize", "own_mask"]

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

UNUSABLE = ("BAD", "SAT", "CR", "NO_DATA")

_MEANT = {
    **dict.fromkeys(("BLEED", "SATURATED", "SATUR", "SATURATE"), "SAT"),
    **dict.fromkeys(("LOW_WEIGHT", "DO_NOT_USE", "DEAD", "HOT", "BADPIX"), "BAD"),
    **dict.fromkeys(("DIFFERENT", "STREAK", "TRANSIENT", "COSMIC", "JUMP_DET", "TRAIL"), "CR"),
    "INTERP": "INTRP",
}
"""Mask planes of others that mean the same as one of ours; what is neither is SUSPECT."""

_FIRST_SIGMA = 1.8
"""Pixels: the width that sources are looked for with where no card says how wide stars are."""

_BETA = 3.0
"""How steep the wings of a star are where no star of the image says it."""

_BRIGHT = 20.0
"""Signal to noise of a source that may show the PSF."""

_ALIKE = 0.08
"""Stars of an image have the same width within this part."""


@dataclass(frozen=True, slots=True, eq=False)
class Characterized:
    """An image that can be measured, and what was found in it."""

    exposure: Exposure
    """Free of background, with our mask planes, variance and PSF; in its own unit."""

    sources: Detections
    is_star: Flags
    """Which of the sources are as wide as the PSF."""

    psf: PSFFit
    """With no stars it is as wide as the header says."""

    background: float
    """Median of what was taken away."""

    noise_factor: float
    """What the stated noise was multiplied with, so that empty sky scatters as its errors say."""


def characterize(exposure: Exposure, *, threshold: float = 5.0) -> Characterized:
    """Return an image free of background, with its noise, its flaws and its PSF known.

    The PSF is that of the stars of the image: sources of one common width, bright, and free of flaws. Where
    there is none it is a Moffat profile of the width that card FWHM (pixels) states. The variance is what
    came with the image; without one it is that of the empty sky and of the light's own noise (card GAIN,
    EGAIN or GAINA, electrons a count). Both are scaled so that empty sky, seen through the PSF, scatters as
    its errors say: resampled images have noise that neighbours share.

    Parameters
    ----------
    exposure
        Reduced and with world coordinates, in any unit that is linear.
    threshold
        Signal to noise of a source.

    Raises
    ------
    UsageError
        No pixel can be used, or neither a star nor a card tells the PSF.
    """
    mask = own_mask(exposure)
    unusable = (mask & bits(*UNUSABLE)) != 0
    if unusable.all():
        raise UsageError("Every pixel is masked, has no value or no weight: there is nothing to measure")
    sky = background(exposure.image, unusable)
    image = np.where(unusable & ~np.isfinite(exposure.image), np.float32(np.nan), exposure.image - sky)
    variance = _variance(exposure, image, unusable)
    said = _number(exposure.header, "FWHM", "PSFFWHM")
    said = said if said is not None and 1 < said < 30 else None
    sigma = said / 2.3548 if said is not None else _FIRST_SIGMA
    psf, sources, is_star = None, None, None
    for _ in range(2):
        sources = detect(image, variance, sigma, unusable, threshold=threshold)
        is_star = _stars(image, variance, mask, unusable, sources, sigma, said)
        if not is_star.any():
            break
        try:
            psf = fit_psf(image, variance, sources.x[is_star], sources.y[is_star], unusable)
        except UsageError:  # all of them at the border
            is_star = np.zeros_like(is_star)
            break
        sigma = psf.sigma
    if psf is None:
        if said is None:
            raise UsageError(
                "The image shows no star that tells its PSF, and no card FWHM (pixels) says how wide one is"
            )
        psf = _stated(said)
    assert sources is not None
    assert is_star is not None
    factor = _noise_factor(image, variance, unusable, sources, psf.sigma)
    variance = np.asarray(variance * np.float32(factor**2), np.float32)
    mask[sources.footprint > 0] |= bits("DETECTED")
    header = exposure.header.copy()
    header["SKYLEVEL"] = (float(np.median(sky)), "taken away")
    header["PSFFWHM"] = (psf.fwhm, "pixels")
    header["PSFSTARS"] = (psf.stars, "0: the PSF is as wide as card FWHM says")
    header["NOISEFAC"] = (factor, "by which the stated noise was multiplied")
    made = replace(
        exposure, image=image, mask=mask, planes=PLANES, variance=variance, psf=psf.psf, header=header
    )
    return Characterized(made, sources, is_star, psf, float(np.median(sky)), factor)


def own_mask(exposure: Exposure) -> npt.NDArray[np.int32]:
    """Return the mask of an exposure in our planes (`PLANES`), whatever its own are called.

    What has no value is NO_DATA, what has no finite variance is BAD, what reaches card SATURATE is SAT. A
    plane of which we do not know what it means is SUSPECT.
    """
    mask = np.zeros(exposure.image.shape, np.int32)
    if exposure.mask is not None:
        for name in exposure.planes:
            own = name if name in PLANES else _MEANT.get(name.upper(), "SUSPECT")
            mask[exposure.plane(name)] |= bits(own)
    mask[~np.isfinite(exposure.image)] |= bits("NO_DATA")
    if exposure.variance is not None:
        mask[~(np.isfinite(exposure.variance) & (exposure.variance > 0))] |= bits("BAD")
    full = _number(exposure.header, "SATURATE")
    if full is not None and full > 0:
        with np.errstate(invalid="ignore"):
            mask[exposure.image >= full] |= bits("SAT")
    return mask


def _variance(exposure: Exposure, image: Floats, unusable: Flags) -> Floats:
    if exposure.variance is not None:
        return exposure.variance
    values = image[~unusable]
    for _ in range(5):
        width = 1.4826 * np.median(np.abs(values - np.median(values)))
        values = values[np.abs(values - np.median(values)) < 3 * width] if width > 0 else values
    noise = np.full(image.shape, max(float(width) ** 2, 1e-12), np.float32)
    gains = [
        float(exposure.header[name])
        for name in ("GAIN", "EGAIN", "GAINA")
        if isinstance(exposure.header.get(name), float | int) and exposure.header[name] > 0
    ]
    if gains:
        noise += np.maximum(np.nan_to_num(image), 0) / np.float32(gains[0])
    return noise


def _stars(
    image: Floats,
    variance: Floats,
    mask: npt.NDArray[np.int32],
    unusable: Flags,
    sources: Detections,
    sigma: float,
    said: float | None,
) -> Flags:
    """Return which sources are stars: bright, whole, alone, and of the width that most such share.

    None is wider or narrower by a third than what is said, so that a galaxy alone in an image is no star.
    """
    if not len(sources):
        return np.zeros(0, np.bool_)
    clean = np.where(unusable, np.float32(0), np.nan_to_num(image))
    xx, yy, _ = adaptive_moments(clean, sources.x, sources.y, sigma=sigma, half=int(np.ceil(6 * sigma)))
    light = aperture_fluxes(image, variance, sources.x, sources.y, 3 * sigma, unusable=unusable)
    near, _ = flags_near(mask, sources.x, sources.y, int(np.ceil(2 * sigma)))
    width = np.sqrt(xx + yy)
    with np.errstate(invalid="ignore"):
        may = np.isfinite(width) & (light.flux > _BRIGHT * light.error) & (light.coverage > 0.98)
        # What is much narrower than any star is a cosmic ray or a hot pixel.
        may &= (near & bits(*UNUSABLE) == 0) & ~sources.is_blended & (width > np.sqrt(2) * 0.6)
        if said is not None:
            may &= np.abs(np.log(width * 2.3548 / np.sqrt(2) / said)) < np.log(1.33)
    if not may.any():
        return may
    with np.errstate(invalid="ignore"):
        alike = np.abs(np.log(width[:, None] / width[None, :])) < _ALIKE
    # Of widths that equally many share, the smallest: galaxies are wider than stars.
    votes = np.where(may, (alike & may[None, :]).sum(axis=1), -1)
    best = np.flatnonzero(votes == votes.max())
    middle = best[np.argmin(width[best])]
    return np.asarray(may & alike[middle])


def _stated(fwhm: float) -> PSFFit:
    alpha = fwhm / 2 / np.sqrt(2 ** (1 / _BETA) - 1)
    half = max(15, int(np.ceil(3 * fwhm)))
    return PSFFit(PSF.constant(moffat(half, alpha, _BETA, 0.0, 0.0)), fwhm, _BETA, 0)


def _noise_factor(
    image: Floats, variance: Floats, unusable: Flags, sources: Detections, sigma: float
) -> float:
    """Return by how much empty sky scatters more than its variance says, on the scale of the PSF."""
    reach = int(np.ceil(3 * sigma))
    away = ndimage.binary_dilation((sources.footprint > 0) | unusable, iterations=reach)
    if (~away).sum() < 50 * 4 * np.pi * sigma**2:
        return 1.0
    clean = np.where(unusable, np.float32(0), np.nan_to_num(image))
    noise = np.where(unusable, np.float32(0), variance)
    values = signal_to_noise(clean, noise, sigma)[~away]
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def _number(header: Any, *names: str) -> float | None:
    for name in names:
        value = header.get(name)
        if isinstance(value, float | int) and not isinstance(value, bool) and np.isfinite(value):
            return float(value)
    return None
