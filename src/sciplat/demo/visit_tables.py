"""The rows of Visit and CcdVisit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from sciplat.demo.field import DETECTOR_PIXELS, DETECTORS, PIXEL, detector_corners
from sciplat.demo.rows import Rows
from sciplat.demo.simwide_schema import COLUMNS
from sciplat.demo.visits import EXPOSURE_SECONDS, Visit, mjd_to_datetime, visits

__all__ = ["ccd_visit_rows", "visit_rows"]


def _times(visit: Visit) -> dict[str, Any]:
    start = visit.mjd - EXPOSURE_SECONDS / 2 / 86400
    return {
        "expMidptMJD": visit.mjd,
        "expMidpt": mjd_to_datetime(visit.mjd),
        "obsStartMJD": start,
        "obsStart": mjd_to_datetime(start),
        "expTime": EXPOSURE_SECONDS,
        "zenithDistance": 90.0 - visit.altitude,
        "skyRotation": visit.rotation,
        "physical_filter": f"{visit.band}_sim",
        "band": visit.band,
    }


def visit_rows() -> Iterator[Rows]:
    """Return the visits."""
    rows = [
        {
            "visit": visit.number,
            "ra": visit.ra,
            "dec": visit.dec,
            "azimuth": visit.azimuth,
            "altitude": visit.altitude,
            "airmass": visit.airmass,
            **_times(visit),
        }
        for visit in visits()
    ]
    yield {name: pa.array([row[name] for row in rows]) for name in COLUMNS["Visit"]}


def ccd_visit_rows() -> Iterator[Rows]:
    """Return the detectors of each visit."""
    for visit in visits():
        corners = detector_corners((visit.ra, visit.dec), visit.rotation)
        detector = np.arange(DETECTORS)
        rows: dict[str, Any] = {
            "ccdVisitId": visit.number * 1000 + detector,
            "visitId": np.full(DETECTORS, visit.number),
            "detector": detector,
            "ra": corners["centre"][0],
            "dec": corners["centre"][1],
            "pixelScale": np.full(DETECTORS, PIXEL),
            "seeing": np.full(DETECTORS, visit.seeing),
            "psfSigma": np.full(DETECTORS, visit.seeing / 2.3548 / PIXEL),
            "xSize": np.full(DETECTORS, DETECTOR_PIXELS),
            "ySize": np.full(DETECTORS, DETECTOR_PIXELS),
            "magLim": visit.depth,
        }
        for corner in ("llc", "ulc", "urc", "lrc"):
            rows[f"{corner}ra"], rows[f"{corner}dec"] = corners[corner]
        rows.update({name: pa.array([value] * DETECTORS) for name, value in _times(visit).items()})
        yield rows
