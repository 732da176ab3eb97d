"""The tables of ``simwide``: a subset of DP1's, with the names, types and descriptions of the Rubin project.

Columns are listed here by name; everything else about them is read from ``lsst-sdm-schemas``. Where that says
no UCD, one is given.
"""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from sciplat.demo.field import BANDS
from sciplat.demo.rubin import keys_in, rubin_table
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import Table

__all__ = ["COLUMNS", "DESCRIPTION", "SCHEMA", "VERSION_NOTE", "arrow_schema", "simwide_table"]

SCHEMA = "simwide"
VERSION_NOTE = "Demo data, version 1."
"""Ends each table's description; the number goes up when rows or columns change."""

_SIMULATED = "SIMULATED: drawn from a model of the sky, not measured from images."

DESCRIPTION = (
    "A SIMULATED survey of 4 square degrees around RA 25.6, Dec +0.3. Its 200 000 objects were drawn from a "
    "model of stars, galaxies, variables, supernovae and asteroids, and what a pipeline would measure in 20 "
    "visits was computed with noise. Nothing here was observed, and nothing was measured from images. Tables "
    "and columns have the names, units and meanings of Rubin Data Preview 1 (lsst-sdm-schemas)."
)

_FLUXES = ("psfFlux", "psfFluxErr", "psfFlux_flag", "psfMag", "psfMagErr")
_MODELS = ("cModelFlux", "cModelFluxErr", "cModel_flag", "cModelMag", "cModelMagErr")
_SHAPES = ("ixx", "iyy", "ixy", "ixxPSF", "iyyPSF", "ixyPSF", "i_flag")
_OTHERS = (
    "extendedness",
    "sizeExtendedness",
    "inputCount",
    "pixelFlags_saturated",
    "pixelFlags_saturatedCenter",
)


def _banded(names: tuple[str, ...], bands: tuple[str, ...] = BANDS) -> tuple[str, ...]:
    return tuple(f"{band}_{name}" for band in bands for name in names)


COLUMNS: dict[str, tuple[str, ...]] = {
    "Object": (
        "objectId",
        "coord_ra",
        "coord_dec",
        "coord_raErr",
        "coord_decErr",
        "tract",
        "patch",
        "x",
        "y",
        "xErr",
        "yErr",
        "refBand",
        "refExtendedness",
        "refSizeExtendedness",
        "shape_xx",
        "shape_yy",
        "shape_xy",
        "shape_flag",
        "ebv",
        *_banded(_FLUXES + _MODELS + _OTHERS),
        *_banded(_SHAPES, ("g", "r", "i")),
    ),
    "Source": (
        "sourceId",
        "coord_ra",
        "coord_dec",
        "ra",
        "dec",
        "raErr",
        "decErr",
        "visit",
        "detector",
        "band",
        "physical_filter",
        "x",
        "y",
        "xErr",
        "yErr",
        "psfFlux",
        "psfFluxErr",
        "psfFlux_flag",
        "psfFlux_flag_edge",
        "ixx",
        "iyy",
        "ixy",
        "ixxPSF",
        "iyyPSF",
        "ixyPSF",
        "extendedness",
        "pixelFlags_edge",
        "pixelFlags_saturated",
        "pixelFlags_saturatedCenter",
    ),
    "ForcedSource": (
        "objectId",
        "coord_ra",
        "coord_dec",
        "visit",
        "detector",
        "band",
        "psfFlux",
        "psfFluxErr",
        "psfFlux_flag",
        "psfDiffFlux",
        "psfDiffFluxErr",
        "psfDiffFlux_flag",
        "pixelFlags_edge",
        "pixelFlags_saturated",
        "pixelFlags_saturatedCenter",
        "tract",
        "patch",
    ),
    "Visit": (
        "visit",
        "physical_filter",
        "band",
        "ra",
        "dec",
        "skyRotation",
        "azimuth",
        "altitude",
        "zenithDistance",
        "airmass",
        "expTime",
        "expMidpt",
        "expMidptMJD",
        "obsStart",
        "obsStartMJD",
    ),
    "CcdVisit": (
        "ccdVisitId",
        "visitId",
        "detector",
        "physical_filter",
        "band",
        "ra",
        "dec",
        "pixelScale",
        "zenithDistance",
        "expTime",
        "psfSigma",
        "seeing",
        "skyRotation",
        "expMidpt",
        "expMidptMJD",
        "obsStart",
        "obsStartMJD",
        "xSize",
        "ySize",
        "llcra",
        "llcdec",
        "ulcra",
        "ulcdec",
        "urcra",
        "urcdec",
        "lrcra",
        "lrcdec",
        "magLim",
    ),
    "DiaObject": (
        "diaObjectId",
        "ra",
        "dec",
        "radecMjdTai",
        "nDiaSources",
        *_banded(
            (
                "psfFluxNdata",
                "psfFluxMean",
                "psfFluxMeanErr",
                "psfFluxSigma",
                "psfFluxMin",
                "psfFluxMax",
                "psfFluxChi2",
                "scienceFluxMean",
                "scienceFluxMeanErr",
                "scienceFluxSigma",
            )
        ),
    ),
    "DiaSource": (
        "diaSourceId",
        "diaObjectId",
        "ssObjectId",
        "visit",
        "detector",
        "band",
        "midpointMjdTai",
        "coord_ra",
        "coord_dec",
        "ra",
        "dec",
        "raErr",
        "decErr",
        "x",
        "y",
        "xErr",
        "yErr",
        "snr",
        "psfFlux",
        "psfFluxErr",
        "scienceFlux",
        "scienceFluxErr",
        "pixelFlags_edge",
        "pixelFlags_saturated",
        "pixelFlags_saturatedCenter",
    ),
}

_NOTES = {
    "Object": "200 000 objects as on coadds of the 20 visits.",
    "Source": "What stands 5 sigma above the noise of one visit.",
    "ForcedSource": "Every object in each of the 20 visits: join Visit for the times.",
    "Visit": "20 visits on ten nights of two seasons.",
    "CcdVisit": "The 189 detectors of each visit.",
    "DiaObject": "Variable stars, quasars and supernovae that were seen to change.",
    "DiaSource": "What differs from the template by 5 sigma; moving objects among it have no DiaObject.",
}


@cache
def simwide_table(name: str) -> Table:
    """Return what is known of ``simwide.<name>``."""
    return rubin_table(
        SCHEMA,
        name,
        COLUMNS[name],
        before=f"{_NOTES[name]} {_SIMULATED}",
        after=VERSION_NOTE,
        keys=keys_in(SCHEMA).get(name, ()),
    )


def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of ``simwide.<name>``."""
    return pa.schema([(column.name, arrow_type(column)) for column in simwide_table(name).columns])
