"""The tables of ``simwide``: a subset of DP1's, with the names, types and descriptions of the Rubin project.

Columns are listed here by name; everything else about them is read from ``lsst-sdm-schemas``. Where that says
no UCD, one is given.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pyarrow as pa

from sciplat.demo.field import BANDS
from sciplat.demo.simwide_ucds import given_ucd
from sciplat.errors import MissingExtraError
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import Column, Datatype, Key, Table

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

_PRIMARY_KEYS = {
    "Object": ("objectId",),
    "Source": ("sourceId",),
    "ForcedSource": ("objectId", "visit"),
    "Visit": ("visit",),
    "CcdVisit": ("visitId", "detector"),
    "DiaObject": ("diaObjectId",),
    "DiaSource": ("diaSourceId",),
}

_POSITIONS = {"Visit": ("ra", "dec"), "CcdVisit": ("ra", "dec"), "DiaObject": ("ra", "dec")}

_TO_CCD_VISIT = Key(
    "simwide.CcdVisit", (("visit", "visitId"), ("detector", "detector")), "The detector's image"
)

_KEYS: dict[str, tuple[Key, ...]] = {
    "Source": (Key("simwide.Visit", (("visit", "visit"),), "The visit in which it was seen"), _TO_CCD_VISIT),
    "ForcedSource": (
        Key("simwide.Object", (("objectId", "objectId"),), "The object that was measured"),
        Key("simwide.Visit", (("visit", "visit"),), "The visit in which it was measured"),
        _TO_CCD_VISIT,
    ),
    "CcdVisit": (Key("simwide.Visit", (("visitId", "visit"),), "The visit of all detectors"),),
    "DiaSource": (
        Key("simwide.DiaObject", (("diaObjectId", "diaObjectId"),), "All detections at this place"),
        Key("simwide.Visit", (("visit", "visit"),), "The visit in which it was seen"),
        _TO_CCD_VISIT,
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

_DATATYPES = {
    "boolean": Datatype.BOOLEAN,
    "int": Datatype.INT,
    "long": Datatype.LONG,
    "float": Datatype.FLOAT,
    "double": Datatype.DOUBLE,
    "char": Datatype.CHAR,
    "timestamp": Datatype.CHAR,
}


@cache
def _rubin_tables() -> dict[str, Any]:
    """Return the tables of DP1 as felis reads them (about a second)."""
    try:
        from felis import Schema  # noqa: PLC0415 (takes a second)
        from lsst.sdm import schemas  # noqa: F401, PLC0415 (an extra)
    except ModuleNotFoundError:
        raise MissingExtraError("The demo data need the extra 'demo': pip install 'sciplat[demo]'") from None
    schema = Schema.from_uri("resource://lsst.sdm.schemas/dp1.yaml", context={"id_generation": True})
    return {table.name: table for table in schema.tables}


@cache
def simwide_table(name: str) -> Table:
    """Return what is known of ``simwide.<name>``."""
    rubin = _rubin_tables()[name]
    known = {column.name: column for column in rubin.columns}
    keys = {*_PRIMARY_KEYS[name], *(here for key in _KEYS.get(name, ()) for here, _ in key.columns)}
    position = _POSITIONS.get(name, ("coord_ra", "coord_dec"))
    columns = []
    for column_name in COLUMNS[name]:
        column = _column(known[column_name])
        if (name, column_name) == ("Source", "detector"):
            # DP1 has it narrower here than where its key leads; both ends of a key are of one type.
            column = replace(column, datatype=Datatype.LONG)
        if column_name in position and "meta.main" not in (column.ucd or ""):
            axis = "ra" if column_name == position[0] else "dec"
            column = replace(column, ucd=f"pos.eq.{axis};meta.main")
        is_key = column_name in keys or column_name in position
        columns.append(replace(column, indexed=is_key, principal=column.principal or is_key))
    description = f"{_NOTES[name]} {_SIMULATED} In DP1: {_sentence(rubin.description)} {VERSION_NOTE}"
    return Table(
        SCHEMA,
        name,
        tuple(columns),
        description=description,
        keys=_KEYS.get(name, ()),
        primary_key=_PRIMARY_KEYS[name],
        position=position,
    )


def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of ``simwide.<name>``."""
    return pa.schema([(column.name, arrow_type(column)) for column in simwide_table(name).columns])


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _column(rubin: Any) -> Column:
    ucd = rubin.ivoa_ucd or given_ucd(rubin.name)
    if ucd is None and rubin.datatype.value == "boolean":
        ucd = "meta.code"
    unit = rubin.fits_tunit or rubin.ivoa_unit
    is_text = rubin.datatype.value in ("char", "timestamp")
    return Column(
        rubin.name,
        _DATATYPES[rubin.datatype.value],
        arraysize="*" if is_text else None,
        xtype="timestamp" if rubin.datatype.value == "timestamp" else None,
        unit=unit,
        ucd=ucd,
        description=_sentence(rubin.description),
        principal=bool(rubin.tap_principal),
    )
