"""Regions that differ from row to row, against plane geometry: on a tangent plane arcs are straight lines."""

from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from sciplat.adql import Catalog, TableSource, translate
from sciplat.sky import Circle, Polygon, Position, separation
from sciplat.vo.schema import Column, Datatype, Table

D = Datatype
FOOTPRINTS = Table(
    "obs",
    "Footprint",
    (
        Column("i", D.INT),
        Column("ra", D.DOUBLE),
        Column("dec", D.DOUBLE),
        Column("width", D.DOUBLE),
        Column("s_region", D.DOUBLE, "*", xtype="polygon"),
        Column("disc", D.DOUBLE, "3", xtype="circle"),
        Column("place", D.DOUBLE, "2", xtype="point"),
    ),
    rows=300,
)
TARGETS = [(0.0, 0.0), (359.9, 0.3), (123.0, 90.0), (123.0, -89.9), (60.0, -30.0), (200.0, 60.0)]


def _frame(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    forward = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    return east, np.cross(forward, east), forward


def _vector(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)


def _position(vector):
    x, y, z = vector
    return float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def _star(rng, ra, dec, size, corners):
    """Return corners around a centre at growing azimuths and random distances: most are concave."""
    east, north, forward = _frame(ra, dec)
    azimuths = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 1.5 / corners, corners)
    radii = np.radians(size) * rng.uniform(0.4, 1.0, corners)
    points = [
        _position(forward + np.tan(radius) * (np.cos(angle) * east + np.sin(angle) * north))
        for angle, radius in zip(azimuths, radii, strict=True)
    ]
    return points[::-1] if rng.random() < 0.5 else points


@pytest.fixture(scope="module")
def footprints():
    rng = np.random.default_rng(7)
    rows = []
    for i in range(300):
        target = TARGETS[i % len(TARGETS)]
        size = float(rng.choice([0.001, 0.3, 2.0, 30.0]))
        east, north, forward = _frame(*target)
        shift = np.radians(size) * rng.normal(0, 0.8, 2)
        centre = _position(forward + shift[0] * east + shift[1] * north)
        corners = _star(rng, *centre, size, int(rng.integers(3, 13)))
        rows.append((i, *centre, size, tuple(value for corner in corners for value in corner)))
    return rows


@pytest.fixture(scope="module")
def run(footprints):
    connection = duckdb.connect()
    i, ra, dec, size, regions = zip(*footprints, strict=True)
    table = pa.table(
        {
            "i": pa.array(i, pa.int32()),
            "ra": ra,
            "dec": dec,
            "width": size,
            "s_region": pa.array(regions, pa.list_(pa.float64())),
            "disc": pa.array(list(zip(ra, dec, size, strict=True)), pa.list_(pa.float64(), 3)),
            "place": pa.array(list(zip(ra, dec, strict=True)), pa.list_(pa.float64(), 2)),
        }
    )
    connection.register("rows_in", table)
    connection.execute("CREATE TABLE footprint AS SELECT * FROM rows_in")
    connection.execute("INSERT INTO footprint VALUES (-1, NULL, NULL, NULL, NULL, NULL, NULL)")
    catalog = Catalog([TableSource(FOOTPRINTS, ("memory", "main", "footprint"))])

    def run(text):
        return connection.execute(translate(text, catalog).sql).fetchall()

    yield run
    connection.close()


def _corners(row):
    return list(zip(row[4][::2], row[4][1::2], strict=True))


def _plane(row, points):
    """Project positions to the plane that touches the sky at a footprint's centre."""
    east, north, forward = _frame(row[1], row[2])
    vectors = _vector(*np.array(points, dtype=float).T)
    depth = vectors @ forward
    return np.stack([vectors @ east, vectors @ north], axis=-1) / depth[:, None], depth > 0


@cache
def _inside(row, point):
    """Count the edges to the right of a point, on the plane."""
    corners, _ = _plane(row, _corners(row))
    (x, y), ahead = (value[0] for value in _plane(row, [point]))
    if not ahead:
        return False
    after = np.roll(corners, -1, axis=0)
    across = (corners[:, 1] > y) != (after[:, 1] > y)
    at = corners[:, 0] + (y - corners[:, 1]) * (after[:, 0] - corners[:, 0]) / np.where(
        across, after[:, 1] - corners[:, 1], 1
    )
    return bool(np.sum(across & (at > x)) % 2)


