"""The rows of Object: what the coadds show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import BANDS, PIXEL
from sciplat.demo.measure import Measurement
from sciplat.demo.population import Floats, reddening
from sciplat.demo.rows import Rows, text
from sciplat.demo.visits import visits

__all__ = ["object_rows"]


def object_rows(measured: Measurement) -> Rows:
    """Return the objects of a block as they are on the coadds."""
    coadd = measured.coadd
    block = measured.block
    count = len(block)
    signal = coadd.flux / coadd.flux_error
    reference = _reference_band(signal)
    pick = np.arange(count)
    moments = coadd.moments[pick, reference]
    pixels = measured.position_error * 3600 / PIXEL
    size = 1 / (1 + np.exp(-np.clip((coadd.size_excess - 0.10) / 0.025, -30, 30)))
    population = block.population
    rows: dict[str, Any] = {
        "objectId": measured.object_id,
        "coord_ra": measured.ra,
        "coord_dec": measured.dec,
        "coord_raErr": measured.position_error / np.cos(np.radians(measured.dec)),
        "coord_decErr": measured.position_error,
        "tract": measured.tract,
        "patch": measured.patch,
        "x": measured.tract_x,
        "y": measured.tract_y,
        "xErr": pixels,
        "yErr": pixels,
        "refBand": text(list(BANDS), reference),
        "refExtendedness": coadd.extendedness[pick, reference],
        "refSizeExtendedness": size[pick, reference],
        "shape_xx": moments[:, 0],
        "shape_yy": moments[:, 1],
        "shape_xy": moments[:, 2],
        "shape_flag": np.min(moments[:, :2], axis=1) <= 0,
        "ebv": reddening(population.ra[block.rows], population.dec[block.rows]),
    }
    is_saturated = _per_band(measured.is_saturated)
    for k, band in enumerate(BANDS):
        flux, error = coadd.flux[:, k], coadd.flux_error[:, k]
        model, model_error = coadd.model_flux[:, k], coadd.model_error[:, k]
        rows[f"{band}_psfFlux"], rows[f"{band}_psfFluxErr"] = flux, error
        rows[f"{band}_psfMag"], rows[f"{band}_psfMagErr"] = _magnitudes(flux, error)
        rows[f"{band}_cModelFlux"], rows[f"{band}_cModelFluxErr"] = model, model_error
        rows[f"{band}_cModelMag"], rows[f"{band}_cModelMagErr"] = _magnitudes(model, model_error)
        rows[f"{band}_psfFlux_flag"] = rows[f"{band}_cModel_flag"] = np.zeros(count, np.bool_)
        rows[f"{band}_extendedness"] = coadd.extendedness[:, k]
        rows[f"{band}_sizeExtendedness"] = size[:, k]
        rows[f"{band}_inputCount"] = np.full(count, sum(visit.band == band for visit in visits()), np.int32)
        rows[f"{band}_pixelFlags_saturated"] = rows[f"{band}_pixelFlags_saturatedCenter"] = is_saturated[:, k]
        psf = np.full(count, coadd.psf_moment[k])
        for axis, name in enumerate(("ixx", "iyy", "ixy")):
            rows[f"{band}_{name}"] = coadd.moments[:, k, axis]
            rows[f"{band}_{name}PSF"] = psf if axis < 2 else np.zeros(count)
        rows[f"{band}_i_flag"] = np.min(coadd.moments[:, k, :2], axis=1) <= 0
    return rows


def _reference_band(signal: Floats) -> npt.NDArray[np.int64]:
    """Return the first of i, r, z, y, g, u with S/N of 10, else the band with the best."""
    order = np.array([BANDS.index(band) for band in "irzygu"])
    good = signal[:, order] > 10
    first, best = order[np.argmax(good, axis=1)], np.argmax(signal, axis=1)
    return np.asarray(np.where(good.any(axis=1), first, best))


def _per_band(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return [n, 6]: whether a flag is set in any visit of a band."""
    band = np.array([visit.band_number for visit in visits()])
    return np.stack([flags[:, band == k].any(axis=1) for k in range(len(BANDS))], axis=-1)


def _magnitudes(flux: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Return AB magnitudes and their errors; NaN where the flux isn't positive."""
    positive = np.where(flux > 0, flux, np.nan)
    return 31.4 - 2.5 * np.log10(positive), 2.5 / np.log(10) * error / positive
