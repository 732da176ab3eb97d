"""MOCs against mocpy."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude, SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from mocpy import MOC
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.sky import Circle, Polygon, Position
from sciplat.sky.moc import Moc

TEXTS = ["0/0-11", "4/34 37-40 5/160", "3/1,2,5-7\n8/3002-90000 29/", "29/5", "s1/2 3 2/0", ""]

mocs = st.lists(
    st.integers(0, 6).flatmap(lambda order: st.tuples(st.just(order), st.integers(0, 12 * 4**order - 1))),
    max_size=12,
).map(lambda cells: " ".join(f"{order}/{cell}" for order, cell in cells))


def reference(text):
    """Return mocpy's MOC of the cells of a text, each read by itself: its own reader takes less."""
    pairs, order = [], 0
    for token in text.replace(",", " ").replace("s", "").split():
        written, slash, cells = token.rpartition("/")
        order = int(written) if slash else order
        first, _, last = cells.partition("-")
        pairs += [(order, cell) for cell in range(int(first or 0), int(last or first or -1) + 1)]
    depths, cells = (np.array([pair[k] for pair in pairs], dtype=np.uint64) for k in (0, 1))
    return MOC.from_healpix_cells(cells, depths.astype(np.uint8), max_depth=29)


@pytest.mark.parametrize("text", TEXTS)
def test_a_moc_is_what_mocpy_reads(text):
    found, expected = Moc.parse(text), reference(text)

    assert found.area == pytest.approx(expected.sky_fraction * 41252.96124941927)
    assert reference(found.text) == expected or not found.ranges
    assert Moc.parse(found.text) == found


@given(mocs, mocs)
def test_mocs_share_and_complete_as_sets_of_cells_do(one, other):
    a, b = Moc.parse(one), Moc.parse(other)
    common = reference(one).intersection(reference(other))

    assert a.shares(b) == b.shares(a) == (not common.empty())
    assert a.rest.area == pytest.approx(41252.96124941927 - a.area)
    assert a.rest.rest == a
    assert not a.rest.shares(a)


@pytest.mark.parametrize("order", [0, 3, 7])
@pytest.mark.parametrize(
    "region",
    [
        Circle(Position(0, 0), 3),
        Circle(Position(200, 89), 2),
        Circle(Position(20, -40), 100),
        Polygon((Position(359, -1), Position(1, -1), Position(0, -0.2), Position(1, 1), Position(359, 1))),
    ],
)
def test_the_cells_of_a_region_are_those_of_mocpy_and_few_more(region, order):
    if isinstance(region, Circle):
        place = Longitude(region.centre.ra * u.deg), Latitude(region.centre.dec * u.deg)
        expected = MOC.from_cone(lon=place[0], lat=place[1], radius=region.radius * u.deg, max_depth=order)
    else:
        corners = SkyCoord([c.ra for c in region.corners], [c.dec for c in region.corners], unit="deg")
        expected = MOC.from_polygon_skycoord(corners, max_depth=order)

    found = MOC.from_string(Moc.of(region, order).text)

    # mocpy tests whether a cone has a part in a cell with less care than its polygons.
    missing = expected.difference(found)
    assert missing.empty() or missing.sky_fraction < 1e-3 * expected.sky_fraction
    edge = found.sky_fraction / (expected.sky_fraction or 1)
    assert edge < (2 if order == 7 else 3)


@settings(deadline=None, max_examples=examples(60))
@given(mocs, st.floats(0, 360), st.floats(-90, 90), st.floats(0.01, 60))
def test_a_region_meets_holds_and_lies_in_a_moc(text, ra, dec, radius):
    moc, circle = Moc.parse(text), Circle(Position(ra, dec), radius)
    # Fine points of the circle decide, unless the edges of both are as near as these are.
    fine = Moc.of(circle, 7 if radius < 20 else 5)
    rng = np.random.default_rng(1)
    angle, reach = rng.uniform(0, 2 * np.pi, 3000), np.radians(radius) * np.sqrt(rng.uniform(0, 0.999, 3000))
    points = SkyCoord(ra, dec, unit="deg").directional_offset_by(angle * u.rad, reach * u.rad)
    inside = reference(text).contains_skycoords(points)

    if inside.any():
        assert moc.meets(circle)
    if not fine.shares(moc):
        assert not moc.meets(circle)
    if not inside.all():
        assert not moc.holds(circle)
    if not moc.rest.shares(fine):
        assert moc.holds(circle)
    if moc.lies_in(circle):
        assert moc.area <= circle.area * 1.001


def test_a_moc_lies_in_a_region_that_holds_its_cells():
    small = Moc.of(Circle(Position(60, -30), 1), 8)

    assert small.lies_in(Circle(Position(60, -30), 2))
    assert not small.lies_in(Circle(Position(60, -30), 1))
    assert not small.lies_in(Circle(Position(61, -30), 1))
    assert Moc.parse("").lies_in(Circle(Position(60, -30), 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("34 35", "begins with an order"),
        ("4/4000", "0 to 3071"),
        ("30/1", "0 to 29"),
        ("4/9-3", "0 to"),
        ("4/34; 5", "such as"),
        ("CIRCLE 3 4 5", "such as"),
        ("t61/4 s4/3", "such as"),
    ],
)
def test_what_is_no_moc_says_so(text, words):
    with pytest.raises(UsageError, match=words):
        Moc.parse(text)


def test_a_moc_with_too_many_cells_is_refused():
    with pytest.raises(UsageError, match="lower order"):
        Moc.of(Circle(Position(0, 0), 50), 20)
