"""The tables of ``sim1``: those of DP1 whose columns our pipeline measures, with Rubin's names."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from sciplat.demo.rubin import keys_in, rubin_column, rubin_table, rubin_tables
from sciplat.demo.simwide_schema import COLUMNS as OF_SIMWIDE
from sciplat.demo.simwide_ucds import given_ucd
from sciplat.vo.schema import Column, Datatype, Table

__all__ = ["COLUMNS", "DESCRIPTION", "SCHEMA", "VERSION_NOTE", "columns_of", "sim1_table"]

SCHEMA = "sim1"
VERSION_NOTE = "Demo data, version 1."
"""Ends each table's description and is said in the repository; it goes up when images or rows change."""

DESCRIPTION = (
    "A SIMULATED survey that was really processed: raw exposures in ugriz of 3.4 by 3.4 arcminutes around RA "
    "25.606, Dec +0.294 were rendered from the truth of simwide, and what these images and tables have is "
    "what pipelines measured. Nothing here was observed. Tables and columns have the names, units and "
    "meanings of Rubin Data Preview 1 (lsst-sdm-schemas), where not said otherwise."
)

_SIMULATED = "SIMULATED exposures, really measured."

_FLAGS = (
    "bad",
    "cr",
    "crCenter",
    "edge",
    "nodata",
    "saturated",
    "saturatedCenter",
    "suspect",
    "suspectCenter",
)
_PIXEL_FLAGS = tuple(f"pixelFlags_{name}" for name in _FLAGS)
_APERTURE = ("ap12Flux", "ap12FluxErr", "ap12Flux_flag")

_OF_A_BAND = (
    *("psfFlux", "psfFluxErr", "psfFlux_flag", "psfMag", "psfMagErr"),
    *("kronFlux", "kronFluxErr", "kronFlux_flag", *_APERTURE),
    *("extendedness", "sizeExtendedness", "inputCount"),
    *("ixx", "iyy", "ixy", "ixxPSF", "iyyPSF", "ixyPSF", "i_flag"),
    *("pixelFlags_saturated", "pixelFlags_saturatedCenter"),
    *("pixelFlags_clipped", "pixelFlags_clippedCenter"),
)
_OF_A_BAND_CHANGING = tuple(
    name.removeprefix("u_") for name in OF_SIMWIDE["DiaObject"] if name.startswith("u_")
)


def _without_bands(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name[:2] not in {f"{band}_" for band in "ugrizy"})


def _no_pixel_flags(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if not name.startswith("pixelFlags_"))


COLUMNS: dict[str, tuple[str, ...]] = {
    "Visit": OF_SIMWIDE["Visit"],
    "CcdVisit": (
        *OF_SIMWIDE["CcdVisit"],
        *("zeroPoint", "zeroPointErr", "skyBg", "nPsfStar", "astromOffsetStd"),
    ),
    "CoaddPatches": ("lsst_tract", "lsst_patch", "s_ra", "s_dec", "s_region"),
    "Object": (
        *(name for name in _without_bands(OF_SIMWIDE["Object"]) if name != "ebv"),
        "detect_fromBlend",
    ),
    "Source": (*_no_pixel_flags(OF_SIMWIDE["Source"]), *_APERTURE, *_PIXEL_FLAGS),
    "DiaObject": _without_bands(OF_SIMWIDE["DiaObject"]),
    "DiaSource": (
        *(name for name in _no_pixel_flags(OF_SIMWIDE["DiaSource"]) if name != "ssObjectId"),
        "isDipole",
        *_PIXEL_FLAGS,
    ),
    "ForcedSource": (*_no_pixel_flags(OF_SIMWIDE["ForcedSource"]), *_PIXEL_FLAGS),
}
"""In the order in which they are made; without the columns of single bands."""

_NOTES = {
    "Visit": "The exposures: in each of the nights one a band.",
    "CcdVisit": "The one detector of each visit, and how well its image is calibrated.",
    "CoaddPatches": "The only patch of the only tract.",
    "Object": "What the coadds show.",
    "Source": "What stands 5 sigma above the noise of one visit image.",
    "DiaObject": "Places at which visits differ from the coadds.",
    "DiaSource": "What stands 5.5 sigma out of a difference image; dipoles among it have no DiaObject.",
    "ForcedSource": "Every object in each visit image that covers it: join Visit for the times.",
}

