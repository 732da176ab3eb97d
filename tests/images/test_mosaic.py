from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from sciplat.errors import LimitError, NoOverlapError, UsageError
from sciplat.images import fits
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.footprint import box_of
from sciplat.images.mosaic import NO_DATA, mosaic, offset, reprojected
from sciplat.images.onto import mosaic_cutout
from sciplat.sky.position import Position
from sciplat.sky.region import Circle


@given(cut=st.integers(40, 160), overlap=st.integers(0, 39), ra=st.sampled_from([25.6, 0.0, 359.99999]))
@settings(max_examples=15)
def test_patches_of_one_grid_become_the_image_they_were(
    cut: int, overlap: int, ra: float, make_exposure: Callable[..., Exposure]
) -> None:
    whole = make_exposure(ra, 0.0, (100, 200), origin=(4000, 7000))
    parts = [
        whole.cut(Box(4000, 7000, 4000 + cut + overlap, 7100)),
        whole.cut(Box(4000 + cut, 7000, 4200, 7100)),
    ]
    for order in (parts, parts[::-1]):
        joined = mosaic(order)

        assert joined.box == whole.box
        assert np.array_equal(joined.image, whole.image, equal_nan=True)
        assert np.array_equal(joined.variance, whole.variance)  # type: ignore[arg-type]
        for name in whole.planes:
            assert np.array_equal(joined.plane(name), whole.plane(name))
        assert not joined.plane(NO_DATA).any()
        here, there = (np.array(world.sky(each.wcs, [0, 199], [0, 99])) for each in (joined, whole))
        assert np.abs((here - there + 180) % 360 - 180).max() < 1e-9


def test_masks_are_joined_by_name_and_gaps_are_marked(make_exposure: Callable[..., Exposure]) -> None:
    whole = make_exposure(shape=(60, 120))
    left, right = whole.cut(Box(0, 0, 40, 60)), whole.cut(Box(80, 10, 120, 60))
    right = replace(right, planes={"SAT": 0, "CR": 1, "BAD": 6})
    joined = mosaic([left, right])

    assert np.array_equal(joined.plane("BAD")[:, :40], left.plane("BAD"))
    assert np.array_equal(joined.plane("BAD")[10:, 80:], right.plane("BAD"))
    assert np.array_equal(joined.plane("CR")[10:, 80:], right.plane("CR"))
    assert np.array_equal(joined.plane("SAT")[10:, 80:], right.plane("SAT"))
    assert joined.plane(NO_DATA)[:, 40:80].all()
    assert np.isnan(joined.image[:, 40:80]).all()
    assert joined.plane(NO_DATA).sum() == 60 * 40 + 10 * 40


def test_the_first_input_with_a_value_is_taken(make_exposure: Callable[..., Exposure]) -> None:
    one, other = make_exposure(shape=(50, 50)), make_exposure(shape=(50, 50), seed=9)
    image = one.image.copy()
    image[10:20, 10:20] = np.nan
    joined = mosaic([replace(one, image=image), other])

    known = np.isfinite(image)
    assert np.array_equal(joined.image[known], image[known])
    assert np.array_equal(joined.image[10:20, 10:20], other.image[10:20, 10:20], equal_nan=True)
    assert np.array_equal(joined.mask[12, 12], other.mask[12, 12])  # type: ignore[index]


