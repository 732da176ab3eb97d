"""What a pipeline would have measured: noise, seeing, detectors and coadds laid over the truth.

Errors follow the LSST formula (Ivezic et al. 2019, equation 5) in fluxes,
``err² = g f5² + (0.04 - g) f5 F + (0.003 F)²`` with ``f5`` the 5-sigma flux of visit and detector; the last
term is the floor of the calibration. The noise is drawn from exactly these errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import BANDS, DETECTOR_PIXELS, PIXEL, on_detectors, tract_and_patch
from sciplat.demo.population import Floats
from sciplat.demo.streams import stream
from sciplat.demo.truth import Block, Truth, object_ids
from sciplat.demo.visits import Visit, visits

__all__ = [
    "DETECTION",
    "SATURATION",
    "Coadd",
    "Measurement",
    "flux_error",
    "galaxy_sigma",
    "measure",
    "psf_fraction",
    "psf_sigma",
    "template_error",
]

DETECTION = 5.0
"""Signal to noise above which something is a detection."""

SATURATION = np.array([12.5, 13.6, 13.6, 13.4, 12.9, 11.7])
"""AB magnitudes in ugrizy at which the middle of a star saturates."""

_GAMMA = np.array([0.038, 0.039, 0.039, 0.039, 0.039, 0.039])
_FLOOR = 0.003
_EDGE_PIXELS, _CUT_PIXELS = 40, 12
# The templates of difference images are so much deeper than one visit.
_TEMPLATE_DEPTH = np.array([23.1, 24.6, 24.3, 23.8, 23.2, 22.1])


@dataclass(frozen=True, slots=True)
class Coadd:
    """One block measured on the coadds, arrays [n, 6] in the order of the bands."""

    flux: Floats
    flux_error: Floats
    model_flux: Floats
    model_error: Floats
    extendedness: Floats
    """1 extended, 0 point-like; NaN where the model flux isn't positive."""

    size_excess: Floats
    """How much wider than the point-spread function: ratio of second moments minus 1, with noise."""

    moments: Floats
    """[n, 6, 3]: second moments xx, yy, xy with the point-spread function in them, pixel²."""

    psf_moment: Floats
    """[6]: second moment of the point-spread function, pixel²."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One block in all visits; arrays [n, visits] unless said otherwise."""

    block: Block
    object_id: npt.NDArray[np.int64]
    tract: npt.NDArray[np.int64]
    patch: npt.NDArray[np.int64]
    tract_x: Floats
    tract_y: Floats
    """[n]; the last two are pixel coordinates in the tract."""

    ra: Floats
    dec: Floats
    position_error: Floats
    """[n]: position on the coadds, degrees."""

    detector: npt.NDArray[np.int16]
    x: Floats
    y: Floats
    flux: Floats
    flux_error: Floats
    difference: Floats
    difference_error: Floats
    is_cut: npt.NDArray[np.bool_]
    """A part of the point-spread function lies beyond the detector's edge."""

    is_near_edge: npt.NDArray[np.bool_]
    is_saturated: npt.NDArray[np.bool_]
    coadd: Coadd

    @property
    def detected(self) -> npt.NDArray[np.bool_]:
        """Where a search of the visit image alone would have found it."""
        return (self.flux > DETECTION * self.flux_error) & ~self.is_cut


def flux_error(flux: Floats, band: int, depth: Floats | float) -> Floats:
    """Return 1-sigma errors, nJy, of fluxes in nJy at a 5-sigma depth in AB magnitudes."""
    limit = 10 ** (-0.4 * (np.asarray(depth) - 31.4))
    positive = np.maximum(flux, 0.0)
    gamma = _GAMMA[band]
    variance = gamma * limit**2 + (0.04 - gamma) * limit * positive + (_FLOOR * positive) ** 2
    return np.asarray(np.sqrt(variance))


def template_error(flux: Floats, band: int) -> Floats:
    """Return 1-sigma errors of the template that difference images are made with, nJy."""
    return flux_error(flux, band, _TEMPLATE_DEPTH[band])


def psf_sigma(visit: Visit) -> float:
    """Return the width of a visit's point-spread function, arcseconds."""
    return visit.seeing / 2.3548


def galaxy_sigma(block: Block) -> Floats:
    """Return the width of each object itself, arcseconds, of the Gaussian with its half-light radius."""
    return block.population.radius[block.rows] / 1.1774


def psf_fraction(sigma: Floats, visit: Visit) -> Floats:
    """Return the part of an extended object's light that a fit of the point-spread function finds."""
    psf = 2 * psf_sigma(visit) ** 2
    return np.asarray(psf / (psf + sigma**2))


