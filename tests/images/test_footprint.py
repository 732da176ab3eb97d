from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from astropy.wcs import WCS, Sip
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import NoOverlapError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.footprint import Square, _vectors, around, box_of, contains
from sciplat.sky.pos import Range, Shape
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon

SHAPE = (40, 56)
SCALE = 1.0 / 3600


def touched(region: Shape, wcs: WCS, shape: tuple[int, int], parts: int = 4) -> Box | None:
    """The box of the pixels of which a point of a fine grid lies in a region: never too large."""
    fine = [(np.arange(n * parts) + 0.5) / parts - 0.5 for n in shape]
    y, x = np.meshgrid(*fine, indexing="ij")
    inside = contains(region, _vectors(*world.sky(wcs, x, y))).reshape(y.shape)
    if not inside.any():
        return None
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) // parts for axis in (1, 0))
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def agrees(region: Shape, wcs: WCS, shape: tuple[int, int] = SHAPE) -> None:
    """What a fine grid finds lies in the box, and the box is at most a pixel larger each way."""
    wanted = touched(region, wcs, shape)
    try:
        box = box_of(region, wcs, shape)
    except NoOverlapError:
        assert wanted is None
        return
    if wanted is not None:
        assert box.contains(wanted)
        for got, want in zip(
            (box.x0, box.y0, box.x1, box.y1), (wanted.x0, wanted.y0, wanted.x1, wanted.y1), strict=True
        ):
            assert abs(got - want) <= 1
    else:
        assert min(box.width, box.height) <= 2


POSITIONS = st.sampled_from(
    [
        (0.0, 0.0),
        (359.9999, 0.0001),
        (123.4, 89.9999),
        (0.0, 90.0),
        (77.0, -90.0),
        (200.0, -60.0),
        (25.6, 0.3),
    ]
)


@given(
    at=POSITIONS,
    turn=st.floats(0, 6.3),
    x=st.floats(-20, 80),
    y=st.floats(-20, 60),
    radius=st.floats(0.3, 120),
)
@settings(max_examples=examples(40))
def test_circles_anywhere(
    at: tuple[float, float], turn: float, x: float, y: float, radius: float, make_tangent: Callable[..., WCS]
) -> None:
    wcs = make_tangent(*at, SHAPE, pixel=SCALE, turn=turn)
    ra, dec = world.sky(wcs, x, y)

    agrees(Circle(Position(ra[0], dec[0]), radius * SCALE), wcs)


@given(
    at=POSITIONS,
    turn=st.floats(0, 6.3),
    middle=st.tuples(st.floats(-15, 70), st.floats(-15, 55)),
    size=st.floats(1, 150),
    begin=st.floats(0, 6.3),
    corners=st.integers(3, 7),
)
@settings(max_examples=examples(40))
def test_polygons_anywhere(
    at: tuple[float, float],
    turn: float,
    middle: tuple[float, float],
    size: float,
    begin: float,
    corners: int,
    make_tangent: Callable[..., WCS],
) -> None:
    wcs = make_tangent(*at, SHAPE, pixel=SCALE, turn=turn)
    angles = begin + 2 * np.pi * np.arange(corners) / corners
    ra, dec = world.sky(wcs, middle[0] + size * np.cos(angles), middle[1] + size * np.sin(angles))

    agrees(Polygon(tuple(Position(*each) for each in zip(ra, dec, strict=True))), wcs)


@given(
    at=st.sampled_from([(0.0, 0.0), (359.99, 20.0), (200.0, -60.0), (10.0, 89.995), (10.0, -90.0)]),
    turn=st.floats(0, 6.3),
    ra=st.floats(0, 359.9),
    width=st.floats(0.01, 350),
    south=st.floats(-0.05, 0.03),
    height=st.floats(0.001, 0.05),
)
@example(at=(10.0, 89.995), turn=0.0, ra=0.0, width=350.0, south=0.003, height=0.01)
@settings(max_examples=examples(30))
def test_ranges_anywhere(
    at: tuple[float, float],
    turn: float,
    ra: float,
    width: float,
    south: float,
    height: float,
    make_tangent: Callable[..., WCS],
) -> None:
    wcs = make_tangent(*at, SHAPE, pixel=SCALE, turn=turn)
    low = max(-90.0, min(at[1] + south, 90.0))
    dec = (low, min(90.0, low + height))
    polar = abs(at[1]) > 89
    # At a pole a narrow range ends in a tip that no grid of points meets.
    agrees(Range((ra, (ra + max(width, 60 if polar else 0)) % 360), dec), wcs)
    if not polar:
        agrees(Range(((at[0] - 0.005) % 360, (at[0] + 0.003) % 360), dec), wcs)


def test_an_image_within_a_region_is_taken_whole(make_tangent: Callable[..., WCS]) -> None:
    for at in ((0.0, 0.0), (10.0, 90.0), (180.0, -89.999), (25.6, 0.3)):
        wcs = make_tangent(*at, SHAPE)
        whole = Box(0, 0, SHAPE[1], SHAPE[0])
        for radius in (0.1, 1, 30, 89.9, 90, 120, 179.9, 180):
            assert box_of(Circle(Position(*at), radius), wcs, SHAPE) == whole
        assert box_of(Range((0.0, 360.0), (-90.0, 90.0)), wcs, SHAPE) == whole


