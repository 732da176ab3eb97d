"""A small sky in a real engine: 4000 objects all over, dense around two places and at the poles."""

import duckdb
import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude
from cdshealpix import lonlat_to_healpix

from sciplat.adql import Catalog, RowFilter, TableSource, translate
from sciplat.vo.schema import Column, Datatype, Table

D = Datatype


def _positions():
    rng = np.random.default_rng(20250630)
    ra = rng.uniform(0, 360, 2500)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 2500)))
    groups = [(ra, dec)]
    groups += [
        (centre_ra + rng.normal(0, 0.3, 500), centre_dec + rng.normal(0, 0.3, 500))
        for centre_ra, centre_dec in ((60.0, -30.0), (0.0, 0.0))
    ]
    groups += [(rng.uniform(0, 360, 250), pole * (90 - np.abs(rng.normal(0, 0.5, 250)))) for pole in (1, -1)]
    ra, dec = (np.concatenate([group[k] for group in groups]) for k in (0, 1))
    return ra % 360, dec


@pytest.fixture(scope="session")
def sky():
    """Columns of the table `Object` as arrays, in order of their cells."""
    ra, dec = _positions()
    pixels = lonlat_to_healpix(Longitude(ra, "deg"), Latitude(dec, "deg"), 29).astype(np.int64)
    order = np.argsort(pixels)
    rng = np.random.default_rng(1)
    n = len(ra)
    flux = rng.normal(100, 80, n)
    return {
        "objectId": np.arange(n, dtype=np.int64) + 1000,
        "coord_ra": ra[order],
        "coord_dec": dec[order],
        "r_psfFlux": flux,
        "r_psfFluxErr": rng.uniform(1, 5, n),
        "n": (np.arange(n) % 7 - 3).astype(np.int16),
        "band": np.array(["g", "r", "i"])[np.arange(n) % 3],
        "flag": np.arange(n) % 5 == 0,
        "_healpix_29": pixels[order],
    }


OBJECT = Table(
    "dp1",
    "Object",
    (
        Column("objectId", D.LONG, ucd="meta.id", description="Which object"),
        Column("coord_ra", D.DOUBLE, unit="deg", ucd="pos.eq.ra"),
        Column("coord_dec", D.DOUBLE, unit="deg", ucd="pos.eq.dec"),
        Column("r_psfFlux", D.DOUBLE, unit="nJy", ucd="phot.flux"),
        Column("r_psfFluxErr", D.DOUBLE, unit="nJy"),
        Column("n", D.SHORT),
        Column("band", D.CHAR, "*"),
        Column("flag", D.BOOLEAN),
        Column("_healpix_29", D.LONG, hidden=True),
    ),
    primary_key=("objectId",),
    position=("coord_ra", "coord_dec"),
    rows=4000,
)
FORCED = Table(
    "dp1",
    "ForcedSource",
    (
        Column("objectId", D.LONG),
        Column("visit", D.INT),
        Column("psfFlux", D.DOUBLE, unit="nJy"),
    ),
    rows=3000,
)
UPLOAD = Table(
    "TAP_UPLOAD",
    "targets",
    (Column("name", D.CHAR, "*"), Column("ra", D.DOUBLE), Column("dec", D.DOUBLE), Column("size", D.DOUBLE)),
    rows=6,
)
TABLES = Table(
    "TAP_SCHEMA",
    "tables",
    (
        Column("schema_name", D.CHAR, "*"),
        Column("table_name", D.CHAR, "*"),
        Column("_schema", D.CHAR, "*", hidden=True),
    ),
)
ODD = Table(
    "odd",
    "Odd Names",
    (
        Column("ra", D.DOUBLE),
        Column("select", D.INT),
        Column('a"b', D.INT),
        Column("when", D.CHAR, "*", xtype="timestamp"),
        Column("place", D.DOUBLE, "2", xtype="point"),
        Column("disc", D.DOUBLE, "3", xtype="circle"),
        Column("shape", D.DOUBLE, "*", xtype="polygon"),
    ),
)


@pytest.fixture(scope="session")
def catalog():
    return Catalog(
        [
            TableSource(OBJECT, ("memory", "main", "object_g1")),
            TableSource(FORCED, ("memory", "main", "forced_g1")),
            TableSource(UPLOAD, ("memory", "main", "upload")),
            TableSource(
                TABLES,
                ("memory", "main", "tap_tables"),
                RowFilter("_schema", frozenset({"dp1", "TAP_SCHEMA"})),
            ),
            TableSource(ODD, ("memory", "main", "odd")),
        ]
    )


@pytest.fixture(scope="session")
def connection(sky):
    import pyarrow as pa

    connection = duckdb.connect()
    rows = pa.table(sky)
    connection.register("rows_in", rows)
    connection.execute('CREATE TABLE object_g1 AS SELECT * FROM rows_in ORDER BY "_healpix_29"')
    connection.execute(
        'CREATE TABLE forced_g1 AS SELECT 1000 + (i % 1000) AS "objectId", CAST(i AS INTEGER) AS visit, '
        'i * 0.5e0 AS "psfFlux" FROM range(3000) t(i)'
    )
    connection.execute('CREATE TABLE upload (name VARCHAR, ra DOUBLE, "dec" DOUBLE, "size" DOUBLE)')
    connection.executemany(
        "INSERT INTO upload VALUES (?, ?, ?, ?)",
        [
            ("field", 60.0, -30.0, 0.2),
            ("seam", 0.0, 0.0, 0.1),
            ("north", 123.0, 89.9, 0.3),
            ("south", 300.0, -90.0, 0.3),
            ("nowhere", None, None, 0.1),
            ("nan", float("nan"), 0.0, 0.1),
        ],
    )
    connection.execute(
        "CREATE TABLE tap_tables AS SELECT * FROM (VALUES ('dp1', 'dp1.Object', 'dp1'), "
        "('secret', 'secret.Table', 'secret')) t(schema_name, table_name, _schema)"
    )
    connection.execute(
        'CREATE TABLE odd (ra DOUBLE, "select" INTEGER, "a""b" INTEGER, "when" TIMESTAMP, '
        "place DOUBLE[2], disc DOUBLE[3], shape DOUBLE[])"
    )
    connection.execute(
        "INSERT INTO odd VALUES (1, 3, 4, '2025-06-30 04:05:06', [60, -30], [60, -30, 1], "
        "[59, -31, 61, -31, 61, -29, 59, -29])"
    )
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def run(connection, catalog):
    """Translate a query and run it; return its rows as tuples."""

    def run(text, *, maxrec=None):
        translation = translate(text, catalog, maxrec=maxrec)
        result = connection.execute(translation.sql)
        assert len(result.description) == len(translation.columns)
        return result.fetchall()

    return run
