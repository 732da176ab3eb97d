from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from support.sky_files import simple

from sciplat.errors import ImageFileError, NotFoundError
from sciplat.images import fits, pyramid, tiles
from sciplat.images.exposure import Exposure
from sciplat.images.layout import Layout, MaskPlane, Plane
from sciplat.images.pixels import ImagePlace

Made = dict[tuple[int, int, int], tiles.Tile]


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.mark.parametrize("shape", [(1300, 2100), (1024, 1025), (700, 900)])
@pytest.mark.parametrize("mask", [True, False])
def test_one_pass_makes_every_tile_of_the_upper_levels(
    shape: tuple[int, int], mask: bool, executor: ThreadPoolExecutor, make_exposure: Callable[..., Exposure]
) -> None:
    exposure = make_exposure(shape=shape, origin=(7, -9))
    top = tiles.levels(shape) - 1
    found: Made = {}

    whole = pyramid.build(
        lambda: contextlib.nullcontext(exposure),
        top,
        0,
        0,
        mask=mask,
        executor=executor,
        keep=lambda *made: found.update({made[:3]: made[3]}),
    )

    assert set(found) == {
        (level, column, row)
        for level in range(2, top + 1)
        for column in range(-(-shape[1] // (256 << level)))
        for row in range(-(-shape[0] // (256 << level)))
    }
    assert np.array_equal(whole.image, found[top, 0, 0].image, equal_nan=True)
    for (level, column, row), made in found.items():
        alone = tiles.tile(exposure, level, column, row, mask=mask)
        np.testing.assert_allclose(made.image, alone.image, rtol=2e-6)
        assert made.level == level
        assert (made.mask is None) is not mask
        if mask:
            assert np.array_equal(made.mask, alone.mask)  # type: ignore[arg-type]


def test_levels_above_those_that_are_made_together_are_made_of_them(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, make_exposure: Callable[..., Exposure]
) -> None:
    monkeypatch.setattr(pyramid, "_TOGETHER", 0)
    exposure = make_exposure(shape=(2100, 1300))

    made = pyramid.build(lambda: contextlib.nullcontext(exposure), 4, 0, 0, mask=True, executor=executor)

    np.testing.assert_allclose(made.image, tiles.tile(exposure, 4, 0, 0).image, rtol=2e-6)


def test_a_part_of_an_image_is_made_without_the_rest(
    executor: ThreadPoolExecutor, make_exposure: Callable[..., Exposure]
) -> None:
    exposure = make_exposure(shape=(2048, 2048))
    exposure.image[:1024] = np.inf
    found: Made = {}

    pyramid.build(
        lambda: contextlib.nullcontext(exposure),
        2,
        1,
        1,
        mask=False,
        executor=executor,
        keep=lambda *made: found.update({made[:3]: made[3]}),
    )

    assert set(found) == {(2, 1, 1)}
    with pytest.raises(NotFoundError, match="2 columns and 2 rows"):
        pyramid.build(lambda: contextlib.nullcontext(exposure), 2, 2, 0, mask=False, executor=executor)


@pytest.mark.slow
def test_a_damaged_file_is_an_error_and_nothing_hangs(
    tmp_path: Path, executor: ThreadPoolExecutor, make_exposure: Callable[..., Exposure]
) -> None:
    whole = io.BytesIO()
    fits.write(make_exposure(shape=(2048, 1100)), whole)
    path = tmp_path / "cut.fits"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 4])

    for _ in range(3):
        with pytest.raises(ImageFileError, match=r"cut\.fits"):
            pyramid.build(ImagePlace(path).open, 3, 0, 0, mask=False, executor=executor)


def test_an_image_in_files_of_others_has_tiles_as_ours_have(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    path = simple(tmp_path / "im_ooi.fits", 3)
    standard_fits.writeto(tmp_path / "im_ood.fits", np.full((40, 50), 5, np.int16))
    layout = Layout(Plane(path, 0), MaskPlane(tmp_path / "im_ood.fits", 0, planes={"HOT": 0}))
    place = ImagePlace(path, layout)

    assert place.paths == (path, tmp_path / "im_ood.fits")
    with place.open() as source:
        made = tiles.tile(source, 0, 0, 0)
        value = tiles.value(source, 4, 5)
        assert source.planes == {"HOT": 0}
    assert np.array_equal(made.image, standard_fits.getdata(path))
    assert made.mask is not None
    assert (made.mask == 5).all()
    assert value.flags == ("HOT", "BIT2")
