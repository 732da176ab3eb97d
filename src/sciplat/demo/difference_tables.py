"""The rows of DiaSource and DiaObject: what changed, exploded or moved between the visits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.demo.epoch_tables import CENTROID_FLOOR, source_ids
from sciplat.demo.field import (
    BANDS,
    CENTRE,
    DETECTOR_PIXELS,
    HALF_WIDTH,
    PIXEL,
    on_detectors,
    tract_and_patch,
)
from sciplat.demo.measure import DETECTION, flux_error, measure, psf_sigma, template_error
from sciplat.demo.population import Floats
from sciplat.demo.rows import Rows, text
from sciplat.demo.streams import stream
from sciplat.demo.truth import object_ids, truth
from sciplat.demo.visits import visits

__all__ = ["dia_object_rows", "dia_source_rows"]

_DIA_OBJECT = 1 << 62
"""Set in every diaObjectId, so that none is an objectId."""

_SS_OBJECT = 1 << 61
_EDGE_PIXELS = 40

Detections = dict[str, npt.NDArray[Any]]


def dia_source_rows() -> Iterator[Rows]:
    """Return the detections on difference images."""
    found = _detections()
    visit = found["visit"]
    error = found["centroid"] / 3600
    bands = [one.band for one in visits()]
    yield {
        "diaSourceId": source_ids(visit, found["detector"], 0, found["index"]) | (found["code"] << 21),
        "diaObjectId": _or_null(found["dia_object"]),
        "ssObjectId": found["ss_object"],
        "visit": np.array([one.number for one in visits()])[visit],
        "detector": found["detector"],
        "band": text(bands, visit),
        "midpointMjdTai": np.array([one.mjd for one in visits()])[visit],
        "coord_ra": found["ra"],
        "coord_dec": found["dec"],
        "ra": found["ra"],
        "dec": found["dec"],
        "raErr": error / np.cos(np.radians(found["dec"])),
        "decErr": error,
        "x": found["x"],
        "y": found["y"],
        "xErr": found["centroid"] / PIXEL,
        "yErr": found["centroid"] / PIXEL,
        "snr": np.abs(found["flux"]) / found["error"],
        "psfFlux": found["flux"],
        "psfFluxErr": found["error"],
        "scienceFlux": found["science"],
        "scienceFluxErr": found["science_error"],
        "pixelFlags_edge": found["is_near_edge"],
        "pixelFlags_saturated": found["is_saturated"],
        "pixelFlags_saturatedCenter": found["is_saturated"],
    }


def dia_object_rows() -> Iterator[Rows]:
    """Return what was detected on difference images, gathered place by place."""
    found = _detections()
    kept = found["dia_object"] != 0
    found = {name: values[kept] for name, values in found.items()}
    identifiers, first, owner, counts = np.unique(
        found["dia_object"], return_index=True, return_inverse=True, return_counts=True
    )
    size = len(identifiers)
    # The position is the mean of the detections', weighted by their errors.
    weight = 1 / found["centroid"] ** 2
    total = np.bincount(owner, weight, size)
    mjd = np.array([one.mjd for one in visits()])[found["visit"]]
    latest = np.full(size, -np.inf)
    np.maximum.at(latest, owner, mjd)
    rows: dict[str, Any] = {
        "diaObjectId": identifiers,
        "ra": found["ra"][first]
        + np.bincount(owner, weight * (found["ra"] - found["ra"][first][owner]), size) / total,
        "dec": np.bincount(owner, weight * found["dec"], size) / total,
        "radecMjdTai": latest,
        "nDiaSources": counts,
    }
    band = np.array([one.band_number for one in visits()])[found["visit"]]
    for number, name in enumerate(BANDS):
        here = band == number
        part = {key: found[key][here] for key in ("flux", "error", "science", "science_error")}
        rows.update({f"{name}_{key}": values for key, values in _statistics(part, owner[here], size).items()})
    yield rows


def _statistics(part: Detections, owner: npt.NDArray[np.int64], size: int) -> dict[str, Floats]:
    """Return each object's statistics in one band; NaN where there are too few detections for them."""
    count = np.bincount(owner, minlength=size).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, mean_error = _weighted(part["flux"], part["error"], owner, size)
        science, science_error = _weighted(part["science"], part["science_error"], owner, size)
        chi2 = np.bincount(owner, ((part["flux"] - mean[owner]) / part["error"]) ** 2, size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, owner, part["flux"])
    np.maximum.at(high, owner, part["flux"])
    return {
        "psfFluxNdata": count,
        "psfFluxMean": mean,
        "psfFluxMeanErr": mean_error,
        "psfFluxSigma": _deviation(part["flux"], owner, count),
        "psfFluxMin": np.where(count > 0, low, np.nan),
        "psfFluxMax": np.where(count > 0, high, np.nan),
        "psfFluxChi2": np.where(count > 0, chi2, np.nan),
        "scienceFluxMean": science,
        "scienceFluxMeanErr": science_error,
        "scienceFluxSigma": _deviation(part["science"], owner, count),
    }


