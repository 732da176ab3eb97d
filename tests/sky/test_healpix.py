"""A cover holds every direction of its region, is short, and is not much larger."""

import math
from itertools import pairwise

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Latitude, Longitude
from cdshealpix import healpix_to_lonlat, lonlat_to_healpix
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.sky import Circle, Polygon, Position, box, cover
from sciplat.sky.healpix import _centres, _near, _reach

SKY = 12 * 4**29

decs = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, -89.9999, 0.0, 41.8103, 89.9999, 90.0]))
ras = st.one_of(st.floats(0, 360), st.sampled_from([0.0, 1e-9, 45.0, 359.9999999, 360.0]))
positions = st.builds(Position, ras, decs)
radii = st.one_of(
    st.sampled_from([0.0, 1e-4 / 3600, 1e-3 / 3600, 1.0 / 3600, 90.0, 179.999, 180.0]),
    st.floats(-10, 2.2552).map(lambda power: 10**power),
)


def cells(ra, dec):
    return lonlat_to_healpix(Longitude(ra, "deg"), Latitude(dec, "deg"), 29).astype(np.int64)


def held(ranges, found):
    lows = np.array([low for low, _ in ranges])
    highs = np.array([high for _, high in ranges])
    place = np.searchsorted(lows, found, side="right") - 1
    return (place >= 0) & (found <= highs[np.maximum(place, 0)])


def around(centre, angles, bearings):
    """Return the positions at some angles (degrees) and bearings (radians) from a centre."""
    ra, dec = math.radians(centre.ra), math.radians(centre.dec)
    angles = np.radians(angles)
    forward = np.array(centre.vector)
    east = np.array([-math.sin(ra), math.cos(ra), 0])
    north = np.array([-math.sin(dec) * math.cos(ra), -math.sin(dec) * math.sin(ra), math.cos(dec)])
    vectors = np.cos(angles)[:, None] * forward + np.sin(angles)[:, None] * (
        np.cos(bearings)[:, None] * north + np.sin(bearings)[:, None] * east
    )
    return (
        np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360,
        np.degrees(np.arctan2(vectors[:, 2], np.hypot(vectors[:, 0], vectors[:, 1]))),
    )


def check_shape(ranges):
    assert 0 < len(ranges) <= 32
    assert all(0 <= low <= high < SKY for low, high in ranges)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


@settings(max_examples=examples(150), deadline=None)
@given(positions, radii, st.integers(0, 2**32 - 1))
@example(Position(0, 90), 1e-4 / 3600, 1)
@example(Position(0, -90), 180.0, 1)
@example(Position(360, 0), 0.0, 1)
@example(Position(0, 0), 2.2e-311, 1)
def test_a_cover_holds_every_position_of_its_circle(centre, radius, seed):
    rng = np.random.default_rng(seed)
    angles = radius * np.concatenate([np.sqrt(rng.random(100)), np.ones(100), [0.0]])
    ra, dec = around(centre, angles, rng.uniform(0, 2 * np.pi, 201))

    ranges = cover(Circle(centre, radius))

    check_shape(ranges)
    assert held(ranges, cells(ra, dec)).all()


@settings(max_examples=examples(80), deadline=None)
@given(positions, st.floats(-7, 1.7), st.integers(3, 9), st.booleans(), st.integers(0, 2**32 - 1))
@example(Position(43, 2), -7.0, 4, False, 0)  # as large as a cell
def test_a_cover_holds_every_position_of_its_polygon(centre, power, count, star, seed):
    rng = np.random.default_rng(seed)
    size = 10**power
    bearings = np.sort(rng.uniform(0, 2 * np.pi, count))
    sizes = size * (rng.uniform(0.2, 1, count) if star else np.ones(count))
    corner_ra, corner_dec = around(centre, sizes, bearings)
    try:
        polygon = Polygon(tuple(map(Position, corner_ra.tolist(), corner_dec.tolist())))
    except UsageError:
        return
    ra, dec = around(centre, size * np.sqrt(rng.random(300)), rng.uniform(0, 2 * np.pi, 300))
    inside = np.array([polygon.contains(Position(*place)) for place in zip(ra, dec, strict=True)])

    ranges = cover(polygon)

    check_shape(ranges)
    assert held(ranges, cells(ra, dec))[inside].all()


@pytest.mark.parametrize("radius", [1e-3, 0.1, 1.0, 10.0, 60.0])
@pytest.mark.parametrize("centre", [Position(60, -30), Position(0, 90), Position(0, 0)])
def test_a_cover_is_not_much_larger_than_its_circle(centre, radius):
    circle = Circle(centre, radius)

    covered = sum(high - low + 1 for low, high in cover(circle)) / SKY * 41252.96

    assert covered < 3 * circle.area


def test_a_cover_of_a_box_is_not_much_larger():
    region = box(Position(60, -30), 1, 1)

    assert sum(high - low + 1 for low, high in cover(region)) / SKY * 41252.96 < 3 * region.area


def test_the_whole_sky_is_one_range_and_nothing_is_none():
    assert cover(Circle(Position(1, 2), 180)) == [(0, SKY - 1)]
    assert cover(Circle(Position(1, 2), -1)) == []


@pytest.mark.parametrize("order", [0, 1, 2, 3, 7, 15, 29])
def test_centres_of_cells_are_those_of_cdshealpix(order):
    rng = np.random.default_rng(order)
    found = rng.integers(0, 12 * 4**order, 20_000)
    lon, lat = healpix_to_lonlat(found.astype(np.uint64), order)

    centres = _centres(order, found)

    expected = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1).to_value(
        units.one
    )
    assert np.abs(centres - expected).max() < 2e-15


@pytest.mark.parametrize("order", [0, 1, 2, 3, 7, 15])
def test_no_position_is_farther_from_its_cell_than_the_reach(order):
    rng = np.random.default_rng(order)
    ra, dec = rng.uniform(0, 360, 100_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 100_000)))
    found = lonlat_to_healpix(Longitude(ra, "deg"), Latitude(dec, "deg"), order).astype(np.int64)
    ra, dec = np.radians(ra), np.radians(dec)
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)

    angles = 2 * np.arcsin(np.linalg.norm(vectors - _centres(order, found), axis=1) / 2)

    assert angles.max() <= _reach(order)
    assert angles.max() > 0.9 * _reach(order)


@settings(max_examples=examples(150), deadline=None)
@given(positions, st.integers(0, 6), st.floats(0, math.pi))
@example(Position(0, 90), 5, 0.1)
@example(Position(0, -90), 0, 0.0)
@example(Position(359.9999999, 41.8103), 4, 0.02)
def test_cells_near_a_position_are_all_found_and_none_twice(centre, order, angle):
    every = np.arange(12 * 4**order)
    distances = 2 * np.arcsin(
        np.clip(np.linalg.norm(_centres(order, every) - np.array(centre.vector), axis=1) / 2, 0, 1)
    )

    found = _near(order, centre, angle)

    assert set(every[distances <= angle - 1e-9]) <= set(found.tolist()) <= set(every.tolist())
    assert len(set(found.tolist())) == len(found)
