"""A raw image becomes one with a sky, a scale, a point-spread function and known flaws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.errors import UsageError
from sciplat.images.astrometry import Astrometry, fit_wcs
from sciplat.images.calibration import FluxScale, fit_scale
from sciplat.images.cosmic_rays import cosmic_rays
from sciplat.images.detection import Detections, background, detect
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import aperture_fluxes, psf_fluxes
from sciplat.images.planes import PLANES, bits
from sciplat.images.psf_fit import PSFFit, fit_psf
from sciplat.images.signature import Detector, remove_signature

__all__ = ["Calibrated", "ReferenceStars", "calibrate"]

Doubles = npt.NDArray[np.float64]

_APERTURE = 8.0
_FIRST_SIGMA = 1.8
"""Pixels: the width that sources are looked for with before the PSF is known."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceStars:
    """Stars of known position and brightness in the band of an image, arrays of one length."""

    ra: Doubles
    dec: Doubles
    """ICRS degrees at the time of the exposure."""

    flux: Doubles
    error: Doubles
    """nJy."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """A calibrated image, what was found in it, and how well it is calibrated."""

    exposure: Exposure
    """In nJy, free of background."""

    sources: Detections
    astrometry: Astrometry
    scale: FluxScale
    psf: PSFFit
    background: float
    """Median of what was taken away, electrons."""


def calibrate(
    raw: Exposure,
    detector: Detector,
    stars: ReferenceStars,
    bad: npt.NDArray[np.bool_] | None = None,
    *,
    threshold: float = 5.0,
) -> Calibrated:
    """Return the calibrated image of a raw one.

    The detector's signature is removed, cosmic rays are flagged, the background is subtracted; sources are
    found, the reference stars among them fix the WCS and show the PSF; PSF fluxes at the stars' places fix
    the scale.

    Parameters
    ----------
    raw
        ADU, with the world coordinates that the telescope states.
    detector
        See :class:`sciplat.images.signature.Detector`.
    stars
        The reference catalog around the image.
    bad
        Pixels that never work, ``[y, x]``.
    threshold
        Signal to noise of a source.

    Raises
    ------
    UsageError
        The image shows none of the reference stars.
    """
    image, mask, variance = remove_signature(raw.image, detector, bad)
    mask[cosmic_rays(image, variance, (mask & bits("BAD", "SAT", "EDGE")) != 0)] |= bits("CR")
    unusable = (mask & bits("BAD", "SAT", "EDGE", "CR")) != 0
    sky = background(image, unusable)
    image = image - sky
    first = detect(image, variance, _FIRST_SIGMA, unusable, threshold=max(threshold, 7.0))
    bright = aperture_fluxes(image, variance, first.x, first.y, _APERTURE, unusable=unusable)
    flux = np.nan_to_num(bright.flux)
    # The middle of a star is known to its width divided by its signal to noise, and never to a hundredth.
    blur = np.hypot(_FIRST_SIGMA * np.nan_to_num(bright.error, nan=np.inf) / np.maximum(flux, 1e-3), 0.02)
    errors = np.minimum(blur, 2.0)
    astrometry = fit_wcs(raw.wcs, first.x, first.y, flux, stars.ra, stars.dec, errors=errors)
    found = astrometry.source
    psf = fit_psf(image, variance, first.x[found], first.y[found], unusable)
    scale = _scale(image, variance, unusable, psf, astrometry, stars)
    factor = np.float32(scale.scale)
    image, variance = image * factor, variance * factor**2
    sources = detect(image, variance, psf.sigma, unusable, threshold=threshold)
    mask[sources.footprint > 0] |= bits("DETECTED")
    header = raw.header.copy()
    header["BUNIT"] = "nJy"
    header["SKYLEVEL"] = (float(np.median(sky)), "electrons a pixel")
    header["FLUXSCAL"] = (scale.scale, "nJy for one electron")
    header["FLUXSERR"] = (scale.error, "nJy for one electron")
    header["PSFFWHM"] = (psf.fwhm, "pixels")
    header["ASTRRMS"] = (astrometry.scatter, "pixels, along one axis")
    header["NREFSTAR"] = (len(astrometry.source), "reference stars found")
    exposure = Exposure(image, astrometry.wcs, mask, PLANES, variance, psf.psf, header, raw.origin)
    return Calibrated(exposure, sources, astrometry, scale, psf, float(np.median(sky)))


def _scale(
    image: npt.NDArray[np.float32],
    variance: npt.NDArray[np.float32],
    unusable: npt.NDArray[np.bool_],
    psf: PSFFit,
    astrometry: Astrometry,
    stars: ReferenceStars,
) -> FluxScale:
    """Return the flux scale, from all stars that fall on the image at their known places."""
    x, y = (np.asarray(v, np.float64) for v in astrometry.wcs.world_to_pixel_values(stars.ra, stars.dec))
    height, width = image.shape
    inside = (x > 10) & (x < width - 11) & (y > 10) & (y < height - 11)
    fluxes = psf_fluxes(image, variance, psf.psf, x[inside], y[inside], unusable=unusable)
    good = (fluxes.coverage > 0.98) & (fluxes.flux > 10 * fluxes.error)
    if not good.any():
        raise UsageError("No reference star is bright enough, and free of bad pixels, to fix the flux scale")
    reference, errors = stars.flux[inside][good], stars.error[inside][good]
    return fit_scale(fluxes.flux[good], fluxes.error[good], reference, errors)