def _weighted(flux: Floats, error: Floats, owner: npt.NDArray[np.int64], size: int) -> tuple[Floats, Floats]:
    total = np.bincount(owner, error**-2.0, size)
    return np.bincount(owner, flux / error**2, size) / total, np.where(total > 0, total**-0.5, np.nan)


def _deviation(flux: Floats, owner: npt.NDArray[np.int64], count: Floats) -> Floats:
    """Return the standard deviation of two or more values (n - 1 below)."""
    several = np.maximum(count, 1)
    mean = np.bincount(owner, flux, len(count)) / several
    squares = np.bincount(owner, (flux - mean[owner]) ** 2, len(count))
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _or_null(identifiers: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(identifiers, mask=identifiers == 0)


# --- where the detections come from ------------------------------------------------------------------------


@cache
def _detections() -> Detections:
    """Return all detections on difference images (some ten thousand); ``dia_object`` is 0 for what moves."""
    parts = [*_from_variables(), _from_supernovae(), _from_movers()]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _from_variables() -> Iterator[Detections]:
    for block in truth().blocks():
        if block.population.variation is None:
            continue
        measured = measure(block, truth())
        code = block.population.code
        is_found = np.abs(measured.difference) > DETECTION * measured.difference_error
        row, visit = np.nonzero(is_found & ~measured.is_cut)
        flux, error = measured.difference[row, visit], measured.difference_error[row, visit]
        index = block.rows.start + row
        ra, dec = block.population.ra[index], block.population.dec[index]
        place = _scattered(ra, dec, flux, error, visit, code, index)
        yield {
            **place,
            "flux": flux,
            "error": error,
            "science": measured.flux[row, visit],
            "science_error": measured.flux_error[row, visit],
            "dia_object": (measured.object_id | _DIA_OBJECT)[row],
            "ss_object": np.zeros(len(row), np.int64),
            "is_saturated": measured.is_saturated[row, visit],
        }


def _from_supernovae() -> Detections:
    events = truth().supernovae
    index = np.arange(len(events.ra))
    tract, patch, _, _ = tract_and_patch(events.ra, events.dec)
    identifier = object_ids(tract, patch, events.code, index) | _DIA_OBJECT
    parts = []
    hosts = truth().population("galaxies")
    sigma = hosts.radius[events.host] / 1.1774
    for number, visit in enumerate(visits()):
        band = visit.band_number
        light = events.flux(band, visit.mjd)
        # What the galaxy adds to a measurement of the supernova on the image itself.
        spread = psf_sigma(visit) ** 2
        galaxy = (
            10 ** (-0.4 * (hosts.magnitudes[events.host, band] - 31.4)) * 2 * spread / (2 * spread + sigma**2)
        )
        galaxy = galaxy * np.exp(-(events.offset**2) / (2 * (2 * spread + sigma**2)))
        noise = stream("supernova-noise", visit.number).standard_normal((len(index), 2))
        detector, _, _ = on_detectors(events.ra, events.dec, (visit.ra, visit.dec), visit.rotation)
        science_error = flux_error(light + galaxy, band, visit.depth[detector])
        blur = template_error(galaxy, band)
        science = light + galaxy + science_error * noise[:, 0]
        flux, error = science - galaxy - blur * noise[:, 1], np.hypot(science_error, blur)
        row = np.flatnonzero(np.abs(flux) > DETECTION * error)
        where = np.full(len(row), number)
        place = _scattered(events.ra[row], events.dec[row], flux[row], error[row], where, events.code, row)
        parts.append(
            {
                **place,
                "flux": flux[row],
                "error": error[row],
                "science": science[row],
                "science_error": science_error[row],
                "dia_object": identifier[row],
                "ss_object": np.zeros(len(row), np.int64),
                "is_saturated": np.zeros(len(row), np.bool_),
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _from_movers() -> Detections:
    bodies = truth().movers
    parts = []
    for number, visit in enumerate(visits()):
        band = visit.band_number
        ra, dec = bodies.position(visit.mjd)
        inside = (np.abs(ra - CENTRE[0]) < HALF_WIDTH) & (np.abs(dec - CENTRE[1]) < HALF_WIDTH)
        ra, dec = np.where(inside, ra, CENTRE[0]), np.where(inside, dec, CENTRE[1])
        detector, _, _ = on_detectors(ra, dec, (visit.ra, visit.dec), visit.rotation)
        light = bodies.flux(band, visit.mjd)
        error = flux_error(light, band, visit.depth[detector])
        flux = light + error * stream("mover-noise", visit.number).standard_normal(len(ra))
        row = np.flatnonzero(inside & (flux > DETECTION * error))
        where = np.full(len(row), number)
        place = _scattered(ra[row], dec[row], flux[row], error[row], where, bodies.code, row)
        parts.append(
            {
                **place,
                "flux": flux[row],
                "error": error[row],
                "science": flux[row],
                "science_error": error[row],
                "dia_object": np.zeros(len(row), np.int64),
                "ss_object": row + _SS_OBJECT,
                "is_saturated": np.zeros(len(row), np.bool_),
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _scattered(
    ra: Floats,
    dec: Floats,
    flux: Floats,
    error: Floats,
    visit: npt.NDArray[np.int64],
    code: int,
    index: npt.NDArray[np.int64],
) -> Detections:
    """Return where point sources are found, with the error of a centroid, and on which pixels."""
    seeing = np.array([psf_sigma(one) for one in visits()])[visit]
    centroid = np.hypot(seeing * error / np.abs(flux), CENTROID_FLOOR)
    shift = np.empty((len(ra), 2))
    detector = np.empty(len(ra), np.int16)
    x, y = np.empty(len(ra)), np.empty(len(ra))
    for number in np.unique(visit):
        here = visit == number
        one = visits()[number]
        # Numbers are drawn for all rows of the population up to the last one that is wanted.
        drawn = stream("difference-centroid", code, one.number).standard_normal(
            (int(index[here].max()) + 1, 2)
        )
        shift[here] = drawn[index[here]] * centroid[here, None] / 3600
    ra = ra + shift[:, 0] / np.cos(np.radians(dec))
    dec = dec + shift[:, 1]
    for number in np.unique(visit):
        here = visit == number
        one = visits()[number]
        detector[here], x[here], y[here] = on_detectors(ra[here], dec[here], (one.ra, one.dec), one.rotation)
    last = DETECTOR_PIXELS - 1 - _EDGE_PIXELS
    return {
        "ra": ra,
        "dec": dec,
        "centroid": centroid,
        "visit": visit,
        "detector": detector,
        "x": x,
        "y": y,
        "is_near_edge": (np.minimum(x, y) < _EDGE_PIXELS) | (np.maximum(x, y) > last),
        "code": np.full(len(ra), code),
        "index": index,
    }
