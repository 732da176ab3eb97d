from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import ImageFileError, NotFoundError, UsageError
from sciplat.images import fits
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure


def written(exposure: Exposure, **how: object) -> io.BytesIO:
    target = io.BytesIO()
    fits.write(exposure, target, **how)  # type: ignore[arg-type]
    target.seek(0)
    return target


def same(a: Exposure, b: Exposure) -> bool:
    return (
        a.box == b.box
        and dict(a.planes) == dict(b.planes)
        and a.header.tostring() == b.header.tostring()
        and all(
            np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True)
            for name in ("image", "mask", "variance")
        )
        and (a.psf is b.psf is None or np.array_equal(a.psf.kernels, b.psf.kernels))  # type: ignore[union-attr]
    )


@pytest.mark.parametrize("compress", [True, False])
def test_what_is_written_is_read_back_bit_for_bit(exposure: Exposure, tmp_path: Path, compress: bool) -> None:
    fits.write(exposure, tmp_path / "image.fits", compress=compress)

    again = fits.read(tmp_path / "image.fits")
    assert same(again, exposure)
    pixels = np.random.default_rng(2).uniform(0, 300, (200, 2))
    assert np.abs(again.wcs.all_pix2world(pixels, 0) - exposure.wcs.all_pix2world(pixels, 0)).max() < 1e-12


def test_a_quantised_file_is_smaller_and_near(make_exposure: Callable[..., Exposure]) -> None:
    exposure = make_exposure(shape=(512, 512))
    exact, rounded = written(exposure), written(exposure, quantize=8)

    again = fits.read(rounded)
    assert len(rounded.getvalue()) < len(exact.getvalue()) / 1.8
    assert np.nanmax(np.abs(again.image - exposure.image)) < 10 / 8
    assert np.array_equal(np.isnan(again.image), np.isnan(exposure.image))
    assert np.array_equal(again.mask, exposure.mask)


@given(data=st.data())
@settings(max_examples=examples(25))
@pytest.mark.parametrize("how", [{}, {"quantize": 8.0}, {"compress": False}])
def test_a_box_read_alone_is_that_of_the_whole(
    how: dict[str, object], data: st.DataObject, make_exposure: Callable[..., Exposure]
) -> None:
    if str(how) not in _files:
        made = written(make_exposure(shape=(520, 300), origin=(-40, 7)), **how)
        _files[str(how)] = made, fits.read(made)
    file, whole = _files[str(how)]
    x0, y0 = data.draw(st.integers(-40, 259)), data.draw(st.integers(7, 526))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, 260)), data.draw(st.integers(y0 + 1, 527)))

    assert same(fits.read(file, box), whole.cut(box))


_files: dict[str, tuple[io.BytesIO, Exposure]] = {}


def test_components_are_read_alone(exposure: Exposure, tmp_path: Path) -> None:
    path = tmp_path / "image.fits"
    fits.write(exposure, path)
    box = Box(20, 30, 40, 60)
    cut = exposure.cut(box)

    assert np.array_equal(fits.read_component(path, "mask", box), cut.mask)
    assert fits.read_component(path, "planes") == dict(exposure.planes)
    assert fits.read_component(path, "header")["BAND"] == "r"
    assert fits.read_component(path, "box") == exposure.box
    assert np.allclose(fits.read_component(path, "wcs", box).wcs.crpix, cut.wcs.wcs.crpix)
    assert np.array_equal(fits.read_component(path, "psf").kernels, exposure.psf.kernels)  # type: ignore[union-attr]
    with pytest.raises(NotFoundError, match="no component weight; it has image, mask"):
        fits.read_component(path, "weight")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="the box asks for"):
        fits.read_component(path, "image", Box(0, 0, 9999, 1))


def test_the_layout_is_that_of_the_page(exposure: Exposure) -> None:
    with standard_fits.open(written(exposure.cut(Box(10, 20, 290 - 30, 300)))) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "IMAGE", "MASK", "VARIANCE", "PSF"]
        assert hdus[1].tile_shape == (256, 250)
        for hdu in hdus[1:4]:
            assert (hdu.header["LTV1"], hdu.header["LTV2"]) == (-10, -20)
            assert world.read(hdu.header).wcs.crval[0] == 25.6
        assert hdus["MASK"].header["MP_SAT"] == 1
        assert hdus["IMAGE"].header["BUNIT"] == "nJy"
        assert hdus["VARIANCE"].header["BUNIT"] == "(nJy)**2"


def test_an_image_alone_is_enough(exposure: Exposure) -> None:
    again = fits.read(written(Exposure(exposure.image, exposure.wcs)))

    assert again.mask is again.variance is again.psf is None
    assert np.array_equal(again.image, exposure.image, equal_nan=True)


@pytest.mark.filterwarnings("ignore:File may have been truncated", "ignore:Error validating header")
def test_damaged_files_are_refused_in_words(exposure: Exposure, tmp_path: Path) -> None:
    content = written(exposure).getvalue()
    cases = {
        "no FITS": b"hello" * 1000,
        "empty": b"",
        "cut in its data": content[: len(content) // 4],
        "cut in a header": content[:4000],
    }
    for name, broken in cases.items():
        path = tmp_path / f"{name}.fits"
        path.write_bytes(broken)
        with pytest.raises(ImageFileError, match=name):
            fits.read(path)
    with pytest.raises(ImageFileError, match="There is no file"):
        fits.read(tmp_path / "absent.fits")
    standard_fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "other.fits")
    with pytest.raises(ImageFileError, match="no HDU named IMAGE"):
        fits.read(tmp_path / "other.fits")


@pytest.mark.parametrize("folder", ["images_decam_multiepoch", "images_multiband", "images_jwst_two_epoch"])
def test_world_coordinates_of_real_images_are_kept(folder: str, shared: Path) -> None:
    pixels = np.random.default_rng(3).uniform(0, 500, (50, 2))
    found = 0
    for path in sorted((shared / "data" / folder).rglob("*.fits")):
        with standard_fits.open(path) as hdus:
            for hdu in hdus:
                if not hdu.is_image or hdu.header["NAXIS"] < 2:
                    continue
                wcs = world.read(hdu.header, hdus)
                again = world.read(world.cards(wcs))
                here = world.shifted(wcs, 11, -7)
                sky = wcs.all_pix2world(pixels, 0)
                assert np.abs(again.all_pix2world(pixels, 0) - sky).max() < 1e-11
                assert np.abs(here.all_pix2world(pixels - (11, -7), 0) - sky).max() < 1e-11
                found += 1
    assert found >= 3


def test_whole_numbers_are_packed_as_such_and_come_back_bit_for_bit() -> None:
    counts = np.random.default_rng(1).poisson(900, (300, 400)).astype(np.float32)
    counts[3, 4] = 65_535
    sky = WCS(naxis=2)
    sky.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    for name, pixels, kind in (
        ("whole", counts, "RICE_1"),
        ("half", counts + np.float32(0.5), "GZIP_2"),
        ("missing", np.where(counts > 1000, np.float32(np.nan), counts), "GZIP_2"),
        ("negative zero", np.where(counts > 1000, np.float32(-0.0), counts), "GZIP_2"),
        ("large", counts * np.float32(2**15), "GZIP_2"),
    ):
        file = written(Exposure(pixels, sky))
        again = fits.read(file).image
        assert again.dtype == np.float32
        assert np.array_equal(again.view(np.int32), pixels.view(np.int32)), name
        file.seek(0)
        with standard_fits.open(file, disable_image_compression=True) as hdus:
            assert hdus["IMAGE"].header["ZCMPTYPE"] == kind
