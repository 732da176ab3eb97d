"""Circles, polygons and boxes against what can be worked out another way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.errors import UsageError
from sciplat.sky import Circle, Polygon, Position, box, separation

positions = st.builds(Position, st.floats(0, 360), st.floats(-90, 90))


def polygon(*corners):
    return Polygon(tuple(Position(*corner) for corner in corners))


def test_separation_wraps_at_0_degrees():
    assert separation(Position(359.5, 0), Position(0.5, 0)) == pytest.approx(1)


def test_separation_keeps_tiny_angles():
    assert separation(Position(10, 80), Position(10, 80 + 1e-9)) == pytest.approx(1e-9, rel=1e-4)


@given(positions, positions)
def test_separation_is_symmetric_and_at_most_180_degrees(a, b):
    assert separation(a, b) == pytest.approx(separation(b, a), abs=1e-12)
    assert 0 <= separation(a, b) <= 180


@given(positions)
def test_a_position_is_its_vector(position):
    assert separation(Position.from_vector(position.vector), position) < 1e-7


@pytest.mark.parametrize(
    ("region", "area"),
    [
        (Circle(Position(10, 20), 180), 41252.96),
        (Circle(Position(10, 20), 90), 20626.48),
        (Circle(Position(10, 20), 1), math.pi * (1 - 1 / 12 * math.radians(1) ** 2)),
        (polygon((0, 0), (90, 0), (0, 90)), 5156.62),
        (polygon((0, 90), (90, 0), (0, 0)), 5156.62),
        (box(Position(33, 0), 1, 1), 1.0),
        (polygon((0, 0), (2, 0), (2, 2), (1, 1), (0, 2)), 3.0),
    ],
)
def test_areas_are_known(region, area):
    assert region.area == pytest.approx(area, rel=2e-3)


@pytest.mark.parametrize("turn", [0, 120, 359.5])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_concave_polygon_leaves_out_its_notch(turn, reverse):
    corners = [(0, 0), (2, 0), (2, 2), (1, 1), (0, 2)]
    shape = polygon(*[((ra + turn) % 360, dec) for ra, dec in (corners[::-1] if reverse else corners)])

    assert shape.contains(Position((1 + turn) % 360, 0.5))
    assert shape.contains(Position((0.2 + turn) % 360, 1.5))
    assert not shape.contains(Position((1 + turn) % 360, 1.5))
    assert not shape.contains(Position((1 + turn + 180) % 360, -0.5))


def test_a_polygon_can_hold_a_pole():
    shape = polygon((0, 80), (90, 80), (180, 80), (270, 80))

    assert shape.contains(Position(45, 89))
    assert shape.contains(Position(0, 90))
    assert not shape.contains(Position(45, 79))
    assert not shape.contains(Position(45, -89))


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        (((0, 0), (1, 0)), "3 to"),
        (((0, 0), (1, 0), (1, 0)), "3 to"),
        (((0, 0), (1, 0), (2, 0)), "one line"),
        (((0, 0), (1, 1), (1, 0), (0, 1)), "cross"),
        (((0, 0), (2, 0), (2, 2), (-1, 1), (1, 3), (0, 3)), "cross"),
        (((0, 0), (120, 0), (240, 0)), "hemisphere"),
        (((0, -10), (120, -10), (240, -10), (300, 50), (150, 40)), "hemisphere|cross"),
    ],
)
def test_what_is_no_polygon_says_so(corners, words):
    with pytest.raises(UsageError, match=words):
        polygon(*corners)


@pytest.mark.parametrize("size", [0, -1, 180, math.nan])
def test_a_box_has_sensible_sizes(size):
    with pytest.raises(UsageError, match="width"):
        box(Position(0, 0), size, 1)


@given(positions, st.floats(0.01, 20), st.floats(0.01, 20))
def test_a_box_holds_its_arms_and_not_more(centre, width, height):
    shape = box(centre, width, height)

    assert shape.contains(centre)
    for corner in shape.corners:
        assert separation(centre, corner) > max(width, height) / 2 - 1e-6


@given(positions, positions, st.floats(0.1, 5), st.floats(0.1, 5))
def test_polygons_that_share_a_corner_meet(a, b, width, height):
    one, other = box(a, width, height), box(b, height, width)

    meet = one.meets(other)

    assert meet == other.meets(one)
    if any(one.contains(corner) for corner in other.corners):
        assert meet
    if separation(a, b) > 2 * (width + height):
        assert not meet
