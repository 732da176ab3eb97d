"""The rows of ForcedSource and Source: what single visits show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import PIXEL
from sciplat.demo.measure import Measurement, galaxy_sigma, psf_fraction, psf_sigma
from sciplat.demo.rows import Rows, text
from sciplat.demo.streams import stream
from sciplat.demo.visits import visits

__all__ = ["CENTROID_FLOOR", "forced_source_rows", "source_ids", "source_rows"]

CENTROID_FLOOR = 0.010
"""Arcseconds: how well the astrometric solution of a visit is known."""


def forced_source_rows(measured: Measurement) -> Rows:
    """Return every object of a block in every visit."""
    count = len(visits())
    every = np.tile(np.arange(count), len(measured.block))
    saturated, cut = measured.is_saturated.ravel(), measured.is_cut.ravel()
    return {
        "objectId": np.repeat(measured.object_id, count),
        "coord_ra": np.repeat(measured.ra, count),
        "coord_dec": np.repeat(measured.dec, count),
        "tract": np.repeat(measured.tract, count),
        "patch": np.repeat(measured.patch, count),
        "visit": np.array([visit.number for visit in visits()])[every],
        "band": text([visit.band for visit in visits()], every),
        "detector": measured.detector.ravel(),
        "psfFlux": measured.flux.ravel(),
        "psfFluxErr": measured.flux_error.ravel(),
        "psfFlux_flag": cut,
        "psfDiffFlux": measured.difference.ravel(),
        "psfDiffFluxErr": measured.difference_error.ravel(),
        "psfDiffFlux_flag": cut,
        "pixelFlags_edge": measured.is_near_edge.ravel(),
        "pixelFlags_saturated": saturated,
        "pixelFlags_saturatedCenter": saturated,
    }


def source_ids(
    visit: npt.NDArray[np.int64], detector: npt.NDArray[Any], code: int, index: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return identifiers of detections in visits, these counted from 0.

    Bits from the highest: night since 2020 (13), exposure in the night (14), detector (8), population (5),
    row in the population (21).
    """
    nights = np.array([v.evening - 58_849 for v in visits()], np.int64)[visit]
    sequence = np.array([v.number % 100_000 for v in visits()], np.int64)[visit]
    exposure = (nights << 14) | sequence
    return np.asarray((exposure << 34) | (detector.astype(np.int64) << 26) | (code << 21) | index)


def source_rows(measured: Measurement) -> Rows:
    """Return the detections of a block, object after object."""
    block = measured.block
    name, first = block.population.name, block.rows.start
    row, column = np.nonzero(measured.detected)
    flux, error = measured.flux[row, column], measured.flux_error[row, column]
    signal = flux / error
    sigma = galaxy_sigma(block)[row]
    psf = np.array([psf_sigma(visit) for visit in visits()])[column]
    shape = (len(block), len(visits()))
    drawn = np.empty((*shape, 6))
    for k, visit in enumerate(visits()):
        drawn[:, k] = stream("source", name, visit.number, block.number).standard_normal((len(block), 6))
    noise = drawn[row, column]

    centroid = np.hypot(np.hypot(psf, sigma) / signal, CENTROID_FLOOR)
    east, north = centroid * noise[:, 0], centroid * noise[:, 1]
    turn = np.radians([visit.rotation for visit in visits()])[column]
    dec = block.population.dec[block.rows][row]
    ra = block.population.ra[block.rows][row] + east / 3600 / np.cos(np.radians(dec))
    dec = dec + north / 3600

    pixel = (psf / PIXEL) ** 2
    wider = 1 + (sigma / psf) ** 2
    relative = np.minimum(1.4 / signal, 0.6) * wider
    unit = block.unit_moments()[row] * ((sigma / psf) ** 2)[:, None] + [1.0, 1.0, 0.0]
    moments = pixel[:, None] * (unit + relative[:, None] * noise[:, 2:5] * [1.0, 1.0, 0.7])
    fraction = np.stack([psf_fraction(galaxy_sigma(block), visit) for visit in visits()], axis=-1)[
        row, column
    ]
    extended = fraction * (1 + 0.25 * noise[:, 5] / signal) < 0.985
    visit_names = [visit.band for visit in visits()]
    saturated = measured.is_saturated[row, column]
    return {
        "sourceId": source_ids(column, measured.detector[row, column], block.population.code, first + row),
        "coord_ra": ra,
        "coord_dec": dec,
        "ra": ra,
        "dec": dec,
        "raErr": centroid / 3600 / np.cos(np.radians(dec)),
        "decErr": centroid / 3600,
        "visit": np.array([visit.number for visit in visits()])[column],
        "detector": measured.detector[row, column],
        "band": text(visit_names, column),
        "physical_filter": text([f"{band}_sim" for band in visit_names], column),
        "x": measured.x[row, column] + (-east * np.cos(turn) + north * np.sin(turn)) / PIXEL,
        "y": measured.y[row, column] + (east * np.sin(turn) + north * np.cos(turn)) / PIXEL,
        "xErr": centroid / PIXEL,
        "yErr": centroid / PIXEL,
        "psfFlux": flux,
        "psfFluxErr": error,
        "psfFlux_flag": np.zeros(len(row), np.bool_),
        "psfFlux_flag_edge": np.zeros(len(row), np.bool_),
        "ixx": moments[:, 0],
        "iyy": moments[:, 1],
        "ixy": moments[:, 2],
        "ixxPSF": pixel,
        "iyyPSF": pixel,
        "ixyPSF": np.zeros(len(row)),
        "extendedness": extended.astype(np.float64),
        "pixelFlags_edge": measured.is_near_edge[row, column],
        "pixelFlags_saturated": saturated,
        "pixelFlags_saturatedCenter": saturated,
    }
