"""What the coadds of one place show, measured in all bands at the same positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sep

from sciplat.errors import UsageError
from sciplat.images.detection import Detections, detect
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import Fluxes, aperture_fluxes, flags_near, psf_fluxes
from sciplat.images.planes import PLANES
from sciplat.images.psf import PSF
from sciplat.images.psf_fit import psf_moments
from sciplat.images.shapes import adaptive_moments

__all__ = ["BandMeasurement", "Objects", "measure_objects", "white"]

Doubles = npt.NDArray[np.float64]

_APERTURE = 12.0
"""Pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class BandMeasurement:
    """Objects on the coadd of one band, arrays of one length."""

    psf: Fluxes
    aperture: Fluxes
    """Within 12 pixels."""

    kron: Fluxes
    """Within 2.5 Kron radii of the ellipse that all bands share."""

    moments: Doubles
    """[n, 3]: adaptive second moments xx, yy, xy, pixel²; NaN where they do not settle."""

    psf_moments: Doubles
    """[n, 3]: those of the PSF at the objects' places."""

    flags: npt.NDArray[np.int32]
    centre_flags: npt.NDArray[np.int32]
    """Mask bits near the object, and within one pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """Objects of one place."""

    detections: Detections
    """Found on the sum of all bands; positions in pixels of the arrays."""

    position_error: Doubles
    """One standard deviation along each axis, pixels."""

    bands: Mapping[str, BandMeasurement]

    def __len__(self) -> int:
        return len(self.detections)


def white(coadds: Mapping[str, Exposure]) -> Exposure:
    """Return the mean of all bands, weighted by the inverse variance: best for sources of equal flux in all.

    Raises
    ------
    UsageError
        There are no coadds, or their boxes differ.
    """
    if not coadds or len({each.box for each in coadds.values()}) > 1:
        raise UsageError("Objects are measured on coadds of the same box of pixels; bring at least one band")
    first = next(iter(coadds.values()))
    total, below = np.zeros(first.image.shape), np.zeros(first.image.shape)
    kernels, shares = [], []
    for each in coadds.values():
        if each.variance is None or each.psf is None:
            raise UsageError("Objects are measured on coadds with variance and PSF")
        known = np.isfinite(each.image) & (each.variance > 0)
        weight = np.where(known, 1 / np.where(known, each.variance, 1), 0)
        total += weight * np.where(known, each.image, 0)
        below += weight
        kernels.append(each.psf.at(*each.box.centre))
        shares.append(float(np.median(weight[known])) if known.any() else 0.0)
    seen = below > 0
    image = np.where(seen, total / np.where(seen, below, 1), np.nan)
    variance = np.where(seen, 1 / np.where(seen, below, 1), np.nan)
    psf = PSF.constant(np.average(kernels, axis=0, weights=shares))
    mask = np.where(seen, 0, 1 << PLANES["NO_DATA"])
    return Exposure(
        image.astype(np.float32),
        first.wcs,
        mask.astype(np.int32),
        PLANES,
        variance.astype(np.float32),
        psf,
        origin=first.origin,
    )


def measure_objects(coadds: Mapping[str, Exposure], *, threshold: float = 5.0) -> Objects:
    """Return the objects of one place in all bands.

    They are found on the sum of the bands; each band is then measured at the same positions and within the
    same ellipses, found there or not.

    Parameters
    ----------
    coadds
        By band, on one box of pixels, with variance and PSF.
    threshold
        Signal to noise on the sum.

    Raises
    ------
    UsageError
        See :func:`white`.
    """
    sum_of_all = white(coadds)
    assert sum_of_all.psf is not None
    assert sum_of_all.variance is not None
    width = float(np.sqrt(sum(psf_moments(sum_of_all.psf.kernels[0, 0])[:2]) / 2))
    found = detect(sum_of_all.image, sum_of_all.variance, width, threshold=threshold)
    overall = psf_fluxes(sum_of_all.image, sum_of_all.variance, sum_of_all.psf, found.x, found.y)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(2) * np.maximum(width, found.a) * overall.error / np.abs(overall.flux)
    error = np.hypot(np.clip(np.nan_to_num(error, nan=3.0), 0, 3.0), 0.02)
    radius = _kron_radius(sum_of_all, found)
    bands = {band: _measure(each, found, radius, width) for band, each in coadds.items()}
    return Objects(found, error, bands)


def _kron_radius(image: Exposure, found: Detections) -> Doubles:
    """Return 2.5 Kron radii in units of the ellipse (a, b), at least 3.5 pixels (Kron 1980, ApJS 43, 305)."""
    bad = ~np.isfinite(image.image)
    clean = np.where(bad, np.float32(0), image.image)
    radius, _ = sep.kron_radius(
        clean,
        found.x,
        found.y,
        found.a,
        found.b,
        found.theta,
        6.0,
        mask=bad,
        seg_id=np.arange(1, len(found) + 1, dtype=np.int32),
        segmap=found.footprint,
    )
    mean = np.sqrt(found.a * found.b)
    return np.asarray(np.clip(2.5 * np.nan_to_num(radius), 3.5 / mean, 8.0 * np.maximum(1, 2.0 / mean)))


def _measure(image: Exposure, found: Detections, radius: Doubles, width: float) -> BandMeasurement:
    assert image.variance is not None
    assert image.psf is not None
    bad = ~np.isfinite(image.image) | ~np.isfinite(image.variance)
    psf = psf_fluxes(image.image, image.variance, image.psf, found.x, found.y, origin=image.origin)
    aperture = aperture_fluxes(image.image, image.variance, found.x, found.y, _APERTURE)
    flux, error, flag = sep.sum_ellipse(
        np.where(bad, np.float32(0), image.image),
        found.x,
        found.y,
        found.a,
        found.b,
        found.theta,
        radius,
        var=np.where(bad, np.float32(0), image.variance),
        mask=bad,
        seg_id=np.arange(1, len(found) + 1, dtype=np.int32),
        segmap=found.footprint,
        subpix=5,
    )
    lost = (flag & sep.APER_ALLMASKED) != 0
    kron = Fluxes(np.where(lost, np.nan, flux), np.where(lost, np.nan, error), np.where(lost, 0.0, 1.0))
    half = 12
    moments = np.stack(
        adaptive_moments(np.where(bad, np.float32(0), image.image), found.x, found.y, sigma=width, half=half),
        axis=1,
    )
    mask = image.mask if image.mask is not None else np.zeros(image.image.shape, np.int32)
    flags, centre = flags_near(mask, found.x, found.y, 5)
    of_psf = _psf_moments(image.psf, found.x + image.origin[0], found.y + image.origin[1])
    return BandMeasurement(psf, aperture, kron, moments, of_psf, flags, centre)


def _psf_moments(psf: PSF, x: Doubles, y: Doubles) -> Doubles:
    """Return the moments of a PSF at the nodes that are nearest to places of the full image."""
    rows, columns = psf.kernels.shape[:2]
    column = np.clip(np.rint((x - psf.first[0]) / psf.step[0]), 0, columns - 1).astype(np.intp)
    row = np.clip(np.rint((y - psf.first[1]) / psf.step[1]), 0, rows - 1).astype(np.intp)
    nodes, owner = np.unique(row * columns + column, return_inverse=True)
    known = np.array([psf_moments(psf.kernels[node // columns, node % columns]) for node in nodes])
    return known.reshape(-1, 3)[owner.ravel()]