def measure(block: Block, truth: Truth) -> Measurement:
    """Return one block as it is seen in all visits and on their coadds."""
    population, count = block.population, len(block)
    ra, dec = population.ra[block.rows], population.dec[block.rows]
    sigma = galaxy_sigma(block)
    shape = (count, len(visits()))
    detector = np.empty(shape, np.int16)
    x, y, flux, true_flux, error, difference, difference_error = (np.empty(shape) for _ in range(7))
    saturated, total = np.empty(shape, np.bool_), np.empty(shape)
    template_noise = stream("template", population.name, block.number).standard_normal((count, len(BANDS)))
    edge = np.empty(shape)
    for k, visit in enumerate(visits()):
        band = visit.band_number
        detector[:, k], x[:, k], y[:, k] = on_detectors(ra, dec, (visit.ra, visit.dec), visit.rotation)
        edge[:, k] = np.minimum(
            np.minimum(x[:, k], DETECTOR_PIXELS - 1 - x[:, k]),
            np.minimum(y[:, k], DETECTOR_PIXELS - 1 - y[:, k]),
        )
        total[:, k] = block.flux(band, visit.mjd)
        fraction = psf_fraction(sigma, visit)
        seen = fraction * total[:, k] + _hosted(block, truth, band, visit)
        true_flux[:, k] = seen
        error[:, k] = flux_error(seen, band, visit.depth[detector[:, k]]) * np.where(
            edge[:, k] < _CUT_PIXELS, 1.5, 1
        )
        noise = stream("noise", population.name, visit.number, block.number).standard_normal(count)
        flux[:, k] = seen + error[:, k] * noise
        template = fraction * block.mean_flux(band)
        blur = template_error(template, band)
        difference[:, k] = flux[:, k] - template - blur * template_noise[:, band]
        difference_error[:, k] = np.hypot(error[:, k], blur)
        saturated[:, k] = total[:, k] > 10 ** (-0.4 * (SATURATION[band] - 31.4))

    coadd = _coadd(block, sigma, total, true_flux, flux, error)
    signal = np.max(coadd.flux / coadd.flux_error, axis=1)
    widest = np.hypot(sigma, 0.36)
    position_error = np.hypot(widest / np.maximum(signal, 2.0), 0.004) / 3600
    shift = stream("coadd-centroid", population.name, block.number).standard_normal((count, 2))
    tract, patch, _, _ = tract_and_patch(ra, dec)
    found_ra = ra + position_error * shift[:, 0] / np.cos(np.radians(dec))
    found_dec = dec + position_error * shift[:, 1]
    _, _, tract_x, tract_y = tract_and_patch(found_ra, found_dec)
    return Measurement(
        block,
        object_ids(tract, patch, population.code, block.indices),
        tract,
        patch,
        tract_x,
        tract_y,
        found_ra,
        found_dec,
        position_error,
        detector,
        x,
        y,
        flux,
        error,
        difference,
        difference_error,
        edge < _CUT_PIXELS,
        edge < _EDGE_PIXELS,
        saturated,
        coadd,
    )


def _hosted(block: Block, truth: Truth, band: int, visit: Visit) -> Floats | float:
    """Return the light of supernovae that falls into the measurement of their galaxies, nJy."""
    if block.population.name != "galaxies":
        return 0.0
    events = truth.supernovae
    here = np.flatnonzero((events.host >= block.rows.start) & (events.host < block.rows.stop))
    light = np.zeros(len(block))
    spread = np.exp(-(events.offset**2) / (4 * psf_sigma(visit) ** 2))
    np.add.at(light, events.host[here] - block.rows.start, (events.flux(band, visit.mjd) * spread)[here])
    return light


def _coadd(
    block: Block, sigma: Floats, total: Floats, true_flux: Floats, flux: Floats, error: Floats
) -> Coadd:
    """Add the visits of each band, weighted by the variance of their sky."""
    count = len(block)
    name = block.population.name
    result = {
        key: np.empty((count, len(BANDS))) for key in ("flux", "error", "model", "model_error", "excess")
    }
    moments, psf_moment = np.empty((count, len(BANDS), 3)), np.empty(len(BANDS))
    model_noise = stream("model", name, block.number).standard_normal((count, len(BANDS)))
    shape_noise = stream("shape", name, block.number).standard_normal((count, len(BANDS), 3))
    unit = block.unit_moments()
    for band in range(len(BANDS)):
        members = [k for k, visit in enumerate(visits()) if visit.band_number == band]
        weights = np.array([10 ** (0.8 * float(np.median(visits()[k].depth))) for k in members])
        weights /= weights.sum()
        psf_flux = flux[:, members] @ weights
        psf_error = np.sqrt(error[:, members] ** 2 @ weights**2)
        drawn = (psf_flux - true_flux[:, members] @ weights) / psf_error
        psf = float(np.sum(weights * [psf_sigma(visits()[k]) ** 2 for k in members]))
        wider = 1 + sigma**2 / psf
        # Model and point-source flux share nearly all of their noise.
        model_error = psf_error * np.sqrt(wider)
        model = total[:, members] @ weights + model_error * (0.97 * drawn + 0.243 * model_noise[:, band])
        result["flux"][:, band], result["error"][:, band] = psf_flux, psf_error
        result["model"][:, band], result["model_error"][:, band] = model, model_error
        signal = np.maximum(psf_flux / psf_error, 1.0)
        relative = np.minimum(1.2 / signal, 0.6)[:, None] * wider[:, None]
        pixel = psf / PIXEL**2
        psf_moment[band] = pixel
        exact = unit * (sigma**2 / psf)[:, None] + [1.0, 1.0, 0.0]
        moments[:, band] = pixel * (exact + relative * shape_noise[:, band] * [1.0, 1.0, 0.7])
        result["excess"][:, band] = moments[:, band, :2].sum(axis=1) / (2 * pixel) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = result["flux"] / result["model"]
    extendedness = np.where(result["model"] > 0, np.where(ratio < 0.985, 1.0, 0.0), np.nan)
    return Coadd(
        result["flux"],
        result["error"],
        result["model"],
        result["model_error"],
        extendedness,
        result["excess"],
        moments,
        psf_moment,
    )
