"""Functions beyond ADQL: those that the IVOA has agreed on, and those that Rubin's services have.

The ``ivo_`` ones follow the IVOA's *Catalogue of ADQL User Defined Functions* 1.2, the ``scisql_``
ones sciSQL 0.3. The `bit_` functions have the names that drafts of ADQL 2.1 gave to the operators
which the standard then left out.
"""

from __future__ import annotations

import math
import re

from sciplat.adql.signatures import NUMBER, POINT, REGION, SAME, Function, user_defined

__all__ = ["USER_DEFINED"]

_MAGNITUDE = 2.5 / math.log(10)
"""The error of a magnitude for a relative error of a flux."""

_WORDS = r"STR_SPLIT_REGEX(LOWER({}), '[^\p{{L}}\p{{N}}]+')"


def _magnitude(zero: float) -> str:
    return f"CASE WHEN $1 > 0 THEN -2.5e0 * LOG($1) + {zero}e0 END"


_SIGMA = f"{_MAGNITUDE!r}e0 * $2 / NULLIF(GREATEST($1, 0), 0)"


def _flux(zero: float) -> str:
    return f"POWER(10e0, -0.4e0 * ($1 - {zero}e0))"


def _flux_sigma(zero: float) -> str:
    return f"$2 / {_MAGNITUDE!r}e0 * {_flux(zero)}"


_COMPACT = r"REGEXP_REPLACE($1, '^\s*([+-]?)(\d{2,3})(\d{2})(\d{2}(?:\.\d*)?)\s*$', '\1\2:\3:\4')"
"""An angle without separators gets colons; any other text stays as it is."""


def _angle(unit: str, sign: str, factor: int) -> str:
    """Return the SQL that reads a sexagesimal angle, whose first part may be marked by ``unit``."""
    pattern = rf"^\s*({sign})(\d{{1,3}})[:{unit}]\s*(\d{{1,2}})[:mM]\s*(\d{{1,2}}(?:\.\d*)?)[sS]?\s*$"
    whole, minutes, seconds = (f"TRY_CAST(p['{part}'] AS DOUBLE)" for part in ("whole", "minutes", "seconds"))
    return (
        f"LIST_TRANSFORM([REGEXP_EXTRACT({_COMPACT}, '{pattern}', ['sign', 'whole', 'minutes', 'seconds'])], "
        f"LAMBDA p : CASE WHEN {minutes} < 60 AND {seconds} < 60 THEN "
        f"CASE WHEN p['sign'] = '-' THEN -1 ELSE 1 END * {factor}e0 * "
        f"({whole} + {minutes} / 60e0 + {seconds} / 3600e0) END)[1]"
    )


_BIN = (
    "CASE WHEN $1 IS NULL OR $1 < $2 THEN 0 WHEN $1 >= $3 THEN $4 + 1 "
    "ELSE 1 + LEAST($4 - 1, CAST(FLOOR(($1 - $2) / ($3 - $2) * $4) AS BIGINT)) END"
)
_HEALPIX = "The HEALPix cell (NESTED) that a position lies in, at an order from 0 to 29."

_MAYBE = f"(?:{NUMBER}|0)"
_STAR = NUMBER * 2 + _MAYBE * 4 + NUMBER * 2
_STAR_ARGUMENTS = "ra, dec, parallax, pmra, pmdec, radial_velocity, ref_epoch, out_epoch"
_STAR_TYPES = ", ".join(f"{argument} DOUBLE PRECISION" for argument in _STAR_ARGUMENTS.split(", "))
_STAR_MOVES = (
    "degrees, mas, mas/yr, km/s and Julian years; the star moves uniformly along a straight line. NULL for "
    "parallax, motions or radial velocity counts as 0."
)

