"""What the columns of a result mean, through expressions."""

import pytest

from sciplat.adql import translate

MEANINGS = [
    ("r_psfFlux * 2", "nJy", None),
    ("2 * r_psfFlux / 3", "nJy", None),
    ("r_psfFlux * r_psfFlux", "nJy**2", None),
    ("SQRT(r_psfFlux * r_psfFlux + POWER(r_psfFluxErr, 2))", "nJy", None),
    ("r_psfFlux / r_psfFluxErr", None, None),
    ("r_psfFlux / r_psfFluxErr * coord_ra", "deg", None),
    ("r_psfFlux / coord_ra", "nJy/deg", None),
    ("1 / r_psfFlux", "nJy**-1", None),
    ("1 / (r_psfFlux / 2)", "nJy**-1", None),
    ("r_psfFlux * n", None, None),
    ("r_psfFlux + n", None, None),
    ("coord_ra + 0.5", "deg", None),
    ("coord_ra - coord_dec", "deg", None),
    ("coord_ra - r_psfFlux", None, None),
    ("-coord_dec", "deg", None),
    ("ABS(coord_dec)", "deg", "pos.eq.dec"),
    ("ROUND(coord_dec, 2)", "deg", "pos.eq.dec"),
    ("MOD(coord_ra, 180)", "deg", None),
    ("RADIANS(coord_ra)", "rad", None),
    ("DEGREES(ATAN2(n, 2))", "deg", None),
    ("LOG10(r_psfFlux)", None, None),
    ("COALESCE(r_psfFlux, 0)", "nJy", "phot.flux"),
    ("COALESCE(r_psfFlux, r_psfFluxErr)", "nJy", None),
    ("COALESCE(r_psfFlux, coord_ra)", None, None),
    ("CASE WHEN n > 0 THEN r_psfFlux ELSE -99.9 END", "nJy", "phot.flux"),
    ("CASE WHEN n > 0 THEN r_psfFlux ELSE n END", None, None),
    ("CAST(coord_ra AS REAL)", "deg", "pos.eq.ra"),
    ("CAST(coord_ra AS VARCHAR)", None, None),
    ("IN_UNIT(coord_ra, 'arcsec')", "arcsec", "pos.eq.ra"),
    ("IN_UNIT(r_psfFlux * 2, 'uJy')", "uJy", None),
    ("IN_UNIT(IN_UNIT(coord_ra, 'arcsec') * 2, 'rad')", "rad", None),
    ("IN_UNIT(DISTANCE(coord_ra, coord_dec, 0, 0), 'arcsec')", "arcsec", "pos.angDistance"),
    ("scisql_nanojanskyToAbMag(r_psfFlux) - 20", "mag", None),
    ("PI() * coord_ra", "deg", None),
]
GROUPED = [
    ("MIN(r_psfFlux * 2)", "nJy", None),
    ("MIN(r_psfFlux)", "nJy", "phot.flux"),
    ("AVG(r_psfFlux)", "nJy", "phot.flux;stat.mean"),
    ("AVG(DISTINCT r_psfFlux)", "nJy", "phot.flux;stat.mean"),
    ("SUM(r_psfFlux) / COUNT(*)", "nJy", None),
    ("stddev(r_psfFlux)", "nJy", "stat.stdev"),
    ("COUNT(n)", None, "meta.number"),
    ("IN_UNIT(AVG(coord_ra), 'arcmin')", "arcmin", "pos.eq.ra;stat.mean"),
]


@pytest.mark.parametrize(("value", "unit", "ucd"), MEANINGS + GROUPED)
def test_an_expression_says_what_can_be_derived(catalog, value, unit, ucd):
    (column,) = translate(f"SELECT {value} AS x FROM Object", catalog).columns

    assert (column.unit, column.ucd) == (unit, ucd)


def test_units_go_through_subqueries_and_set_operations(catalog):
    (column,) = translate(
        "SELECT b * b AS x FROM (SELECT r_psfFlux * 2 AS b FROM Object) AS q", catalog
    ).columns
    assert column.unit == "nJy**2"

    union, except_ = (
        translate(f"SELECT r_psfFlux FROM Object {word} SELECT coord_ra FROM Object", catalog).columns[0]
        for word in ("UNION", "EXCEPT")
    )
    assert (union.unit, union.ucd) == (None, None)
    assert (except_.unit, except_.ucd) == ("nJy", "phot.flux")


def test_a_value_comes_in_the_unit_that_is_asked_for(run):
    where = "FROM Object WHERE objectId = 1000"
    ((ra, arcsec, back, flux, micro),) = run(
        "SELECT coord_ra, IN_UNIT(coord_ra, 'arcsec'), IN_UNIT(IN_UNIT(coord_ra, 'arcsec'), 'deg'), "
        f"r_psfFlux, IN_UNIT(r_psfFlux, 'uJy') {where}"
    )

    assert arcsec == ra * 3600
    assert back == pytest.approx(ra, rel=1e-15)
    assert micro == flux / 1000
    assert run(f"SELECT COUNT(*) {where} AND IN_UNIT(coord_ra, 'rad') > -1") == [(1,)]
    assert run("SELECT IN_UNIT(coord_ra, 'arcmin') AS m FROM Object GROUP BY IN_UNIT(coord_ra, 'arcmin') "
               "ORDER BY m OFFSET 3998")[0][0] > 0  # fmt: skip
