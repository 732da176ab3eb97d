"""Joins by position find just the pairs that brute force finds, and never look at all of them."""

from functools import cache

import numpy as np
import pytest

from sciplat.adql import translate


def _vectors(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


@pytest.fixture(scope="module")
def squares(sky):
    """The squares of the chords between all objects."""
    vectors = _vectors(sky["coord_ra"], sky["coord_dec"])
    return np.maximum(2 - 2 * vectors @ vectors.T, 0)


@pytest.fixture(scope="module")
def pairs_within(sky, squares):
    ids = sky["objectId"]

    @cache
    def within(radius):
        left, right = np.nonzero(squares <= (2 * np.sin(np.radians(radius) / 2)) ** 2)
        apart = left != right
        return sorted(zip(ids[left[apart]].tolist(), ids[right[apart]].tolist(), strict=True))

    return within


NEAR = "1 = CONTAINS(POINT(b.coord_ra, b.coord_dec), CIRCLE(a.coord_ra, a.coord_dec, {radius}))"
DISTANCE = "DISTANCE(POINT(a.coord_ra, a.coord_dec), POINT(b.coord_ra, b.coord_dec)) <= {radius}"
REVERSED = "{radius} >= DISTANCE(b.coord_ra, b.coord_dec, a.coord_ra, a.coord_dec)"
FORMS = [
    f"Object AS a JOIN Object AS b ON {NEAR} WHERE a.objectId <> b.objectId",
    f"Object AS a, Object AS b WHERE a.objectId <> b.objectId AND {NEAR}",
    f"Object AS a JOIN Object AS b ON a.objectId <> b.objectId AND {DISTANCE}",
    f"Object AS a JOIN Object AS b ON a.objectId <> b.objectId WHERE {REVERSED}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("radius", [0.01, 0.3, pytest.param(4.0, marks=pytest.mark.slow)])
def test_neighbours_are_those_of_brute_force(run, pairs_within, form, radius):
    expected = pairs_within(radius)

    found = run(f"SELECT a.objectId, b.objectId FROM {form.format(radius=radius)}")

    assert len(expected) > 10
    assert sorted(found) == expected


@pytest.mark.parametrize("form", FORMS)
def test_a_join_by_position_is_by_equal_cells(connection, catalog, form):
    sql = translate(f"SELECT COUNT(*) FROM {form.format(radius=0.01)}", catalog).sql

    plan = connection.execute(f"EXPLAIN {sql}").fetchall()[0][1]

    assert "Hash Join" in plan or "HASH_JOIN" in plan
    for slow in ("Nested Loop", "NESTED_LOOP", "Blockwise", "BLOCKWISE", "Cross Product", "CROSS_PRODUCT"):
        assert slow not in plan


@pytest.mark.parametrize("cone", [(60, -30, 0.3), (0, 0, 0.3), (10, 90, 0.4), (0, -90, 0.4)])
def test_a_constant_cone_on_one_side_cuts_the_other(run, catalog, sky, pairs_within, cone):
    ra, dec, radius = cone
    inside = np.degrees(
        2
        * np.arcsin(
            np.linalg.norm(_vectors(sky["coord_ra"], sky["coord_dec"]) - _vectors(ra, dec), axis=1) / 2
        )
    )
    near = dict(zip(sky["objectId"].tolist(), (inside <= radius).tolist(), strict=True))
    expected = [pair for pair in pairs_within(0.05) if near[pair[0]]]
    query = (
        f"SELECT a.objectId, b.objectId FROM {FORMS[0].format(radius=0.05)} AND "
        f"1 = CONTAINS(POINT(a.coord_ra, a.coord_dec), CIRCLE({ra}, {dec}, {radius}))"
    )

    found = run(query)

    assert len(expected) > 10
    assert sorted(found) == expected
    assert '"b"."_healpix_29" BETWEEN' in translate(query, catalog).sql


def _targets(sky, radius):
    expected = {}
    for name, ra, dec in (
        ("field", 60, -30),
        ("seam", 0, 0),
        ("north", 123, 89.9),
        ("south", 300, -90),
        ("nowhere", None, None),
        ("nan", None, None),
    ):
        if ra is None:
            expected[name] = []
            continue
        chord = np.linalg.norm(_vectors(sky["coord_ra"], sky["coord_dec"]) - _vectors(ra, dec), axis=1)
        expected[name] = sorted(sky["objectId"][np.degrees(2 * np.arcsin(chord / 2)) <= radius].tolist())
    return expected


def test_an_upload_meets_its_neighbours(run, sky):
    found = run(
        "SELECT t.name, o.objectId FROM TAP_UPLOAD.targets AS t JOIN dp1.Object AS o "
        "ON 1 = CONTAINS(POINT(o.coord_ra, o.coord_dec), CIRCLE(t.ra, t.dec, 0.1))"
    )

    for name, expected in _targets(sky, 0.1).items():
        assert sorted(i for n, i in found if n == name) == expected


def test_a_left_join_keeps_what_has_no_neighbour_once(run, sky):
    found = run(
        "SELECT t.name, o.objectId FROM TAP_UPLOAD.targets AS t LEFT JOIN dp1.Object AS o "
        "ON 1 = CONTAINS(POINT(o.coord_ra, o.coord_dec), CIRCLE(t.ra, t.dec, 0.1))"
    )

    for name, expected in _targets(sky, 0.1).items():
        assert sorted((i for n, i in found if n == name), key=str) == (expected or [None])


@pytest.mark.parametrize("side", ["RIGHT", "FULL"])
def test_other_outer_joins_are_right_too(run, sky, side):
    found = run(
        f"SELECT t.name, o.objectId FROM TAP_UPLOAD.targets AS t {side} JOIN dp1.Object AS o "
        "ON DISTANCE(POINT(o.coord_ra, o.coord_dec), POINT(t.ra, t.dec)) < 0.1"
    )

    expected = _targets(sky, 0.1)
    for name, ids in expected.items():
        without = [None] if side == "FULL" and not ids else []
        assert sorted((i for n, i in found if n == name), key=str) == (ids or without)
    met = {i for ids in expected.values() for i in ids}
    assert sorted(i for n, i in found if n is None) == sorted(set(sky["objectId"].tolist()) - met)


def test_radii_of_the_rows_own_are_right(run, sky):
    found = run(
        "SELECT t.name, o.objectId FROM TAP_UPLOAD.targets AS t JOIN dp1.Object AS o "
        'ON 1 = CONTAINS(POINT(o.coord_ra, o.coord_dec), CIRCLE(t.ra, t.dec, t."size"))'
    )

    assert sorted(i for n, i in found if n == "field") == _targets(sky, 0.2)["field"]


def test_three_tables_meet(run, sky):
    found = run(
        "SELECT t.name, COUNT(*) FROM TAP_UPLOAD.targets t JOIN Object o ON DISTANCE(POINT(t.ra, t.dec), "
        "POINT(o.coord_ra, o.coord_dec)) < 0.1 JOIN ForcedSource f ON f.objectId = o.objectId GROUP BY t.name"
    )

    expected = {name: 3 * sum(1 for i in ids if i < 2000) for name, ids in _targets(sky, 0.1).items()}
    assert dict(found) == {name: count for name, count in expected.items() if count}


def test_a_subquery_meets_its_neighbours(run, sky, pairs_within):
    found = run(
        "SELECT a.objectId, b.objectId FROM (SELECT objectId, coord_ra AS x, coord_dec AS y FROM Object "
        "WHERE n = 2) AS a JOIN Object AS b "
        "ON 1 = CONTAINS(POINT(b.coord_ra, b.coord_dec), CIRCLE(a.x, a.y, 0.1)) "
        "WHERE a.objectId <> b.objectId"
    )

    two = {i for i, n in zip(sky["objectId"].tolist(), sky["n"].tolist(), strict=True) if n == 2}
    assert sorted(found) == [pair for pair in pairs_within(0.1) if pair[0] in two]


def test_two_joins_by_position_and_a_region_meet(run, sky, pairs_within):
    near = "DISTANCE(POINT({0}.coord_ra, {0}.coord_dec), POINT({1}.coord_ra, {1}.coord_dec)) < 0.02"
    found = run(
        "SELECT a.objectId, b.objectId, c.objectId "
        f"FROM Object a JOIN Object b ON {near.format('a', 'b')} "
        f"JOIN Object c ON {near.format('b', 'c')} "
        "WHERE 1 = CONTAINS(POINT(a.coord_ra, a.coord_dec), BOX(60, -30, 0.5, 0.5)) "
        "AND a.objectId < b.objectId AND b.objectId < c.objectId"
    )

    inside = {row[0] for row in run(
        "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), BOX(60, -30, 0.5, 0.5))"
    )}  # fmt: skip
    pairs = [pair for pair in pairs_within(0.02) if pair[0] < pair[1]]
    after = {}
    for one, other in pairs:
        after.setdefault(one, []).append(other)
    expected = [(a, b, c) for a, b in pairs if a in inside for c in after.get(b, [])]
    assert len(expected) > 0
    assert sorted(found) == sorted(expected)


LEFT_JOINS = [
    (DISTANCE, "WHERE 1 = CONTAINS(POINT(a.coord_ra, a.coord_dec), CIRCLE(60, -30, 5))"),
    (DISTANCE, ""),
    (f"{NEAR} AND a.objectId <> b.objectId", ""),
    (f"b.objectId > a.objectId AND {REVERSED}", "WHERE a.objectId > 0"),
    (DISTANCE, "WHERE b.objectId IS NULL OR a.objectId <> b.objectId"),
]


@pytest.mark.parametrize(
    ("on", "where"),
    [LEFT_JOINS[0], *(pytest.param(*join, marks=pytest.mark.slow) for join in LEFT_JOINS[1:])],
)
@pytest.mark.parametrize("radius", [0.001, 0.3])
def test_rows_without_neighbour_stay_in_a_left_join(run, translate_only, on, where, radius):
    """The same rows as without cells: there the sum hides the distance from the rule."""
    points = "POINT(a.coord_ra, a.coord_dec), POINT(b.coord_ra, b.coord_dec)"
    hidden = f"DISTANCE({points}) + 0 * a.objectId <= {{radius}}"
    query = "SELECT a.objectId, b.objectId FROM Object AS a LEFT JOIN Object AS b ON {on} {where}"
    slow_on = on
    for form in (NEAR, DISTANCE, REVERSED):
        slow_on = slow_on.replace(form, hidden)
    quick = query.format(on=on.format(radius=radius), where=where)
    slow = query.format(on=slow_on.format(radius=radius), where=where)

    assert "_match_row" in translate_only(quick)
    assert "_match" not in translate_only(slow)
    assert sorted(run(quick), key=str) == sorted(run(slow), key=str)


def test_two_left_joins_each_keep_all_rows(run):
    near = "DISTANCE(a.coord_ra, a.coord_dec, {0}.coord_ra, {0}.coord_dec) < 0.1"
    rows = run(
        f"SELECT a.objectId, COUNT(b.objectId), COUNT(c.objectId) FROM Object AS a "
        f"LEFT JOIN Object AS b ON {near.format('b')} LEFT JOIN Object AS c ON {near.format('c')} "
        "GROUP BY a.objectId"
    )

    assert len(rows) == run("SELECT COUNT(*) FROM Object")[0][0]
    assert all(b == c >= 1 for _, b, c in rows)


@pytest.fixture
def translate_only(catalog):
    return lambda text: translate(text, catalog).sql