USER_DEFINED: tuple[Function, ...] = (
    Function(
        "ivo_healpix_index",
        re.compile(f"{NUMBER}(?:{POINT}|{NUMBER}{{2}})"),
        "n",
        "ivo_healpix_index(order, point) or ivo_healpix_index(order, longitude, latitude)",
        "integer",
        description=_HEALPIX,
        forms=(
            "ivo_healpix_index(hpxOrder INTEGER, ra DOUBLE PRECISION, dec DOUBLE PRECISION) -> BIGINT",
            "ivo_healpix_index(hpxOrder INTEGER, p POINT) -> BIGINT",
        ),
    ),
    Function(
        "MOC",
        re.compile(f"l|{NUMBER}{REGION}"),
        "g",
        "MOC('order/cell cell-cell ...') or MOC(order, region)",
        "text",
        description="A part of the sky made of HEALPix cells, for CONTAINS, INTERSECTS and AREA: by its "
        "ASCII form (MOC 2.0), or the cells of an order that a constant circle or polygon has a part in.",
        forms=("MOC(ascii VARCHAR) -> MOC", "MOC(order INTEGER, geo GEOMETRY) -> MOC"),
    ),
    Function(
        "ivo_healpix_center",
        re.compile(f"{NUMBER}{{2}}"),
        "p",
        "ivo_healpix_center(order, index)",
        "point",
        description="The centre of a HEALPix cell (NESTED); NULL where there is no such cell.",
        forms=("ivo_healpix_center(hpxOrder INTEGER, hpxIndex BIGINT) -> POINT",),
    ),
    Function(
        "ivo_epoch_prop_pos",
        re.compile(_STAR),
        "p",
        f"ivo_epoch_prop_pos({_STAR_ARGUMENTS})",
        "point",
        description=f"Where a star is at another epoch: {_STAR_MOVES}",
        forms=(f"ivo_epoch_prop_pos({_STAR_TYPES}) -> POINT",),
    ),
    Function(
        "ivo_epoch_prop",
        re.compile(_STAR),
        "c",
        f"ivo_epoch_prop({_STAR_ARGUMENTS})",
        "other",
        description="The six astrometric parameters of a star at another epoch, an array of ra, dec, "
        f"parallax, pmra, pmdec, radial_velocity: {_STAR_MOVES} What is NULL before is NaN after.",
        forms=(f"ivo_epoch_prop({_STAR_TYPES}) -> DOUBLE PRECISION[6]",),
    ),
    Function(
        "ivo_geom_transform",
        re.compile(f"ll{REGION}"),
        "c",
        "ivo_geom_transform('from', 'to', region)",
        SAME,
        description="A point or region in another frame: ICRS, FK5 (taken as ICRS), GALACTIC, "
        "SUPER_GALACTIC, ECLIPTIC (J2000) or FK4 (B1950), each a rotation of the others.",
        forms=("ivo_geom_transform(from_sys VARCHAR, to_sys VARCHAR, geo GEOMETRY) -> GEOMETRY",),
    ),
    user_defined(
        "ivo_string_agg(expression VARCHAR, delimiter VARCHAR) -> VARCHAR",
        "LISTAGG($1, $2 ORDER BY $1 || '')",
        "The texts of all rows, sorted, joined by a delimiter as written; NULL leaves no trace.",
        written="2",
        aggregate=True,
    ),
    user_defined(
        "ivo_nocasematch(value VARCHAR, pattern VARCHAR) -> INTEGER",
        "CAST($1 ILIKE $2 AS INTEGER)",
        "1 if the text matches the pattern of LIKE whatever the case, else 0; the same as ILIKE.",
    ),
    user_defined(
        "ivo_hasword(haystack VARCHAR, needle VARCHAR) -> INTEGER",
        f"CAST(LIST_HAS_ALL({_WORDS.format('$1')}, "
        f"LIST_FILTER({_WORDS.format('$2')}, LAMBDA w : w <> '')) AS INTEGER)",
        "1 if all words of the second text are words of the first, whatever the case, else 0; words are not "
        "stemmed.",
    ),
    user_defined(
        "ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER",
        "CAST(LIST_CONTAINS(STRING_SPLIT(LOWER($1), '#'), LOWER($2)) AS INTEGER)",
        "1 if the text is, whatever the case, one of the words that # separates in the first, else 0.",
    ),
    user_defined(
        "ivo_interval_overlaps(a1 DOUBLE PRECISION, b1 DOUBLE PRECISION, a2 DOUBLE PRECISION, "
        "b2 DOUBLE PRECISION) -> INTEGER",
        "CAST($1 <= $2 AND $3 <= $4 AND $1 <= $4 AND $3 <= $2 AS INTEGER)",
        "1 if the interval from a1 to b1 and that from a2 to b2 have a number in common, else 0.",
    ),
    user_defined(
        "ivo_histogram(val DOUBLE PRECISION, lower DOUBLE PRECISION, upper DOUBLE PRECISION, nbins INTEGER) "
        "-> INTEGER[]",
        f"MAP_VALUES(HISTOGRAM_EXACT({_BIN}, RANGE(0, $4 + 2)))",
        "How many values lie in each of nbins bins between lower and upper: an array that begins with the "
        "number below lower (and of NULL) and ends with the number from upper on. The limits are as written.",
        ucd="meta.number",
        written="234",
        aggregate=True,
    ),
    user_defined(
        "ivo_normal_random(mu DOUBLE PRECISION, sigma DOUBLE PRECISION) -> DOUBLE PRECISION",
        "$1 + $2 * SQRT(-2e0 * LN(1e0 - RANDOM())) * COS(2e0 * PI() * RANDOM())",
        "A random number of the normal distribution with mean mu and standard deviation sigma.",
    ),
    user_defined(
        "ivo_to_jd(d TIMESTAMP) -> DOUBLE PRECISION",
        "EPOCH_US($1) / 8.64e10 + 2440587.5e0",
        "The Julian date of a time, without a change of its scale.",
        unit="d",
        ucd="time.epoch",
    ),
    user_defined(
        "ivo_to_mjd(d TIMESTAMP) -> DOUBLE PRECISION",
        "EPOCH_US($1) / 8.64e10 + 40587e0",
        "The Modified Julian date of a time, without a change of its scale.",
        unit="d",
        ucd="time.epoch",
    ),
    user_defined(
        "ivo_hms_to_degrees(hms VARCHAR) -> DOUBLE PRECISION",
        _angle("hH", "", 15),
        "Degrees of an angle in hours: h:m:s, hhmmss or 1h2m3.4s; NULL for any other text.",
        unit="deg",
        ucd="pos.eq.ra",
    ),
    user_defined(
        "ivo_dms_to_degrees(dms VARCHAR) -> DOUBLE PRECISION",
        _angle("dD", "[+-]?", 1),
        "Degrees of an angle: d:m:s, ddmmss or 1d2m3.4s, with or without a sign; NULL for any other text.",
        unit="deg",
    ),
    user_defined(
        "bit_and(x BIGINT, y BIGINT) -> BIGINT", "$1 & $2", "The bits that are set in both integers."
    ),
    user_defined(
        "bit_or(x BIGINT, y BIGINT) -> BIGINT", "$1 | $2", "The bits that are set in either integer."
    ),
    user_defined(
        "bit_xor(x BIGINT, y BIGINT) -> BIGINT",
        "XOR($1, $2)",
        "The bits that are set in one of two integers, not in both.",
    ),
    user_defined("bit_not(x BIGINT) -> BIGINT", "~$1", "All bits of an integer the other way round."),
    user_defined(
        "stddev(x DOUBLE PRECISION) -> DOUBLE PRECISION",
        "STDDEV_SAMP($1)",
        "The standard deviation of a sample (its variance is divided by n - 1).",
        unit=SAME,
        ucd="stat.stdev",
        aggregate=True,
    ),
    user_defined(
        "scisql_median(x DOUBLE PRECISION) -> DOUBLE PRECISION",
        "MEDIAN($1)",
        "The median.",
        unit=SAME,
        ucd="stat.median",
        aggregate=True,
    ),
    user_defined(
        "scisql_percentile(x DOUBLE PRECISION, p DOUBLE PRECISION) -> DOUBLE PRECISION",
        "QUANTILE_CONT($1, $2 / 100e0)",
        "The value below which p per cent of the values lie, p from 0 to 100 as written.",
        unit=SAME,
        written="2",
        aggregate=True,
    ),
    user_defined(
        "scisql_nanojanskyToAbMag(flux DOUBLE PRECISION) -> DOUBLE PRECISION",
        _magnitude(31.4),
        "The AB magnitude of a flux in nJy; NULL where the flux is not positive.",
        unit="mag",
        ucd="phot.mag",
    ),
    user_defined(
        "scisql_nanojanskyToAbMagSigma(flux DOUBLE PRECISION, fluxErr DOUBLE PRECISION) -> DOUBLE PRECISION",
        _SIGMA,
        "The error of the AB magnitude of a flux in nJy, from the error of the flux.",
        unit="mag",
        ucd="stat.error;phot.mag",
    ),
    user_defined(
        "scisql_abMagToNanojansky(mag DOUBLE PRECISION) -> DOUBLE PRECISION",
        _flux(31.4),
        "The flux in nJy of an AB magnitude.",
        unit="nJy",
        ucd="phot.flux.density",
    ),
    user_defined(
        "scisql_abMagToNanojanskySigma(mag DOUBLE PRECISION, magErr DOUBLE PRECISION) -> DOUBLE PRECISION",
        _flux_sigma(31.4),
        "The error of the flux in nJy of an AB magnitude, from the error of the magnitude.",
        unit="nJy",
        ucd="stat.error;phot.flux.density",
    ),
    user_defined(
        "scisql_fluxToAbMag(flux DOUBLE PRECISION) -> DOUBLE PRECISION",
        _magnitude(-48.6),
        "The AB magnitude of a flux in erg/s/cm**2/Hz; NULL where the flux is not positive.",
        unit="mag",
        ucd="phot.mag",
    ),
    user_defined(
        "scisql_fluxToAbMagSigma(flux DOUBLE PRECISION, fluxErr DOUBLE PRECISION) -> DOUBLE PRECISION",
        _SIGMA,
        "The error of the AB magnitude of a flux, from the error of the flux.",
        unit="mag",
        ucd="stat.error;phot.mag",
    ),
    user_defined(
        "scisql_abMagToFlux(mag DOUBLE PRECISION) -> DOUBLE PRECISION",
        _flux(-48.6),
        "The flux in erg/s/cm**2/Hz of an AB magnitude.",
        unit="erg/(s.cm**2.Hz)",
        ucd="phot.flux.density",
    ),
    user_defined(
        "scisql_abMagToFluxSigma(mag DOUBLE PRECISION, magErr DOUBLE PRECISION) -> DOUBLE PRECISION",
        _flux_sigma(-48.6),
        "The error of the flux in erg/s/cm**2/Hz of an AB magnitude, from the error of the magnitude.",
        unit="erg/(s.cm**2.Hz)",
        ucd="stat.error;phot.flux.density",
    ),
)