def test_a_large_circle_meets_a_small_image_with_its_edge(make_tangent: Callable[..., WCS]) -> None:
    wcs = make_tangent(0.0, 0.0, (60, 60), pixel=SCALE, turn=0.0)
    for radius in (5.0, 60.0, 90.0, 170.0):
        agrees(Circle(Position(radius, 0.0), radius), wcs, (60, 60))
        assert box_of(Circle(Position(radius, 0.0), radius), wcs, (60, 60)).width == pytest.approx(31, abs=1)


def test_distorted_images_are_cut_where_their_pixels_are(make_tangent: Callable[..., WCS]) -> None:
    wcs = make_tangent(359.9995, 0.001, SHAPE, pixel=SCALE)
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], a[1, 1], b[0, 2], b[3, 0] = 4e-4, -2e-4, 5e-4, 1e-6
    wcs.sip = Sip(a, b, None, None, wcs.wcs.crpix)
    wcs.wcs.set()
    for x, y, radius in ((5, 5, 12), (25, 15, 8), (50, 36, 30), (-4, 38, 9), (25, 25, 500)):
        ra, dec = world.sky(wcs, x, y)
        agrees(Circle(Position(ra[0], dec[0]), radius * SCALE), wcs)


@pytest.mark.parametrize("projection", ["CAR", "AIT", "MOL", "ZEA", "SIN", "TAN"])
def test_images_of_all_the_sky_are_cut_too(projection: str) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"RA---{projection}", f"DEC--{projection}"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crval = [0.0, 0.0]
    wcs.wcs.crpix = [180.5, 90.5]
    wcs.wcs.cdelt = [-1.0, 1.0]
    wcs.wcs.set()
    shape = (180, 360)
    for ra, dec, radius in ((0, 0, 20), (359, 40, 5), (20, -20, 30)):
        region = Circle(Position(ra, dec), radius)
        box, wanted = box_of(region, wcs, shape), touched(region, wcs, shape, parts=2)
        assert wanted is not None
        assert box.contains(wanted)
        assert abs(box.width - wanted.width) <= 2
        assert abs(box.height - wanted.height) <= 2


def test_other_frames_than_icrs_are_understood() -> None:
    for ctype, frame in ((["GLON-TAN", "GLAT-TAN"], ""), (["DEC--TAN", "RA---TAN"], "FK5")):
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ctype
        wcs.wcs.radesys = frame
        wcs.wcs.crval = [0.0, 0.0]
        wcs.wcs.crpix = [45, 35]
        wcs.wcs.cdelt = [-SCALE, SCALE]
        wcs.wcs.set()
        ra, dec = world.sky(wcs, 30, 20)
        agrees(Circle(Position(ra[0], dec[0]), 7.3 * SCALE), wcs)
        if frame:
            assert math.hypot((ra[0] + 180) % 360 - 180, dec[0]) < 0.02
        else:
            assert (ra[0], dec[0]) == pytest.approx((266.405, -28.936), abs=0.02)


def test_no_overlap_says_where_the_image_lies(make_tangent: Callable[..., WCS]) -> None:
    wcs = make_tangent(25.6, 0.3, SHAPE)
    with pytest.raises(
        NoOverlapError,
        match=r"CIRCLE 30.0 0.3 0.1 has no pixel of the image, which lies within "
        r"0.00\d+ degrees of RA 25.60000, Dec \+0.3000\d; .* 4.4 degrees from there",
    ):
        box_of(Circle(Position(30.0, 0.3), 0.1), wcs, SHAPE)
    with pytest.raises(NoOverlapError, match="RANGE"):
        box_of(Range((25.0, 25.5), (-90, 90)), wcs, SHAPE)
    with pytest.raises(NoOverlapError):
        box_of(Circle(Position(205.6, -0.3), 1), wcs, SHAPE)


def test_the_circle_around_an_image_holds_it(make_tangent: Callable[..., WCS]) -> None:
    for at in ((0.0, 0.0), (10.0, 90.0), (359.999, -45.0)):
        wcs = make_tangent(*at, SHAPE)
        circle = around(wcs, SHAPE)
        y, x = np.mgrid[-0.5 : SHAPE[0], -0.5 : SHAPE[1]]
        assert contains(circle, _vectors(*world.sky(wcs, x, y))).all()


@given(st.floats(0, 360), st.floats(-89, 89), st.integers(1, 60), st.floats(-80, 80), st.floats(-80, 80))
@settings(max_examples=examples(100), deadline=None)
def test_a_square_of_pixels_has_its_position_in_the_middle(
    ra: float, dec: float, side: int, x: float, y: float
) -> None:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [ra, dec], [25.5, 20.5]
    wcs.wcs.cdelt = [-1 / 3600, 1 / 3600]
    a, b = (float(each) for each in wcs.all_pix2world(x + 24.5, y + 19.5, 0))
    square = Square(Position(a % 360, b), side)
    try:
        box = square.box(wcs, (40, 50))
    except NoOverlapError:
        assert not (-0.5 <= x + 24.5 < 49.5 and -0.5 <= y + 19.5 < 39.5)
        return
    assert 0 <= box.x0 < box.x1 <= 50
    assert 0 <= box.y0 < box.y1 <= 40
    assert box.width <= side
    assert box.height <= side
    middle = np.array([x + 24.5, y + 19.5]) + 0.5
    if box.width == side:
        assert abs(box.x0 + side // 2 + 0.5 - middle[0]) <= 0.501
    if box.height == side:
        assert abs(box.y0 + side // 2 + 0.5 - middle[1]) <= 0.501
