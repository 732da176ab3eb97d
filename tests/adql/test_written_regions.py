"""Regions that are texts in a table, as ObsCore's ``s_region`` is: they are worked with as what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError, UsageError
from sciplat.services.discover import discovery
from sciplat.services.obscore import obscore_rows, obscore_table


def row(name, ra, dec, size=0.5, **facts):
    corners = [ra - size, dec - size, ra + size, dec - size, ra + size, dec + size, ra - size, dec + size]
    corners = [value % 360 if place % 2 == 0 else value for place, value in enumerate(corners)]
    return {
        "obs_id": name,
        "obs_publisher_did": f"ivo://sciplat/dr1?{name}",
        "dataproduct_type": "image",
        "calib_level": 2,
        "s_ra": ra,
        "s_dec": dec,
        "s_fov": 3 * size,
        "s_region": f"POLYGON ICRS {' '.join(map(str, corners))}",
        "_s_region": corners,
        **facts,
    }


ROWS = [
    row("zero", 0.0, 0.0, em_min=4e-7, em_max=5.5e-7, t_min=60000.0, t_max=60000.1, lsst_band="g"),
    row("near", 1.2, 0.0, em_min=5.4e-7, em_max=7e-7, t_min=60001.0, t_max=60001.1, pol_states="/I/Q/"),
    row("south", 180.0, -60.0, target_name="it's"),
    {"obs_id": "nowhere", "obs_publisher_did": "ivo://sciplat/dr1?nowhere", "dataproduct_type": "image"},
]


@pytest.fixture(scope="module")
def ask(connection):
    rows = obscore_rows("dr1", ROWS)
    connection.register("rows_in", rows)
    connection.execute("CREATE OR REPLACE TABLE obscore AS SELECT * FROM rows_in")
    connection.unregister("rows_in")
    table = replace(obscore_table(), rows=len(ROWS))
    catalog = Catalog([TableSource(table, ("memory", "main", "obscore"))])

    def run(text: str) -> list[str]:
        text = text.replace("SELECT *", "SELECT obs_id")
        return sorted(name for (name,) in connection.execute(translate(text, catalog).sql).fetchall())

    yield run
    connection.execute("DROP TABLE obscore")


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("1 = CONTAINS(POINT(0.4, 0.4), s_region)", ["zero"]),
        ("1 = CONTAINS(POINT(359.7, 0.4), s_region)", ["zero"]),
        ("1 = INTERSECTS(CIRCLE(0.6, 0, 0.11), s_region)", ["near", "zero"]),
        ("1 = INTERSECTS(s_region, CIRCLE(0.6, 0, 0.05))", []),
        ("1 = CONTAINS(s_region, CIRCLE(0, 0, 1))", ["zero"]),
        ("1 = INTERSECTS(s_region, POLYGON(179, -61, 181, -61, 180, -59))", ["south"]),
        ("1 = CONTAINS(POINT(s_ra, s_dec), s_region)", ["near", "south", "zero"]),
        ("AREA(s_region) > 0.6", ["near", "zero"]),
        ("s_region IS NULL", ["nowhere"]),
        ("s_region LIKE 'POLYGON ICRS 179.5%'", ["south"]),
    ],
)
def test_a_region_that_is_a_text_is_a_region_and_a_text(ask, test, found):
    assert ask(f"SELECT * FROM ivoa.ObsCore WHERE {test}") == found


def test_images_meet_the_places_of_others(ask):
    pairs = ask(
        "SELECT a.obs_id FROM ivoa.ObsCore AS a JOIN ivoa.ObsCore AS b "
        "ON 1 = INTERSECTS(a.s_region, CIRCLE(b.s_ra, b.s_dec, 0.8)) WHERE a.obs_id <> b.obs_id"
    )

    assert pairs == ["near", "zero"]


def test_a_region_from_a_query_in_from_is_refused_with_a_way_on(ask):
    with pytest.raises(ADQLError, match="use it where its table stands in FROM"):
        ask(
            "SELECT obs_id FROM (SELECT obs_id, s_region FROM ivoa.ObsCore) AS q "
            "WHERE 1 = CONTAINS(POINT(0, 0), q.s_region)"
        )


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["near", "nowhere", "south", "zero"]),
        ({"POS": ["CIRCLE 0 0 0.1"]}, ["zero"]),
        ({"POS": ["CIRCLE 0 0 0.1", "POLYGON 179 -61 181 -61 180 -59"]}, ["south", "zero"]),
        ({"POS": ["RANGE 1.5 2 -1 1"]}, ["near"]),
        ({"POS": ["RANGE 359 1 -90 90"]}, ["near", "zero"]),
        ({"POS": ["RANGE 0 360 -90 0"]}, ["near", "south", "zero"]),
        ({"POS": ["RANGE -Inf +Inf -Inf -50"]}, ["south"]),
        ({"POS": ["RANGE 170 190 -90 -60"]}, ["south"]),
        ({"POS": ["RANGE 10 350 -90 90"]}, ["south"]),
        ({"POS": ["RANGE 1.6 359 -90 90"]}, ["near", "south"]),
        ({"POS": ["RANGE 2 359.6 -90 90"]}, ["south", "zero"]),
        pytest.param({"POS": ["RANGE 100 260 -89 89"]}, ["south"], marks=pytest.mark.slow),
        pytest.param({"POS": ["RANGE 1.6 180 -90 90"]}, ["near", "south"], marks=pytest.mark.slow),
        pytest.param({"POS": ["RANGE 10 350 -61 80"]}, ["south"], marks=pytest.mark.slow),
        ({"BAND": ["5e-7"]}, ["zero"]),
        ({"BAND": ["5.45e-7 6e-7"]}, ["near", "zero"]),
        ({"BAND": ["6e-7 +Inf"]}, ["near"]),
        ({"BAND": ["-Inf +Inf"]}, ["near", "zero"]),
        ({"TIME": ["60000.05 60000.06"], "BAND": ["5e-7"]}, ["zero"]),
        ({"TIME": ["60000.05"], "BAND": ["6e-7"]}, []),
        ({"ID": ["IVO://sciplat/dr1?near"]}, ["near"]),
        ({"TARGET": ["it's"]}, ["south"]),
        ({"CALIB": ["2", "3"], "DPTYPE": ["image"], "COLLECTION": ["dr1"]}, []),
        ({"CALIB": ["2"], "DPTYPE": ["image"]}, ["near", "south", "zero"]),
        ({"POL": ["Q"]}, ["near"]),
    ],
)
def test_images_are_discovered_by_each_parameter(ask, parameters, found):
    assert ask(discovery(parameters).adql) == found


meridians = st.one_of(st.floats(0, 360), st.sampled_from([0.0, 0.1, 10.0, 180.0, 359.9, 360.0]))
parallels = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 45.0, 90.0]))


@settings(max_examples=examples(60))
@given(west=meridians, east=meridians, dec=st.tuples(parallels, parallels))
def test_any_range_that_has_an_extent_is_a_query(west, east, dec):
    south, north = sorted(dec)
    width = 360.0 if east - west >= 360 else (east - west) % 360
    assume(min(width, north - south) >= 1e-6)

    query = discovery({"POS": [f"RANGE {west!r} {east!r} {south!r} {north!r}"]})

    translate(query.adql, Catalog([TableSource(obscore_table(), ("memory", "main", "obscore"))]))


@pytest.mark.parametrize("place", ["10 350 -90 90", "10 350 -80 80", "0 200 -80 80", "1 180 -90 90"])
def test_wide_ranges_are_few_regions(place):
    query = discovery({"POS": [f"RANGE {place}"]}).adql

    assert query.count("INTERSECTS") + query.count("CONTAINS") <= 8
    sql = translate(query, Catalog([TableSource(obscore_table(), ("memory", "main", "obscore"))])).sql
    assert len(sql) < 90_000


@pytest.mark.parametrize("place", ["1 1 2 3", "1 2 3 3", "1 2 0 1e-50"])
def test_a_range_without_extent_is_refused_in_its_own_words(place):
    with pytest.raises(UsageError, match="RANGE has no extent"):
        discovery({"POS": [f"RANGE {place}"]})
