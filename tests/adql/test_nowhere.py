"""Rows whose position is none, or infinite: nothing is near them, and they are far from nothing."""

import numpy as np
import pytest

from sciplat.adql import Catalog, TableSource, translate
from sciplat.vo.schema import Column, Datatype, Table

WILD = Table(
    "TAP_UPLOAD",
    "wild",
    (
        Column("i", Datatype.LONG),
        Column("ra", Datatype.DOUBLE, unit="deg"),
        Column("dec", Datatype.DOUBLE, unit="deg"),
        Column("radius", Datatype.DOUBLE),
        Column("place", Datatype.DOUBLE, "2", xtype="point"),
        Column("shape", Datatype.DOUBLE, "*", xtype="polygon"),
        Column("_healpix_29", Datatype.LONG, hidden=True),
    ),
    rows=8,
)
HERE, THERE = 0, 1
"""The rows that lie on the sky: one in each region below, and one far from them."""

NONE = [
    (None, None),
    (np.inf, 1.0),
    (1.0, -np.inf),
    (np.nan, 1.0),
    (1.0, np.nan),
    (-np.inf, np.inf),
    (1.0, -999.0),
    (1e12, 1.0),
]
SQUARE = [0.0, 0.0, 2.0, 0.0, 2.0, 2.0, 0.0, 2.0]


@pytest.fixture(scope="module")
def wild(connection):
    rows = [(1.0, 1.0), (200.0, -40.0), *NONE]
    connection.execute(
        'CREATE OR REPLACE TABLE wild (i BIGINT, ra DOUBLE, "dec" DOUBLE, "radius" DOUBLE, place DOUBLE[2], '
        'shape DOUBLE[], "_healpix_29" BIGINT)'
    )
    connection.executemany(
        "INSERT INTO wild VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (i, ra, dec, 0.5 if i < 2 else ra, [ra, dec], shape(ra, dec), None)
            for i, (ra, dec) in enumerate(rows)
        ],
    )

    def run(text):
        catalog = Catalog([TableSource(WILD, ("memory", "main", "wild"), is_checked=False)])
        return connection.execute(translate(text, catalog).sql).fetchall()

    yield run
    connection.execute("DROP TABLE wild")


def shape(ra, dec):
    return [v for a, d in ((0, 0), (1, 0), (0, 1)) for v in (ra and ra + a, dec and dec + d)]


REGIONS = [
    "CONTAINS({point}, CIRCLE(1, 1, 2)) = 1",
    "CONTAINS({point}, POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) = 1",
    "CONTAINS({point}, POLYGON(0, 0, 3, 0, 1.5, 0.5, 3, 3, 0, 3)) = 1",
    "CONTAINS({point}, BOX(1, 1, 3, 3)) = 1",
    "INTERSECTS(CIRCLE({point}, 0.1), POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) = 1",
    "INTERSECTS(CIRCLE({point}, 0.1), CIRCLE(1, 1, 1)) = 1",
    "CONTAINS(CIRCLE({point}, 0.1), POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) = 1",
    "CONTAINS(CIRCLE({point}, 0.1), CIRCLE(1, 1, 1)) = 1",
    "CONTAINS({point}, MOC(6, CIRCLE(1, 1, 2))) = 1",
    "DISTANCE({point}, POINT(1, 1)) < 2",
    "DISTANCE({point}, POINT(1, 1)) + 0 < 2",
    "CONTAINS({point}, ivo_geom_transform('FK5', 'ICRS', CIRCLE(1, 1, 2))) = 1",
    "CONTAINS(ivo_geom_transform('FK5', 'ICRS', {point}), POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) = 1",
    "CONTAINS(ivo_epoch_prop_pos(ra, dec, 1, 1, 1, 0, 2000, 2001), POLYGON(0, 0, 3, 0, 3, 3, 0, 3)) = 1",
]


@pytest.mark.parametrize("point", ["POINT(ra, dec)", "place", "POINT(ra + 0, dec)"])
@pytest.mark.parametrize("region", REGIONS)
def test_a_position_that_is_none_is_neither_in_a_region_nor_out_of_it(wild, region, point):
    test = region.format(point=point)

    assert wild(f"SELECT i FROM wild WHERE {test}") == [(HERE,)]
    assert wild(f"SELECT i FROM wild WHERE NOT {test}") == [(THERE,)]


@pytest.mark.parametrize("point", ["POINT(ra, dec)", "place"])
def test_a_position_that_is_none_has_no_distance(wild, point):
    found = dict(wild(f"SELECT i, DISTANCE({point}, POINT(1, 1)) FROM wild"))

    assert found.pop(HERE) == 0
    assert found.pop(THERE) > 90
    assert set(found.values()) == {None}
    assert wild(f"SELECT i FROM wild WHERE DISTANCE({point}, POINT(1, 1)) > 2") == [(THERE,)]
    assert wild(f"SELECT DISTANCE({point}, place) FROM wild WHERE i = 0") == [(0.0,)]


def test_a_circle_whose_radius_is_none_holds_nothing_and_has_no_area(wild):
    contained = "CONTAINS(POINT(1, 1), CIRCLE(1, 1, {radius}))"

    for radius in ("radius", "radius + 0"):
        found = wild(f"SELECT i FROM wild WHERE 1 = {contained.format(radius=radius)} ORDER BY i")
        assert found == [(HERE,), (THERE,), (4,), (6,), (8,)]  # radii of 1 degree
    assert [area for (area,) in wild("SELECT AREA(CIRCLE(1, 1, radius)) FROM wild WHERE i IN (2, 3, 5)")] == [
        None, None, None
    ]  # fmt: skip


@pytest.mark.parametrize(
    "test",
    ["CONTAINS(POINT(1.2, 1.2), shape)", "INTERSECTS(shape, CIRCLE(1.2, 1.2, 0.1))",
     "INTERSECTS(shape, POLYGON(1, 1, 2, 1, 2, 2))", "CONTAINS(POINT(1.2, 1.2), BOX(ra, dec, 1, 1))"],
)  # fmt: skip
def test_a_polygon_with_a_corner_at_infinity_holds_nothing(wild, test):
    assert wild(f"SELECT i FROM wild WHERE {test} = 1") == [(HERE,)]


@pytest.mark.parametrize("join", ["JOIN", "LEFT JOIN"])
@pytest.mark.parametrize("radius", [0.5, 20])
def test_a_position_that_is_none_has_no_neighbours(wild, join, radius):
    pairs = wild(
        f"SELECT a.i, b.i, DISTANCE(a.ra, a.dec, b.ra, b.dec) FROM wild AS a {join} wild AS b "
        f"ON DISTANCE(a.ra, a.dec, b.ra, b.dec) < {radius} ORDER BY a.i"
    )
    alone = [(i, None, None) for i in range(2, 10)] if join == "LEFT JOIN" else []

    assert pairs == [(0, 0, 0.0), (1, 1, 0.0), *alone]


def test_the_position_of_a_catalog_is_looked_at_once(catalog):
    query = "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(60, -30, 1))"

    assert "CASE" not in translate(query, catalog).sql
