from __future__ import annotations

import astropy.units as u
import pytest
from astropy.io.votable.ucd import parse_ucd
from felis import Schema

from sciplat.demo import gaia, simwide_schema
from sciplat.demo.simwide import TABLES, simwide_source
from sciplat.demo.simwide_schema import DESCRIPTION, simwide_table
from sciplat.vo.schema import Table

TABLES_AND_GAIA = [*TABLES, "gaia_source"]


@pytest.fixture(scope="module")
def rubin() -> dict[str, dict[str, object]]:
    schema = Schema.from_uri("resource://lsst.sdm.schemas/dp1.yaml", context={"id_generation": True})
    return {table.name: {column.name: column for column in table.columns} for table in schema.tables}


def described(name: str) -> Table:
    return gaia.gaia_table() if name == "gaia_source" else simwide_table(name)


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_rubins_with_their_units_types_and_descriptions(name: str, rubin) -> None:
    for column in simwide_table(name).columns:
        theirs = rubin[name][column.name]
        assert column.unit == (theirs.fits_tunit or theirs.ivoa_unit)
        assert column.description == " ".join(theirs.description.split())
        if (name, column.name) == ("Source", "detector"):  # as wide as where its key leads
            assert (theirs.datatype.value, column.datatype) == ("int", "long")
            continue
        assert column.datatype in (theirs.datatype.value, "char" if column.xtype == "timestamp" else None)


@pytest.mark.parametrize("name", TABLES_AND_GAIA)
def test_every_ucd_and_unit_is_in_the_standards_vocabulary(name: str) -> None:
    for column in described(name).columns:
        if column.ucd is not None:
            parse_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=False)
        if column.unit is not None:
            u.Unit(column.unit, format="vounit")


@pytest.mark.parametrize("name", TABLES_AND_GAIA)
def test_almost_every_column_has_a_ucd(name: str) -> None:
    columns = described(name).columns

    assert sum(column.ucd is not None for column in columns) >= 0.85 * len(columns)


def test_words_of_the_spectrum_stand_after_those_of_photometry() -> None:
    columns = simwide_table("Object")

    assert columns.column("g_psfFlux").ucd == "phot.flux.density;em.opt.B"
    assert columns.column("g_psfMagErr").ucd == "stat.error;phot.mag;em.opt.B"
    assert columns.column("y").ucd == "pos.cartesian.y;instr.det"


@pytest.mark.parametrize("name", TABLES_AND_GAIA)
def test_exactly_one_pair_of_columns_is_the_main_position(name: str) -> None:
    table = described(name)
    main = [c.name for c in table.columns if c.ucd in ("pos.eq.ra;meta.main", "pos.eq.dec;meta.main")]

    assert tuple(main) == table.position


@pytest.mark.parametrize("name", TABLES)
def test_keys_point_at_primary_keys_of_tables_that_exist(name: str) -> None:
    table = simwide_table(name)
    for key in table.keys:
        target = simwide_table(key.target_table.removeprefix("simwide."))
        assert {there for _, there in key.columns} <= set(target.primary_key)
        assert all(table.column(here).indexed for here, _ in key.columns)


@pytest.mark.parametrize("name", TABLES)
def test_rows_have_the_columns_that_the_table_promises(name: str) -> None:
    source = simwide_source(name)
    first = next(source.batches())

    assert first.schema == source.schema
    assert tuple(first.schema.names) == tuple(column.name for column in simwide_table(name).columns)


def test_descriptions_say_that_nothing_was_observed() -> None:
    assert "SIMULATED" in DESCRIPTION
    for name in simwide_schema.COLUMNS:
        description = simwide_table(name).description
        assert description is not None
        assert "SIMULATED: drawn from a model of the sky, not measured from images." in description
        assert not description.startswith("SIMULATED")  # lists show how a description begins