@cache
def _edge_distance(row, point, steps=600):
    """Return the least distance to any of many points of the edges, in degrees."""
    corners = _vector(*np.array(_corners(row)).T)
    weights = np.linspace(0, 1, steps)[:, None]
    best = np.inf
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        arc = a * (1 - weights) + b * weights
        arc /= np.linalg.norm(arc, axis=1)[:, None]
        chord = np.linalg.norm(arc - _vector(*point), axis=1).min()
        best = min(best, np.degrees(2 * np.arcsin(chord / 2)))
    return best


def _found(rows):
    return {row[0] for row in rows}


@pytest.mark.parametrize("target", TARGETS)
def test_a_point_lies_in_the_footprints_that_the_plane_says(run, footprints, target):
    ra, dec = target
    expected = {row[0] for row in footprints if _inside(row, target)}

    assert len(expected) >= 10
    for condition in (
        f"1 = CONTAINS(POINT({ra}, {dec}), s_region)",
        f"INTERSECTS(s_region, POINT({ra}, {dec})) = 1",
        f"0 < CONTAINS(POINT({ra} + 0 * width, {dec}), s_region)",
    ):
        assert _found(run(f"SELECT i FROM Footprint WHERE {condition}")) == expected
    outside = run(f"SELECT i FROM Footprint WHERE 0 = CONTAINS(POINT({ra}, {dec}), s_region)")
    assert _found(outside) == {row[0] for row in footprints} - expected


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("radius", [0.0005, 0.5, 10.0])
def test_a_circle_meets_and_holds_footprints(run, footprints, target, radius):
    ra, dec = target
    circle = f"CIRCLE({ra}, {dec}, {radius})"
    meets = _found(run(f"SELECT i FROM Footprint WHERE INTERSECTS({circle}, s_region) = 1"))
    inside = _found(run(f"SELECT i FROM Footprint WHERE CONTAINS({circle}, s_region) = 1"))
    holds = _found(run(f"SELECT i FROM Footprint WHERE 1 = CONTAINS(s_region, {circle})"))

    for row in footprints:
        if separation(Position(*target), Position(row[1], row[2])) > radius + row[3] * 1.001:
            assert row[0] not in meets | inside | holds
            continue
        centred, edge = _inside(row, target), _edge_distance(row, target)
        farthest = max(separation(Position(*target), Position(*corner)) for corner in _corners(row))
        # The edge is known to the distance between its points.
        if abs(edge - radius) > row[3] / 100:
            assert (row[0] in meets) == (centred or edge < radius), row
            assert (row[0] in inside) == (centred and edge > radius), row
        assert (row[0] in holds) == (farthest <= radius), row


def _segments_cross(one, other):
    def turn(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    for a, b in zip(one, np.roll(one, -1, axis=0), strict=True):
        for c, d in zip(other, np.roll(other, -1, axis=0), strict=True):
            if turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0:
                return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 7, 14, 21, 28, 35, 101])
def test_footprints_meet_and_hold_one_another(run, footprints, index):
    mine = footprints[index]
    written = ", ".join(f"{value!r}" for value in mine[4])
    meets = _found(run(f"SELECT i FROM Footprint WHERE INTERSECTS(s_region, POLYGON({written})) = 1"))
    inside = _found(run(f"SELECT i FROM Footprint WHERE CONTAINS(s_region, POLYGON({written})) = 1"))
    around = _found(run(f"SELECT i FROM Footprint WHERE CONTAINS(POLYGON({written}), s_region) = 1"))
    joined = _found(
        run(
            "SELECT a.i FROM Footprint AS a JOIN Footprint AS b ON INTERSECTS(a.s_region, b.s_region) = 1 "
            f"WHERE b.i = {index}"
        )
    )

    assert joined == meets
    assert {index} <= meets & inside & around
    compared = 0
    for row in footprints:
        if row[0] == index:
            continue
        corners, ahead = _plane(mine, _corners(row))
        if not ahead.all():
            continue
        compared += 1
        crossing = _segments_cross(_plane(mine, _corners(mine))[0], corners)
        in_mine = [_inside(mine, corner) for corner in _corners(row)]
        in_row = [_inside(row, corner) for corner in _corners(mine)]
        assert (row[0] in meets) == (crossing or any(in_mine) or any(in_row)), row
        assert (row[0] in inside) == (all(in_mine) and not crossing), row
        assert (row[0] in around) == (all(in_row) and not crossing), row
    assert compared > 40


