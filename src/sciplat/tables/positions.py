"""Positions of rows: ranges checked, degrees made of radians, and the HEALPix index.

``_healpix_29`` is the number of the HEALPix cell of order 29, NESTED, that holds a row's position;
the column that HATS catalogs have, and by which tables with positions are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import IngestError
from sciplat.sky.healpix import ORDER
from sciplat.tables.merge import Rows
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Datatype

__all__ = ["INDEX", "PositionChecker", "healpix_29", "sky_index"]

INDEX = Column(
    HEALPIX_COLUMN,
    Datatype.LONG,
    ucd="pos.healpix",
    description="HEALPix cell of order 29, NESTED, of the position",
    indexed=True,
    hidden=True,
)
"""What is known of the index."""

_TURNS = 1e9
"""Degrees of longitude; what is larger is no direction. Queries say the same (`sciplat.adql.shapes`)."""


def healpix_29(ra: pa.Array, dec: pa.Array) -> pa.Array:
    """Return the cell of order 29, NESTED, for positions in ICRS degrees.

    Parameters
    ----------
    ra, dec
        Floating-point arrays; right ascension in [0, 360), declination in [-90, 90].

    Returns
    -------
    int64 array, NULL where either coordinate is NULL or NaN.
    """
    # It brings astropy's coordinates along, half a second that only an ingest shall pay.
    from cdshealpix import cdshealpix  # noqa: PLC0415

    lon, lat = _numbers(ra), _numbers(dec)
    mask = np.isnan(lon) | np.isnan(lat)
    lon, lat = np.radians(np.where(mask, 0.0, lon)), np.radians(np.where(mask, 0.0, lat))
    cells = np.empty(len(lon), dtype=np.uint64)
    dx, dy = np.empty(len(lon)), np.empty(len(lon))
    depth = np.full(len(lon), ORDER, dtype=np.uint8)
    cdshealpix.lonlat_to_healpix(depth, lon, lat, cells, dx, dy, 1)
    return pa.array(cells.view(np.int64), mask=mask if mask.any() else None)


def sky_index(batch: pa.RecordBatch, ra: str, dec: str) -> pa.RecordBatch:
    """Return the batch with ``_healpix_29`` first, and all else as it was.

    Right ascensions may be any turns away; a row whose position is not on the sky has NULL.
    """
    lon, lat = _numbers(batch.column(ra)), _numbers(batch.column(dec))
    with np.errstate(invalid="ignore"):
        there = (np.abs(lon) <= _TURNS) & (np.abs(lat) <= 90.0)
        lon = np.where(there, np.mod(lon, 360.0), np.nan)
    lon[lon >= 360.0] = 0.0  # a tiny negative one, rounded
    index = healpix_29(pa.array(lon), pa.array(np.where(there, lat, np.nan)))
    return pa.RecordBatch.from_arrays(
        [index, *batch.columns], schema=pa.schema([pa.field(HEALPIX_COLUMN, pa.int64()), *batch.schema])
    )


@dataclass(slots=True)
class PositionChecker:
    """Adds ``_healpix_29`` to batches, and holds every position of a table to one convention.

    Right ascensions run from 0 to 360 degrees. 360 itself counts as 0. A table that runs from -180
    to 180 instead is taken too, and turned; one that mixes both conventions is an error, because
    then a negative value is likelier to be a mistake.
    """

    ra: str
    dec: str
    """The columns in degrees, in batches that come out."""

    radians: tuple[str, str] | None = None
    """The columns in radians that ``ra`` and ``dec`` are made of; None if they are in the table."""

    null_positions: int = 0
    """How many rows so far have no position."""

    _negative: str | None = field(default=None, init=False)
    """Where the first right ascension below 0 stands."""

    _beyond: str | None = field(default=None, init=False)
    """Where the first right ascension above 180 stands."""

    def add_index(self, rows: Rows) -> pa.RecordBatch:
        """Return the batch with ``_healpix_29`` first and degrees for radians, once checked.

        Raises
        ------
        IngestError
            Names file, column, row and value of a position that is not on the sky.
        """
        batch = rows.batch
        if self.radians is None:
            batch = self._turned(rows)
        else:
            source_ra, source_dec = (
                pa.array(np.degrees(_numbers(batch.column(name))), from_pandas=True) for name in self.radians
            )
            batch = batch.append_column(self.ra, source_ra).append_column(self.dec, source_dec)
            batch = self._turned(Rows(rows.label, rows.first, batch))
        index = healpix_29(batch.column(self.ra), batch.column(self.dec))
        self.null_positions += index.null_count
        return pa.RecordBatch.from_arrays(
            [index, *batch.columns],
            schema=pa.schema([pa.field(HEALPIX_COLUMN, pa.int64()), *batch.schema]),
        )

    def _turned(self, rows: Rows) -> pa.RecordBatch:
        batch = rows.batch
        ra, dec = _numbers(batch.column(self.ra)), _numbers(batch.column(self.dec))
        with np.errstate(invalid="ignore"):
            self._refuse(rows, self.dec, np.abs(dec) > 90.0, dec, "is outside -90 to 90")
            self._refuse(rows, self.ra, (ra < -180.0) | (ra > 360.0), ra, "is outside 0 to 360")
            negative, beyond = ra < 0.0, ra > 180.0
            full = ra == 360.0
        if self._negative is None and negative.any():
            self._negative = self._place(rows, negative, ra)
        if self._beyond is None and beyond.any():
            self._beyond = self._place(rows, beyond, ra)
        if self._negative is not None and self._beyond is not None:
            raise IngestError(
                f"{self._negative} is below 0, while {self._beyond} is above 180: "
                "right ascensions run from 0 to 360, or all from -180 to 180"
            )
        if not (negative.any() or full.any()):
            return batch
        turned = np.where(negative, ra + 360.0, ra)
        turned[turned >= 360.0] = 0.0
        at = batch.schema.get_field_index(self.ra)
        kind = batch.schema.field(at).type
        values = pa.array(turned.astype(kind.to_pandas_dtype()), from_pandas=True)
        return batch.set_column(at, batch.schema.field(at), values)

    def _refuse(self, rows: Rows, name: str, bad: object, values: object, reason: str) -> None:
        bad = np.asarray(bad)
        if bad.any():
            raise IngestError(f"{self._place(rows, bad, np.asarray(values), name)} {reason}")

    def _place(self, rows: Rows, where: np.ndarray, values: np.ndarray, name: str | None = None) -> str:
        at = int(np.argmax(where))
        column, value = name or self.ra, float(values[at])
        if self.radians is not None:
            column = self.radians[0] if column == self.ra else self.radians[1]
            return f"{rows.label}: column {column!r}, row {rows.first + at}: {value:.10g} degrees"
        return f"{rows.label}: column {column!r}, row {rows.first + at}: {value:.10g}"


def _numbers(values: pa.Array) -> np.ndarray:
    return np.asarray(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False))
