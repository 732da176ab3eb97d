"""MOCs in a query, against mocpy."""

import astropy.units as u
import duckdb
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from mocpy import MOC

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError
from sciplat.sky import Circle, Position
from sciplat.sky.moc import Moc
from sciplat.vo.schema import Column, Datatype, Table

FEW = "4/34 37-40 1720-1800 6/20000-21000"
MANY = Moc.of(Circle(Position(60, -30), 1.3), 11).text


def _places(sky):
    return SkyCoord(sky["coord_ra"], sky["coord_dec"], unit="deg")


@pytest.mark.parametrize("text", [FEW, MANY, "0/0-11", "29/"])
def test_a_moc_holds_the_rows_in_its_cells(run, sky, text):
    expected = sky["objectId"][MOC.from_string(text).contains_skycoords(_places(sky))]

    for point in ("POINT(coord_ra, coord_dec)", "POINT(coord_ra + 360, coord_dec)"):
        for condition in (f"1 = CONTAINS({point}, MOC('{text}'))", f"INTERSECTS(MOC('{text}'), {point}) = 1"):
            found = run(f"SELECT objectId FROM Object WHERE {condition}")
            assert sorted(row[0] for row in found) == sorted(expected.tolist())


def test_the_many_cells_of_a_moc_are_looked_up_behind_a_few_ranges(catalog):
    sql = translate(
        f"SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), MOC('{MANY}'))", catalog
    ).sql

    assert len(Moc.parse(MANY).ranges) > 64
    assert 0 < sql.count("BETWEEN") <= 9  # with the one from the first to the last


def test_a_region_may_be_made_into_a_moc(run, sky):
    region = "MOC(9, CIRCLE(60, -30, 1))"
    rows = run(f"SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), {region})")

    cone = _places(sky).separation(SkyCoord(60, -30, unit="deg"))
    found = {row[0] for row in rows}
    assert set(sky["objectId"][cone < 1 * u.deg].tolist()) <= found
    assert found <= set(sky["objectId"][cone < 1.2 * u.deg].tolist())
    one = run(f"SELECT {region} AS m, AREA({region}) AS a FROM TAP_UPLOAD.targets")[0]
    assert one[1] == pytest.approx(MOC.from_string(one[0]).sky_fraction * 41252.96124941927)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("INTERSECTS(MOC('4/34'), MOC('5/136'))", 1),
        ("INTERSECTS(MOC('4/34'), MOC('5/140'))", 0),
        ("CONTAINS(MOC('5/136'), MOC('4/34'))", 1),
        ("CONTAINS(MOC('4/34'), MOC('5/136'))", 0),
        ("INTERSECTS(CIRCLE(60, -30, 1), MOC(8, CIRCLE(61.5, -30, 1)))", 1),
        ("INTERSECTS(MOC(8, CIRCLE(70, -30, 1)), CIRCLE(60, -30, 1))", 0),
        ("CONTAINS(CIRCLE(60, -30, 1), MOC(8, CIRCLE(60, -30, 1)))", 1),
        ("CONTAINS(CIRCLE(60, -30, 2), MOC(8, CIRCLE(60, -30, 1)))", 0),
        ("CONTAINS(MOC(8, CIRCLE(60, -30, 1)), CIRCLE(60, -30, 2))", 1),
        ("CONTAINS(MOC(8, CIRCLE(60, -30, 1)), BOX(60, -30, 1, 1))", 0),
        ("CONTAINS(POINT(60, -30), MOC(8, CIRCLE(60, -30, 1)))", 1),
    ],
)
def test_constant_regions_and_mocs_are_compared(run, test, expected):
    assert run(f"SELECT {test} AS a FROM TAP_UPLOAD.targets")[0] == (expected,)


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("MOC('4/9999')", "0 to 3071"),
        ("MOC(40, CIRCLE(1, 2, 3))", "0 to 29"),
        ("MOC(20, CIRCLE(1, 2, 30))", "lower order"),
        ("MOC(4, CIRCLE(coord_ra, 2, 3))", "same for all rows"),
        ("MOC(4, POINT(1, 2))", "circle or polygon"),
    ],
)
def test_what_is_no_moc_is_refused_at_its_place(run, region, words):
    with pytest.raises(ADQLError, match=words):
        run(f"SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), {region})")


def test_a_region_of_a_row_is_not_compared_with_a_moc(run):
    for test in (
        "INTERSECTS(CIRCLE(coord_ra, 2, 3), MOC('3/4'))",
        "CONTAINS(MOC('3/4'), CIRCLE(coord_ra, 2, 3))",
    ):
        with pytest.raises(ADQLError, match=r"same for all rows\. ADQL 2\.1 .*<geometry_value_function>"):
            run(f"SELECT objectId FROM Object WHERE 1 = {test}")


def test_a_column_of_mocs_is_searched_by_position():
    columns = (Column("i", Datatype.INT), Column("coverage", Datatype.CHAR, "*", xtype="moc"))
    table = Table("reg", "Resource", columns, rows=6)
    texts = [FEW, MANY, "0/0-11", "29/", "", "t61/1 2 s4/34 37-40", None, "nonsense"]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE resource (i INTEGER, coverage VARCHAR)")
    connection.executemany("INSERT INTO resource VALUES (?, ?)", list(enumerate(texts)))
    catalog = Catalog([TableSource(table, ("memory", "main", "resource"))])
    rng = np.random.default_rng(4)
    for ra, dec in [
        (60, -30),
        (60.5, -30.9),
        *zip(rng.uniform(0, 360, 12), rng.uniform(-89, 89, 12), strict=True),
    ]:
        query = f"SELECT i FROM Resource WHERE 1 = CONTAINS(POINT({ra}, {dec}), coverage)"

        found = {row[0] for row in connection.execute(translate(query, catalog).sql).fetchall()}

        place = SkyCoord(ra, dec, unit="deg")
        expected = {i for i in range(3) if MOC.from_string(texts[i]).contains_skycoords(place)[0]}
        if MOC.from_string("4/34 37-40").contains_skycoords(place)[0]:
            expected.add(5)
        assert found == expected
    assert (
        translate("SELECT coverage FROM Resource WHERE coverage LIKE '4/%'", catalog).columns[0].xtype
        == "moc"
    )


def test_the_area_of_a_column_of_mocs_is_that_of_its_cells():
    columns = (Column("i", Datatype.INT), Column("coverage", Datatype.CHAR, "*", xtype="moc"))
    source = TableSource(Table("obs", "plan", columns), ("memory", "main", "plan"))
    texts = [FEW, MANY, "0/0-11", "29/", "", "29/7", "4/1 2,3", None, "no moc"]
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE plan (i INTEGER, coverage VARCHAR)")
        engine.executemany("INSERT INTO plan VALUES (?, ?)", list(enumerate(texts)))
        sql = translate("SELECT AREA(coverage) FROM obs.plan ORDER BY i", Catalog([source])).sql
        found = [area for (area,) in engine.execute(sql).fetchall()]

    expected = [Moc.parse(text).area for text in texts[:-2]]
    assert found[:-2] == pytest.approx(expected, rel=1e-12)
    assert found[-2:] == [None, 0]
