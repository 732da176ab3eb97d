from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import NotFoundError, UsageError
from sciplat.images import fits, tiles
from sciplat.images.exposure import Exposure


@given(level=st.integers(0, 2), column=st.integers(0, 3), row=st.integers(0, 2), gaps=st.booleans())
@settings(max_examples=examples(30))
def test_a_pixel_of_a_tile_is_the_mean_of_those_below(
    level: int, column: int, row: int, gaps: bool, make_exposure: Callable[..., Exposure]
) -> None:
    exposure = make_exposure(shape=(600, 790), origin=(50, -3))
    image = exposure.image if gaps else np.nan_to_num(exposure.image, nan=5.0)
    exposure = Exposure(image, exposure.wcs, exposure.mask, exposure.planes, origin=exposure.origin)
    side, block = 256 << level, 1 << level
    rows, columns = slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
    if not exposure.image[rows, columns].size:
        with pytest.raises(NotFoundError, match=f"there is no {column}, {row}"):
            tiles.tile(exposure, level, column, row)
        return
    made = tiles.tile(exposure, level, column, row)

    height, width = exposure.image[rows, columns].shape
    assert made.image.shape == (-(-height // block), -(-width // block))
    for y, x in [(0, 0), (made.image.shape[0] - 1, made.image.shape[1] - 1), (made.image.shape[0] // 2, 0)]:
        below = (slice(y * block, (y + 1) * block), slice(x * block, (x + 1) * block))
        pixels, bits = exposure.image[rows, columns][below], exposure.mask[rows, columns][below]  # type: ignore[index]
        wanted = np.nan if np.isnan(pixels).all() else np.nanmean(pixels.astype(np.float64))
        assert made.image[y, x] == pytest.approx(wanted, rel=1e-6, nan_ok=True)
        assert made.mask[y, x] == np.bitwise_or.reduce(bits.ravel())  # type: ignore[index]


def test_tiles_of_a_file_are_those_of_its_exposure(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(shape=(1100, 700), origin=(-30, 9))
    file = io.BytesIO()
    fits.write(exposure, file)

    assert tiles.levels(exposure.image.shape) == 4
    with fits.opened(file) as opened:
        for level, column, row in ((0, 2, 4), (1, 1, 1), (2, 0, 1), (3, 0, 0)):
            one, other = (tiles.tile(source, level, column, row) for source in (opened, exposure))
            assert np.array_equal(one.image, other.image, equal_nan=True)
            assert np.array_equal(one.mask, other.mask)  # type: ignore[arg-type]
        assert tiles.tile(opened, 3, 0, 0, mask=False).mask is None
        with pytest.raises(NotFoundError, match="levels 0 to 3, not 4"):
            tiles.tile(opened, 4, 0, 0)


@pytest.mark.parametrize(("pixels", "count"), [(1, 1), (256, 1), (257, 2), (512, 2), (513, 3), (4096, 5)])
def test_the_last_level_is_one_tile(pixels: int, count: int) -> None:
    assert tiles.levels((pixels, 10)) == tiles.levels((10, pixels)) == count
    assert -(-pixels // (256 << (count - 1))) == 1


def test_an_overview_is_no_larger_than_asked(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(shape=(300, 520))

    assert tiles.overview(exposure, 1024) is not None
    assert [tiles.overview(exposure, most).shape for most in (520, 519, 260, 100)] == [
        *((300, 520), (150, 260), (150, 260), (38, 65))
    ]


def test_a_pixel_without_any_value_is_nan(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(shape=(512, 512))
    image = exposure.image.copy()
    image[:2, :2], image[2:4, :2], image[3, 1] = np.nan, np.nan, 7.0
    made = tiles.tile(Exposure(image, exposure.wcs), 1, 0, 0)

    assert np.isnan(made.image[0, 0])
    assert made.image[1, 0] == 7.0


def test_what_goes_over_the_wire_comes_back(exposure: Exposure) -> None:
    for mask in (True, False):
        made = tiles.tile(exposure, 1, 0, 0, mask=mask)
        content = tiles.encode(made)
        again = tiles.decode(content)

        assert struct.unpack_from("<4sHHBB", content) == (b"SPT1", 140, 150, 1, mask)
        assert np.array_equal(again.image, made.image, equal_nan=True)
        assert (again.mask is None) is not mask
        assert again.level == 1
        if mask:
            assert np.array_equal(again.mask, made.mask)  # type: ignore[arg-type]
    for wrong in (b"", b"PNG", content[:-1]):
        with pytest.raises(UsageError, match="tile"):
            tiles.decode(wrong)


def test_the_value_of_a_pixel_is_exact(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(359.9999, 0.0, origin=(1000, 2000))
    file = io.BytesIO()
    fits.write(exposure, file)
    with fits.opened(file) as opened:
        found = tiles.value(opened, 1100, 2150)
        assert found == tiles.value(exposure, 1100, 2150)
        with pytest.raises(UsageError, match="there is no pixel 0, 0"):
            tiles.value(opened, 0, 0)

    assert found.image == exposure.image[150, 100]
    assert found.variance == exposure.variance[150, 100]  # type: ignore[index]
    assert set(found.flags) == {n for n in exposure.planes if exposure.plane(n)[150, 100]}
    sky = exposure.wcs.pixel_to_world(100, 150)
    assert (found.ra, found.dec) == pytest.approx((sky.ra.deg, sky.dec.deg), abs=1e-11)


@pytest.mark.slow
def test_the_first_tile_of_a_cold_image_is_quicker_than_reading_its_planes(
    make_exposure: Callable[..., Exposure],
) -> None:
    file = io.BytesIO()
    fits.write(make_exposure(shape=(2048, 2048)), file, quantize=16)
    tile_seconds, plane_seconds = 9.0, 9.0
    for _ in range(3):
        begin = time.process_time()
        with fits.opened(file) as opened:
            tiles.tile(opened, 3, 0, 0, mask=False)
        middle = time.process_time()
        with standard_fits.open(io.BytesIO(file.getvalue())) as hdus:
            assert all(hdus[name].data.size for name in ("IMAGE", "MASK", "VARIANCE"))
            end = time.process_time()
        tile_seconds, plane_seconds = min(tile_seconds, middle - begin), min(plane_seconds, end - middle)

    assert tile_seconds < 0.8 * plane_seconds
