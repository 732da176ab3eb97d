"""Cones, polygons and boxes: the engine finds just the rows that brute force finds."""

import numpy as np
import pytest

from sciplat.adql import translate


def _vectors(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def separations(sky, ra, dec):
    chord = np.linalg.norm(_vectors(sky["coord_ra"], sky["coord_dec"]) - _vectors(ra, dec), axis=1)
    return np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1)))


def ids(rows):
    return sorted(row[0] for row in rows)


CONES = [
    (60.0, -30.0, 0.1),
    (60.0, -30.0, 1.0),
    (0.0, 0.0, 0.3),
    (359.99, 0.01, 0.5),
    (10.0, 90.0, 0.5),
    (200.0, -89.9, 0.5),
    (123.0, 45.0, 60.0),
    (123.0, 45.0, 170.0),
]


@pytest.mark.parametrize("cone", CONES)
def test_a_cone_holds_the_rows_within_its_radius(run, sky, cone):
    ra, dec, radius = cone
    expected = sorted(sky["objectId"][separations(sky, ra, dec) <= radius].tolist())

    found = run(
        "SELECT objectId FROM dp1.Object WHERE 1 = CONTAINS(POINT('ICRS', coord_ra, coord_dec), "
        f"CIRCLE('ICRS', {ra}, {dec}, {radius}))"
    )

    assert len(expected) > 5
    assert ids(found) == expected


@pytest.mark.parametrize("cone", CONES)
def test_a_distance_finds_the_rows_of_the_cone(run, sky, cone):
    ra, dec, radius = cone
    expected = sorted(sky["objectId"][separations(sky, ra, dec) < radius].tolist())

    for condition in (
        f"DISTANCE(POINT(coord_ra, coord_dec), POINT({ra}, {dec})) < {radius}",
        f"{radius} > DISTANCE(POINT({ra}, {dec}), POINT(coord_ra, coord_dec))",
        f"DISTANCE(coord_ra, coord_dec, {ra}, {dec}) < {radius}",
        f"NOT DISTANCE(coord_ra, coord_dec, {ra}, {dec}) >= {radius}",
    ):
        assert ids(run(f"SELECT objectId FROM Object WHERE {condition}")) == expected


def test_outside_is_what_inside_is_not(run, sky):
    near = separations(sky, 60, -30) <= 0.2
    region = "CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(60, -30, 0.2))"

    for condition in (f"0 = {region}", f"{region} <> 1", f"NOT {region} = 1", f"{region} != 1"):
        assert ids(run(f"SELECT objectId FROM Object WHERE {condition}")) == sorted(
            sky["objectId"][~near].tolist()
        )


def test_a_region_is_right_below_or_and_case(run, sky):
    near = separations(sky, 60, -30) <= 0.2
    region = "CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(60, -30, 0.2))"

    either = run(f"SELECT objectId FROM Object WHERE n = 2 OR {region} = 1")
    cases = run(f"SELECT objectId, CASE WHEN 1 = {region} THEN 1 ELSE 0 END AS a, {region} AS b FROM Object")

    assert ids(either) == sorted(sky["objectId"][near | (sky["n"] == 2)].tolist())
    assert sorted(row[0] for row in cases if row[1] == 1) == sorted(sky["objectId"][near].tolist())
    assert all(row[1] == row[2] for row in cases)


def _inside(sky, corners):
    """Winding number of the corners around each position."""
    vectors = _vectors(sky["coord_ra"], sky["coord_dec"])
    total = np.zeros(len(vectors))
    points = [_vectors(*corner) for corner in corners]
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        u, v = a - (vectors @ a)[:, None] * vectors, b - (vectors @ b)[:, None] * vectors
        total += np.arctan2(np.einsum("ij,ij->i", vectors, np.cross(u, v)), np.einsum("ij,ij->i", u, v))
    middle = sum(points)
    return (np.abs(total) > np.pi) & (vectors @ middle > 0)


POLYGONS = [
    ((59.5, -30.5), (60.5, -30.5), (60.5, -29.5), (59.5, -29.5)),
    ((60.5, -29.5), (60.5, -30.5), (59.5, -30.5), (59.5, -29.5))[::-1],
    ((359.5, -0.5), (0.5, -0.5), (0.5, 0.5), (359.5, 0.5)),
    ((0.0, 89.5), (90.0, 89.4), (180.0, 89.5), (270.0, 89.6)),
    ((0.0, -89.5), (120.0, -89.5), (240.0, -89.5)),
    ((100.0, -40.0), (190.0, -30.0), (150.0, 50.0)),
    # concave: an arrow head, and a star around the seam
    ((59.0, -31.0), (60.0, -30.2), (61.0, -31.0), (60.0, -29.0)),
    ((359.0, -1.0), (0.0, -0.2), (1.0, -1.0), (0.3, 0.1), (1.0, 1.0), (0.0, 0.4), (359.0, 1.0), (359.7, 0.1)),
]  # fmt: skip


@pytest.mark.parametrize("corners", POLYGONS)
def test_a_polygon_holds_the_rows_inside(run, sky, corners):
    expected = sorted(sky["objectId"][_inside(sky, corners)].tolist())
    numbers = ", ".join(f"{ra}, {dec}" for ra, dec in corners)
    points = ", ".join(f"POINT({ra}, {dec})" for ra, dec in corners)

    for region in (f"POLYGON('ICRS', {numbers})", f"POLYGON({points})"):
        found = run(
            f"SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT('ICRS', coord_ra, coord_dec), {region})"
        )
        assert ids(found) == expected
    assert len(expected) > 5


@pytest.mark.parametrize(
    ("ra", "dec", "width", "height"), [(60, -30, 0.5, 1), (0, 0, 1, 0.5), (40, 89.8, 1, 1)]
)
def test_a_box_is_bound_by_great_circles(run, sky, ra, dec, width, height):
    forward = _vectors(ra, dec)
    east = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0])
    north = np.cross(forward, east)
    vectors = _vectors(sky["coord_ra"], sky["coord_dec"])
    ahead = vectors @ forward
    inside = (
        (ahead > 0)
        & (np.abs(vectors @ east) <= ahead * np.tan(np.radians(width / 2)))
        & (np.abs(vectors @ north) <= ahead * np.tan(np.radians(height / 2)))
    )

    found = run(
        "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), "
        f"BOX({ra}, {dec}, {width}, {height}))"
    )

    assert inside.sum() > 5
    assert ids(found) == sorted(sky["objectId"][inside].tolist())


def test_ranges_of_cells_stand_beside_the_exact_test(catalog):
    sql = translate(
        "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(60, -30, 0.1))",
        catalog,
    ).sql

    assert 0 < sql.count('"_healpix_29" BETWEEN') <= 32


def test_positions_of_other_columns_get_no_ranges(run, sky, catalog):
    moved = (
        "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(coord_ra + 1, coord_dec), CIRCLE(61, -30, 0.1))"
    )
    other = "SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT(r_psfFluxErr, n), CIRCLE(3, 1, 0.5))"

    for query in (moved, other):
        assert "_healpix_29" not in translate(query, catalog).sql
    assert len(run(moved)) > 5
    near = separations({"coord_ra": sky["r_psfFluxErr"], "coord_dec": sky["n"]}, 3, 1) <= 0.5
    assert ids(run(other)) == sorted(sky["objectId"][near].tolist())
