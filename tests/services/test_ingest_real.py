"""Real catalogs, as astronomers have them."""

from __future__ import annotations

import itertools
import warnings

import duckdb
import pytest

pytestmark = pytest.mark.slow


def ask(path, sql):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_hipparcos_is_understood(service, store, shared_data):
    (path,) = (shared_data / "catalog_hipparcos_kstars").glob("*.parquet")

    report = service.ingest("real", "hipparcos", [path])

    assert report.rows == 125_982
    assert report.table.position == ("ra", "dec")
    units = {column.name: column.unit for column in report.table.columns}
    assert (units["parallax"], units["pmra"], units["vmag"]) == ("mas", "mas/yr", "mag")
    ((ra, dec),) = ask(
        store.snapshot().file("real", "hipparcos"), "SELECT ra, dec FROM data ORDER BY vmag LIMIT 1"
    )
    assert (ra, dec) == pytest.approx((101.287, -16.716), abs=0.01), "the brightest is Sirius"


@pytest.mark.parametrize(("file", "rows"), [("ps1_pv3_189648.fits", 17_375), ("gaia_dr2_189648.fits", 2_977)])
def test_reference_catalogs_in_radians_get_degrees(service, store, shared_data, file, rows):
    report = service.ingest("refcat", "shard", [shared_data / "catalog_ps1_gaia" / file])

    assert (report.rows, report.null_positions) == (rows, 0)
    assert report.table.primary_key == ("id",)
    sql = "SELECT min(ra), max(ra), min(dec), max(dec), max(abs(radians(ra) - coord_ra)) FROM data"
    ((low, high, south, north, apart),) = ask(store.snapshot().file("refcat", "shard"), sql)
    assert 320.4 < low < high < 321.2
    assert -0.8 < south < north < 0.01
    assert apart < 1e-12


@pytest.mark.parametrize("file", ["sweep-330m005-340p000.fits", "tractor-3303p000.fits"])
def test_wide_tables_with_arrays_are_taken(service, store, shared_data, file):
    report = service.ingest("ls", "rows", [shared_data / "catalog_legacysurvey" / file])

    assert report.rows == 6
    assert len(report.table.columns) == 97
    sql = "SELECT typeof(DCHISQ), typeof(GAIA_ASTROMETRIC_PARAMS_SOLVED) FROM data LIMIT 1"
    assert ask(store.snapshot().file("ls", "rows"), sql) == [("FLOAT[5]", "SMALLINT")]


def test_two_files_of_rubins_alert_production_become_one_table(service, store, shared_data):
    paths = sorted((shared_data / "dia_hits2015").glob("*dia_source*"))

    report = service.ingest("hits", "DiaSource", paths)

    # Sources where two detectors overlap are in both files, so their id is no key.
    assert report.rows == 384
    assert report.table.primary_key == ()


def test_light_curves_are_kept_together(service, store, shared_data):
    path = shared_data / "lightcurves" / "s82_rrlyrae_lightcurves.parquet"

    service.ingest("s82", "epochs", [path])

    found = ask(store.snapshot().file("s82", "epochs"), "SELECT object_id FROM data")
    changes = sum(a != b for a, b in itertools.pairwise(found))
    assert changes + 1 == len(set(found)) == 322


@pytest.mark.slow
def test_tycho_is_ingested_within_twenty_seconds(service, store, shared_data):
    report = service.ingest(
        "real", "tycho2", [shared_data / "catalog_tycho2" / "tycho2_vt_dec_ge_m25.parquet"]
    )

    assert report.rows == 1_258_726
    assert report.seconds < 20


@pytest.mark.slow
# LSDB and what it stands on (dask, distributed, pandas) warn of one another's coming changes.
@pytest.mark.filterwarnings("ignore")
def test_lsdb_opens_the_partitions_and_its_cone_is_ours(service, store, shared_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lsdb
        from hats.io.validation import is_valid_catalog
    (path,) = (shared_data / "catalog_hipparcos_kstars").glob("*.parquet")
    report = service.ingest("real", "hipparcos", [path])
    hats = store.folder / "real" / "hipparcos" / f"hats-g{report.generation:04d}"

    assert is_valid_catalog(hats, strict=True)
    cone = lsdb.open_catalog(hats).cone_search(56.75, 24.12, 3600).compute()

    sql = """SELECT ra, dec FROM data WHERE 2 * asin(sqrt(sin(radians(dec - 24.12) / 2) ** 2
             + cos(radians(dec)) * cos(radians(24.12)) * sin(radians(ra - 56.75) / 2) ** 2)) < radians(1)"""
    ours = ask(store.snapshot().file("real", "hipparcos"), sql)
    assert len(ours) > 10, "the Pleiades are there"
    assert sorted(zip(cone["ra"], cone["dec"], strict=True)) == sorted(ours)