def test_areas_and_centres_are_those_of_the_constant_polygon(run, footprints):
    rows = run(
        "SELECT i, AREA(s_region), COORD1(CENTROID(s_region)), COORD2(CENTROID(s_region)) FROM Footprint"
    )

    for i, area, ra, dec in rows:
        if i < 0:
            assert (area, ra, dec) == (None, None, None)
            continue
        shape = Polygon(tuple(Position(*corner) for corner in _corners(footprints[i])))
        assert area == pytest.approx(shape.area, rel=1e-4 if footprints[i][3] < 0.01 else 1e-10)
        assert 0 <= ra < 360
        assert separation(Position(ra, dec), shape.centroid) < 1e-5 * footprints[i][3]


def test_a_centroid_is_the_middle_of_the_area_not_of_the_corners(run):
    # A triangle, one of whose edges has a corner more than it needs.
    triangle = "POLYGON(0, 0, 0.1, 0, 0.2, 0, 3, 0, 0, 3 + 0 * i)"

    row = run(f"SELECT COORD1(CENTROID({triangle})), COORD2(CENTROID({triangle})) FROM Footprint WHERE i = 0")

    assert row[0] == pytest.approx((1.0, 1.0), abs=2e-3)


def test_a_box_may_differ_from_row_to_row(run, footprints):
    rows = run(
        "SELECT i, AREA(BOX(ra, dec, 2 * width, width)) AS a, "
        "CONTAINS(place, BOX(place, width, width)) AS b, "
        "CONTAINS(POINT(60, -30), BOX(ra, dec, width, width)) AS c, BOX(ra, dec, 0 * width, 1) AS nothing "
        "FROM Footprint WHERE i >= 0"
    )
    from sciplat.sky import box

    for i, area, held, near, nothing in rows:
        shape = box(Position(*footprints[i][1:3]), 2 * footprints[i][3], footprints[i][3])
        assert area == pytest.approx(shape.area, rel=1e-4)
        assert held == 1
        square = box(Position(*footprints[i][1:3]), footprints[i][3], footprints[i][3])
        assert near == square.contains(Position(60, -30))
        assert nothing is None


def test_discs_of_rows_are_circles(run, footprints):
    found = _found(run("SELECT i FROM Footprint WHERE INTERSECTS(disc, CIRCLE(60, -30, 0.5)) = 1"))
    held = _found(run("SELECT i FROM Footprint WHERE CONTAINS(disc, CIRCLE(60, -30, 10)) = 1"))
    mutual = run("SELECT i FROM Footprint WHERE INTERSECTS(disc, s_region) = 1")

    apart = {row[0]: separation(Position(60, -30), Position(row[1], row[2])) for row in footprints}
    assert found == {row[0] for row in footprints if apart[row[0]] <= 0.5 + row[3]}
    assert held == {row[0] for row in footprints if apart[row[0]] + row[3] <= 10}
    assert _found(mutual) == {row[0] for row in footprints}


@pytest.mark.slow
def test_edges_and_corners_belong_to_a_footprint(run, footprints):
    for row in footprints[:10]:
        for ra, dec in _corners(row)[:2]:
            found = _found(
                run(f"SELECT i FROM Footprint WHERE 1 = CONTAINS(POINT({ra!r}, {dec!r}), s_region)")
            )
            assert row[0] in found


def test_a_circle_larger_than_a_hemisphere_holds_what_does_not_reach_its_rest(run, footprints):
    held = _found(run("SELECT i FROM Footprint WHERE CONTAINS(s_region, CIRCLE(60, -30, 150)) = 1"))
    rest = _found(run("SELECT i FROM Footprint WHERE INTERSECTS(s_region, CIRCLE(240, 30, 30)) = 1"))
    sky = _found(run("SELECT i FROM Footprint WHERE CONTAINS(s_region, CIRCLE(60, -30, 180)) = 1"))

    assert len(rest) >= 5
    assert held == {row[0] for row in footprints} - rest
    assert len(sky) == len(footprints)


def test_a_circle_of_negative_radius_is_empty(run):
    assert run("SELECT i FROM Footprint WHERE 1 = CONTAINS(place, CIRCLE(ra, dec, width - 100))") == []


def test_a_point_has_no_area(run):
    assert run("SELECT AREA(place) FROM Footprint WHERE i = 0") == [(0.0,)]


def test_the_circle_around_a_very_large_polygon_is_the_whole_sky():
    shape = Polygon(tuple(Position(*corner) for corner in ((0, 0), (100, 10), (170, 5), (100, 85))))

    around = shape.circle_around

    assert around == Circle(around.centre, around.radius)
    assert around.radius < 90 or around.radius == 180