_SHAPE = (
    "Whether an object is point-like (0) or extended (1): its second moments exceed the PSF's by a tenth."
)
_SURE = "How sure it is that an object is extended, 0 to 1, from the noise of its second moments."
_MEANINGS: dict[str, dict[str, Any]] = {
    "extendedness": {"description": _SHAPE},
    "refExtendedness": {"description": f"{_SHAPE} Reference band."},
    "sizeExtendedness": {"description": _SURE},
    "refSizeExtendedness": {"description": f"{_SURE} Reference band."},
    "skyBg": {"unit": "electron", "ucd": "instr.skyLevel", "description": "Median of the sky's level."},
    "zeroPoint": {
        "ucd": "phot.mag;arith.zp",
        "description": "AB magnitude of what gives one electron in the exposure.",
    },
    "nPsfStar": {"ucd": "meta.number;src"},
    "astromOffsetStd": {
        "ucd": "stat.stdev;pos.eq",
        "description": "Scatter of the reference stars around the WCS along one axis (arcsec).",
    },
    "psfSigma": {"description": "Width of the Gaussian that has the FWHM of the PSF."},
    "isDipole": {"description": "Something of opposite sign is beside this source: a shift, not a change."},
    "kronFlux": {"ucd": "phot.flux.density"},
    "kronFluxErr": {"ucd": "stat.error;phot.flux.density"},
    "ap12Flux": {"ucd": "phot.flux.density"},
    "ap12FluxErr": {"ucd": "stat.error;phot.flux.density"},
}
"""What is other than in DP1, or not said there."""

_OF_OBJECTS = {
    name: {"description": f"{text} on the sum of all bands, in pixels of the tract."}
    for name, text in {
        "x": "Centroid",
        "y": "Centroid",
        "xErr": "1-sigma uncertainty on x position",
        "yErr": "1-sigma uncertainty on y position",
    }.items()
}

_ZERO_POINT_ERROR = Column(
    "zeroPointErr",
    Datatype.FLOAT,
    unit="mag",
    ucd="stat.error;phot.mag;arith.zp",
    description="1-sigma uncertainty of zeroPoint. It is common to all fluxes of the image, and not in their "
    "errors.",
)


def columns_of(name: str, bands: str) -> tuple[str, ...]:
    """Return the columns of a table, for a survey in these bands (as in ``"gr"``)."""
    more = {"Object": _OF_A_BAND, "DiaObject": _OF_A_BAND_CHANGING}.get(name, ())
    return (*COLUMNS[name], *(f"{band}_{each}" for band in bands for each in more))


@cache
def sim1_table(name: str, bands: str = "ugriz") -> Table:
    """Return what is known of ``sim1.<name>``."""
    names = columns_of(name, bands)
    return rubin_table(
        SCHEMA,
        name,
        names,
        before=f"{_NOTES[name]} {_SIMULATED}",
        after=VERSION_NOTE,
        keys=keys_in(SCHEMA).get(name, ()),
        own=_own(name, names),
    )


def _own(table: str, names: tuple[str, ...]) -> dict[str, Column]:
    known = {column.name: column for column in rubin_tables()[table].columns}
    found = {"zeroPointErr": _ZERO_POINT_ERROR} if "zeroPointErr" in names else {}
    for name in names:
        band, _, quantity = name.partition("_")
        single = len(band) == 1 and quantity
        meaning = dict(_MEANINGS.get(quantity if single else name, {}))
        if table == "Object":
            meaning |= _OF_OBJECTS.get(name, {})
        if not meaning:
            continue
        if single and "ucd" in meaning:
            # The band's part of the spectrum, as a PSF flux or its error has it.
            like = "psfFluxErr" if quantity.endswith("Err") else "psfFlux"
            meaning["ucd"] = given_ucd(f"{band}_{like}")
        if single and "description" in meaning:
            meaning["description"] += f" Measured on {band}-band."
        found[name] = replace(rubin_column(known[name]), **meaning)
    return found