def smooth(wcs: WCS, shape: tuple[int, int], pixel: float) -> Exposure:
    """A sky that is known everywhere, per pixel of a size."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    ra, dec = (each.reshape(shape) for each in world.sky(wcs, x, y))
    away = (ra + 180) % 360 - 180
    flux = (100 + 4e4 * away + 2e4 * dec + 3e7 * away * dec) * (pixel / 1e-4) ** 2
    return Exposure(
        flux.astype(np.float32),
        wcs,
        np.where(dec > 0, 1, 0).astype(np.int32),
        {"NORTH": 0},
        np.full(shape, 4.0, np.float32),
    )


def test_other_grids_are_brought_to_the_first(make_tangent: Callable[..., WCS]) -> None:
    target = smooth(make_tangent(0.0, 0.0, (120, 130), pixel=1e-4, turn=0.2), (120, 130), 1e-4)
    source = smooth(make_tangent(0.001, 0.0005, (200, 220), pixel=0.7e-4, turn=1.3), (200, 220), 0.7e-4)
    moved = reprojected(source, target.wcs, (120, 130))

    there = np.isfinite(moved.image)
    assert 0.5 < there.mean() < 1
    assert np.abs(moved.image - target.image)[there].max() < 0.02
    ratio = (1 / 0.7) ** 2
    assert moved.variance[there] == pytest.approx(4 * ratio**2, rel=1e-5)  # type: ignore[index]
    assert np.mean(moved.plane("NORTH")[there] == target.plane("NORTH")[there]) > 0.98
    assert moved.plane(NO_DATA)[~there].mean() > 0.9
    assert offset(source.wcs, source.image.shape, target.wcs) is None
    joined = mosaic([target.cut(Box(0, 0, 60, 120)), source], target.wcs, (120, 130))
    assert np.array_equal(joined.image[:, :60], target.image[:, :60])
    assert np.nanmax(np.abs(joined.image - target.image)) < 0.02


def test_what_cannot_be_joined_is_refused(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(shape=(20, 30))
    away = make_exposure(28.0, 0.3, (20, 30))
    with pytest.raises(UsageError, match="at least one image"):
        mosaic([])
    with pytest.raises(UsageError, match="its shape"):
        mosaic([exposure], exposure.wcs)
    with pytest.raises(NoOverlapError, match="No pixel that is asked for"):
        mosaic([away], exposure.wcs, (20, 30))
    with pytest.raises(UsageError, match="too far apart"):
        mosaic([exposure, make_exposure(205.6, -0.3, (20, 30))])


def test_real_images_of_three_bands_share_their_grid(shared: object) -> None:
    made = []
    for band in "jhk":
        with standard_fits.open(shared / "data" / "images_multiband" / f"gc_2mass_{band}.fits") as hdus:  # type: ignore[operator]
            made.append(Exposure(np.asarray(hdus[0].data, np.float32), world.read(hdus[0].header)))

    assert [offset(each.wcs, each.image.shape, made[0].wcs) for each in made] == [(0, 0)] * 3


@pytest.mark.parametrize("turn", [None, 1.1])
def test_a_cutout_across_patches_is_that_of_the_whole(
    turn: float | None, make_exposure: Callable[..., Exposure], make_tangent: Callable[..., WCS]
) -> None:
    whole = smooth(make_tangent(0.0, 0.0, (300, 310), pixel=1e-4), (300, 310), 1e-4)
    parts = [whole.cut(Box(0, 0, 160, 300)), whole.cut(Box(150, 0, 310, 300))]
    if turn is not None:
        parts[1] = smooth(make_tangent(359.99, 0.003, (400, 400), pixel=1e-4, turn=turn), (400, 400), 1e-4)
    files = []
    for part in [*parts, make_exposure(40.0, 0.0, (30, 30))]:
        files.append(io.BytesIO())
        fits.write(part, files[-1])
    ra, dec = world.sky(whole.wcs, 155, 140)
    region = Circle(Position(ra[0], dec[0]), 40.3e-4)
    joined, used = mosaic_cutout(files[::-1] if turn is None else files, region)

    assert sorted(used) == ([1, 2] if turn is None else [0, 1])
    box = box_of(region, whole.wcs, whole.image.shape)
    assert joined.image.shape == box.shape
    if turn is None:
        assert joined.box == box
        assert np.array_equal(joined.image, whole.cut(box).image)
        assert np.array_equal(joined.plane("NORTH"), whole.cut(box).plane("NORTH"))
    else:
        there = np.isfinite(joined.image)
        assert there.mean() > 0.99
        assert np.abs(joined.image - whole.cut(box).image)[there].max() < 0.05
    with pytest.raises(LimitError, match="of at most 5,000"):
        mosaic_cutout(files, region, most_pixels=5000)
    with pytest.raises(NoOverlapError, match="has no pixel of the image"):
        mosaic_cutout(files, Circle(Position(100, 50), 0.1))
