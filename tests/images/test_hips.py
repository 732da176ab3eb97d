from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import pytest
from astropy.coordinates import ICRS, SkyCoord
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from mocpy import MOC
from reproject.hips._utils import tile_header
from support.examples import examples

from sciplat.images import hips
from sciplat.images.exposure import Exposure

PLACES = [(0, 0), (0, 511), (511, 0), (511, 511), (200, 100)]


@given(order=st.integers(0, 14), part=st.floats(0, 1, exclude_max=True))
@settings(max_examples=examples(25))
def test_cells_lie_where_the_header_puts_them_and_other_software_too(order: int, part: float) -> None:
    tile = int(part * 12 * 4**order)
    ra, dec = hips.directions(order, tile)
    ours = WCS(hips.header_of(order, tile))
    theirs = tile_header(level=order, index=tile, frame=ICRS(), tile_dims=512)
    # A tile at the seam of the projection has two headers there.
    others = [WCS(each) for each in (theirs if isinstance(theirs, tuple | list) else [theirs])]

    cells = SkyCoord([ra[at] for at in PLACES], [dec[at] for at in PLACES], unit="deg")
    for wcs in (ours, others[0]):
        lon, lat = wcs.wcs_pix2world([(column, row) for row, column in PLACES], 0).T
        there = SkyCoord(lon, lat, unit="deg")
        if len(others) == 1:
            assert there.separation(cells).arcsec.max() < 1e-4


def test_the_header_is_that_of_the_standard() -> None:
    header = hips.header_of(0, 7)

    assert (header["CRPIX1"], header["CRPIX2"]) == (-255.5, -255.5)
    assert header["CD1_1"] == header["CD1_2"] == header["CD2_2"] == -0.087890625
    assert header["CD2_1"] == 0.087890625


def test_the_order_has_cells_like_the_pixels() -> None:
    assert hips.order_for(0.2 / 3600) == 11
    assert hips.order_for(0.8 / 3600) == 9
    assert hips.order_for(50.0) == 0
    assert hips.order_for(1e-12) == 20


@pytest.mark.slow
def test_an_image_comes_to_its_cells(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(10.0, 20.0, (400, 420), pixel=0.8 / 3600)
    y, x = np.mgrid[:400, :420]
    image = (3 * x + 5 * y).astype(np.float32)
    image[100:110, 200:220] = np.nan
    exposure = Exposure(image, exposure.wcs)
    source = contextlib.nullcontext(_Read(exposure))
    order = hips.order_for(0.8 / 3600)
    tiles = hips.tiles_under(exposure.wcs, image.shape, order)
    seen = 0
    for tile in tiles:
        ra, dec = hips.directions(order, tile)
        with source as pixels:
            found = hips.onto(pixels, ra, dec)  # type: ignore[arg-type]
        if found is None:
            continue
        at_x, at_y = (
            each.reshape(ra.shape) for each in exposure.wcs.wcs_world2pix(ra.ravel(), dec.ravel(), 0)
        )
        inside = (at_x > 0) & (at_x < 419) & (at_y > 0) & (at_y < 399)
        hole = (at_x > 198) & (at_x < 221) & (at_y > 98) & (at_y < 111)
        np.testing.assert_allclose(found[inside & ~hole], (3 * at_x + 5 * at_y)[inside & ~hole], atol=2e-3)
        assert np.isnan(found[(at_x > 201) & (at_x < 218) & (at_y > 101) & (at_y < 108)]).all()
        seen += int(inside.sum())
    assert seen == pytest.approx(400 * 420 * (0.8 / (58.6323 * 3600 / 512 / 2**order)) ** 2, rel=0.02)
    far_ra, far_dec = hips.directions(order, 0)
    assert hips.onto(_Read(exposure), far_ra, far_dec) is None  # type: ignore[arg-type]


class _Read:
    """An exposure as an open file gives it."""

    def __init__(self, exposure: Exposure) -> None:
        self.box, self.wcs, self._image = exposure.box, exposure.wcs, exposure.image

    def plane(self, _name: str, box: object) -> np.ndarray:
        return self._image[box.slices()]  # type: ignore[attr-defined]


def test_a_tile_above_has_the_means_of_those_below_at_their_places() -> None:
    children = {
        4 * 77 + number: hips.directions(3, 4 * 77 + number)[1].astype(np.float32) for number in range(4)
    }
    children[4 * 77][3, 4] = np.nan

    whole = hips.joined(children)

    np.testing.assert_allclose(whole, hips.directions(2, 77)[1], atol=0.05)
    assert np.isfinite(whole).all()
    assert np.isnan(hips.joined({5: children[4 * 77]})).sum() == 3 * 256 * 256


def test_the_cells_of_a_tile_are_those_under_its_pixels() -> None:
    chosen = np.zeros((16, 16), np.bool_)
    chosen[3, 12] = True
    (cell,) = hips.cells_of(1000, chosen)
    ra, dec = hips.directions(5, 1000)

    moc = MOC.from_healpix_cells(np.array([cell]), np.array([9], np.uint8), max_depth=9)
    there = np.kron(chosen, np.ones((32, 32))).astype(np.bool_)
    inside = moc.contains_skycoords(SkyCoord(ra, dec, unit="deg")).reshape(ra.shape)

    assert np.array_equal(inside, there)


def test_the_whole_sky_is_laid_out_by_number() -> None:
    first, later = np.full((512, 512), 1.0, np.float32), np.full((512, 512), 2.0, np.float32)

    whole = hips.allsky([(0, first), (28, later)], np.nan)

    assert whole.shape == (29 * 64, 27 * 64)
    assert (whole[-64:, :64] == 1).all()  # the first one at the upper left
    assert (whole[-128:-64, 64:128] == 2).all()
    assert np.isfinite(whole).sum() == 2 * 64 * 64
