from __future__ import annotations

import pytest
from astropy import units
from astropy.io.votable.ucd import parse_ucd

from sciplat.errors import IngestError
from sciplat.tables.guess import guess
from sciplat.vo.schema import Column, Datatype

D = Datatype.DOUBLE
L = Datatype.LONG


def columns(*names: str, unit: str | None = None, datatype: Datatype = D) -> list[Column]:
    return [Column(name, datatype, unit=unit) for name in names]


def described(*found: Column, table: str = "stars") -> dict[str, Column]:
    return {column.name: column for column in guess(table, found).columns}


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("ra", "dec"),
        ("RA", "DEC"),
        ("RAJ2000", "DEJ2000"),
        ("coord_ra", "coord_dec"),
        ("_RA", "_DE"),
        ("RA_ICRS", "DE_ICRS"),
    ],
)
def test_positions_are_found_by_name(ra, dec):
    found = guess("stars", columns("mag", ra, dec))

    assert found.position == (ra, dec)
    assert [(c.unit, c.ucd) for c in found.columns[1:]] == [
        ("deg", "pos.eq.ra;meta.main"),
        ("deg", "pos.eq.dec;meta.main"),
    ]


def test_ucds_count_more_than_names():
    other = (Column("alpha", D, ucd="POS_EQ_RA_MAIN"), Column("delta", D, ucd="pos.eq.dec;meta.main"))

    assert guess("stars", [*columns("ra", "dec"), *other]).position == ("alpha", "delta")


def test_hours_and_text_are_no_positions():
    assert guess("stars", columns("ra", "dec", unit="h")).position is None
    assert guess("stars", columns("ra", "dec", datatype=Datatype.CHAR)).position is None


def test_a_position_in_radians_gets_degrees_beside():
    found = guess("stars", columns("coord_ra", "coord_dec", unit="rad"))

    assert found.position == ("ra", "dec")
    assert found.radians == ("coord_ra", "coord_dec")
    assert [(c.name, c.unit, c.ucd) for c in found.columns] == [
        ("coord_ra", "rad", "pos.eq.ra"),
        ("coord_dec", "rad", "pos.eq.dec"),
        ("ra", "deg", "pos.eq.ra;meta.main"),
        ("dec", "deg", "pos.eq.dec;meta.main"),
    ]


def test_the_added_degrees_take_no_name_that_is_there():
    found = guess("stars", [*columns("coord_ra", "coord_dec", unit="rad"), *columns("Ra", unit="h")])

    assert found.position == ("ra_deg", "dec_deg")


def test_a_chosen_position_of_text_is_refused():
    with pytest.raises(IngestError, match="sexagesimal text is not supported"):
        guess("stars", columns("ra", "dec", datatype=Datatype.CHAR), ("ra", "dec"))


def test_a_chosen_position_that_is_missing_is_named():
    with pytest.raises(IngestError, match="'delta' is to be a position, but there is no such column"):
        guess("stars", columns("alpha", "x"), ("alpha", "delta"))


def test_units_and_ucds_of_well_known_names():
    found = described(
        *columns("parallax", "pmra", "e_pmra", "parallax_error", "vmag", "phot_g_mean_mag", "psfFluxErr")
    )

    assert {name: (c.unit, c.ucd) for name, c in found.items()} == {
        "parallax": ("mas", "pos.parallax.trig"),
        "pmra": ("mas/yr", "pos.pm;pos.eq.ra"),
        "e_pmra": ("mas/yr", "stat.error;pos.pm;pos.eq.ra"),
        "parallax_error": ("mas", "stat.error;pos.parallax.trig"),
        "vmag": ("mag", "phot.mag;em.opt.V"),
        "phot_g_mean_mag": ("mag", "phot.mag;em.opt"),
        "psfFluxErr": ("nJy", "stat.error;phot.flux;em.opt"),
    }


def test_what_is_known_is_not_guessed():
    given = Column("parallax", D, unit="arcsec", ucd="pos.parallax")

    assert described(given)["parallax"] == given


@pytest.mark.parametrize("name", ["image", "damage", "diameter", "z", "flux", "b", "terror"])
def test_ambiguous_names_are_left_alone(name):
    assert described(*columns(name))[name] == Column(name, D)


def test_every_guess_is_a_valid_unit_and_ucd():
    names = [f"{band}mag" for band in "ugrizybvjhk"] + [
        "ksmag",
        "mag_r",
        "r_flux",
        "flux_i",
        "r_psfFlux",
        "vt",
        "bv",
    ]
    names += ["pmdec", "radial_velocity", "mjd", "phot_bp_mean_flux", "zphot", "zspec", "mag", "e_vmag"]

    for column in described(*columns(*names)).values():
        assert parse_ucd(column.ucd, check_controlled_vocabulary=True, has_colon=True)
        units.Unit(column.unit or "")


def test_ids_are_ranked():
    found = guess("Source", columns("parentSourceId", "objectId", "sourceId", "visit", datatype=L))

    assert found.ids == ("sourceId", "objectId", "parentSourceId")


def test_many_rows_of_one_object_are_a_series():
    made = [*columns("objectId", "forcedSourceId", datatype=L), *columns("midpointMjdTai")]

    assert guess("ForcedSource", made).series == ("objectId", "midpointMjdTai")
    assert guess("Object", made).series == ()
