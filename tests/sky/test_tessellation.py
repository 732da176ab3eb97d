"""Tracts and patches: everything lies in exactly one of them, and planes are those of FITS."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.sky import Polygon, Position, box, separation
from sciplat.sky.tessellation import Field, Rings

SKY = Rings("sky", scale=1 / 3600, patch_size=1000, patch_border=50, rings=40)
COARSE = Rings("coarse", scale=60 / 3600, patch_size=100, patch_border=5, rings=5)
FIELD = Field(
    "field", 0.2 / 3600, patch_size=1024, patch_border=64, centre=Position(25.6, 0.3), width=0.1, height=0.08
)

edges = st.sampled_from([-90.0, 90.0, *(COARSE._parallels(ring)[0] for ring in range(5))])
declinations = st.floats(-90, 90) | edges
positions = st.builds(
    Position,
    st.floats(0, 360, exclude_max=True) | st.sampled_from([0.0, 180.0, 359.9999999999]),
    declinations,
)


TRACTS = [COARSE.tract(number) for number in range(COARSE.count)]
IN_RING = Counter(tract.centre.dec for tract in TRACTS)


def inside(bounds, x, y):
    x0, y0, x1, y1 = bounds
    return x0 - 0.5 <= x < x1 - 0.5 and y0 - 0.5 <= y < y1 - 0.5


def inner_tracts(position):
    """All coarse tracts whose parallels and meridians enclose a position, by their definition."""
    found = []
    half = COARSE.height / 2
    for tract in TRACTS:
        if abs(tract.centre.dec) == 90:
            inside = (position.dec < -90 + half) if tract.id == 0 else (position.dec >= 90 - half)
        else:
            width = 360 / IN_RING[tract.centre.dec]
            east = (position.ra - tract.centre.ra + 180) % 360 - 180
            inside = -half <= position.dec - tract.centre.dec < half and -width / 2 <= east < width / 2
        found += [tract.id] if inside else []
    return found


@given(positions)
def test_each_direction_lies_in_one_inner_tract_and_there_in_one_patch(position):
    for tessellation in (SKY, COARSE):
        tract = tessellation.tract_at(position)
        patch = tract.patch_at(position)
        x, y = tract.to_pixels(np.float64(position.ra), np.float64(position.dec))

        assert patch is not None
        assert inside(patch.inner, x, y)
        assert tract.region.contains(position)
        near = (patch.id - 1, patch.id + 1, patch.id - tract.columns, patch.id + tract.columns)
        others = [tract.patch(n) for n in near if 0 <= n < tract.columns * tract.rows]
        assert not any(inside(other.inner, x, y) for other in others)


@given(st.builds(Position, st.floats(0, 359.999), st.floats(-89.9, 89.9)))
def test_the_inner_tract_is_the_one_whose_parallels_and_meridians_enclose_it(position):
    tract = COARSE.tract_at(position)

    found = inner_tracts(position)
    half = COARSE.height / 2
    on_an_edge = min(abs((position.dec + 90 - half) % COARSE.height), 1.0) < 1e-9
    assert found == [tract.id] or on_an_edge or len(found) != 1


@pytest.mark.parametrize(
    ("position", "number"),
    [(Position(0, -90), 0), (Position(123, 90), COARSE.count - 1), (Position(359.999, -60), 1)],
)
def test_poles_have_a_tract_each_and_right_ascension_0_is_the_middle_of_one(position, number):
    assert COARSE.tract_at(position).id == number


@given(positions)
def test_a_tract_has_the_pixels_of_its_fits_header(position):
    tract = SKY.tract_at(position)
    x, y = tract.to_pixels(np.float64(position.ra), np.float64(position.dec))
    told = tract.wcs.all_world2pix([[position.ra, position.dec]], 0)[0]
    ra, dec = tract.to_sky(np.float64(x), np.float64(y))

    assert told == pytest.approx([float(x), float(y)], abs=1e-4)
    assert separation(Position(float(ra), float(dec)), position) < 1e-9
    there = Position(*(float(v) for v in tract.wcs.all_pix2world([[x, y]], 0)[0]))
    assert separation(there, Position(float(ra), float(dec))) < 1e-9


@settings(max_examples=examples(30))
@given(positions, st.floats(0.01, 30), st.floats(0.01, 30))
def test_a_polygon_finds_every_tract_and_patch_in_which_it_has_a_point(centre, width, height):
    region = box(centre, width, height)
    found = {tract.id: tract for tract in COARSE.tracts_on(region)}

    for point in (*region.corners, region.centroid):
        tract = COARSE.tract_at(point)
        assert tract.id in found
        patch = tract.patch_at(point)
        assert patch.id in {p.id for p in tract.patches_on(region)}


@settings(max_examples=examples(20))
@given(positions, st.floats(0.01, 20))
def test_a_polygon_finds_what_meets_it_and_nothing_else(centre, size):
    region = box(centre, size, size)

    found = [tract.id for tract in COARSE.tracts_on(region)]
    assert found == [tract.id for tract in TRACTS if tract.region.meets(region)]
    tract = COARSE.tract_at(centre)
    assert [p.id for p in tract.patches_on(region)] == [
        p.id for p in tract.patches() if p.region.meets(region)
    ]


def test_a_field_is_one_tract_that_covers_it():
    tract = FIELD.tract(0)

    assert (FIELD.count, FIELD.largest) == (1, (tract.columns, tract.rows))
    assert tract.columns * 1024 * 0.2 / 3600 >= 0.1
    assert FIELD.tract_at(Position(25.6, 0.3)) == tract
    assert FIELD.tract_at(Position(25.6, 1.3)) is None
    assert FIELD.tract_at(Position(205.6, -0.3)) is None
    assert all(FIELD.tract_at(Position(25.6 + a, 0.3 + b)) for a in (-0.049, 0.049) for b in (-0.039, 0.039))


def test_patches_share_a_border_and_end_with_their_tract():
    tract = FIELD.tract(0)
    first, second = tract.patch(0), tract.patch(1)

    assert (first.inner, first.outer) == ((0, 0, 1024, 1024), (0, 0, 1088, 1088))
    assert (second.inner, second.outer) == ((1024, 0, 2048, 1024), (960, 0, 2048, 1088))
    assert (second.cell_x, second.cell_y) == (1, 0)
    assert tract.size == (2048, 2048)


def test_ids_stay_as_they_are():
    """Files of coadds carry them: a change would give other places the same names."""
    assert (SKY.count, COARSE.count) == (2240, 56)
    tract = SKY.tract_at(Position(25.6, 0.3))
    patch = tract.patch_at(Position(25.6, 0.3))
    assert (tract.id, patch.id) == (1126, 26)
    assert SKY.digest.hex() == "4330674fc936ffa5bdac6eabb146cfa0d4abf0f9"


def test_a_digest_tells_tessellations_apart_and_does_not_know_their_names():
    assert Rings("other", 1 / 3600, 1000, 50, rings=40).digest == SKY.digest
    assert Rings("sky", 1 / 3600, 1000, 51, rings=40).digest != SKY.digest
    assert len(FIELD.digest) == 20


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rings("r", 0.0),
        lambda: Rings("r", 1.0, rings=2),
        lambda: Rings("r", 1.0, patch_size=10, patch_border=11),
        lambda: Field("f", 0.1, width=91),
        lambda: SKY.tract(SKY.count),
        lambda: FIELD.tract(1),
        lambda: FIELD.tract(0).patch(-1),
    ],
)
def test_what_cannot_be_is_refused(make):
    with pytest.raises(UsageError):
        make()


def test_tracts_overlap_by_what_was_asked():
    tract = SKY.tract_at(Position(10.0, 45.0))
    south = tract.centre.dec - SKY.height / 2 - SKY.overlap

    assert tract.region.contains(Position(tract.centre.ra, south))


def test_a_large_polygon_near_a_pole_meets_the_polar_tract():
    region = Polygon(tuple(Position(ra, 80.0) for ra in (0, 90, 180, 270)))

    assert COARSE.count - 1 in [tract.id for tract in COARSE.tracts_on(region)]
