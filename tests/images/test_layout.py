"""Exposures in files that others laid out: the planes are those of the files, whole and by box."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.sky_files import SHAPE, pixels, simple, sky_header

from sciplat.errors import ImageFileError, UsageError
from sciplat.images.box import Box
from sciplat.images.fits import write
from sciplat.images.layout import Layout, MaskPlane, Plane, VariancePlane, outline, pixels_of
from sciplat.images.search import files_in, layouts_in
from sciplat.sky import Position, separation


def read(layout, box=None):
    with pixels_of(layout) as exposure:
        return exposure.read(box)


def found(*paths, refused=None):
    return layouts_in(files_in(paths), (refused if refused is not None else {}).__setitem__)


@pytest.fixture(scope="module")
def triplet(tmp_path_factory):
    """Image, codes and weights in three files of two HDUs each, world coordinates in the image's alone."""
    folder = tmp_path_factory.mktemp("triplet")
    codes = np.zeros(SHAPE, np.int32)
    codes[0, 0], codes[1, 2], codes[3, 3] = 1, 3, 12
    weights = np.full(SHAPE, 0.25, np.float32)
    weights[0, 0] = 0
    for word, planes in (
        ("ooi", [pixels(1), pixels(2)]),
        ("ood", [codes, np.zeros_like(codes)]),
        ("oow", [weights, weights]),
    ):
        hdus = [fits.PrimaryHDU(header=fits.Header({"PLVER": "V4.8", "INSTRUME": "DECam"}))]
        for name, plane in zip(("N1", "N2"), planes, strict=True):
            header = sky_header(10.0 if name == "N1" else 10.1) if word == "ooi" else None
            hdus.append(
                fits.CompImageHDU(plane, header, name=name, quantize_level=0, compression_type="GZIP_1")
            )
        fits.HDUList(hdus).writeto(folder / f"c4d_1_{word}_g_v1.fits.fz")
    return folder


def test_a_triplet_is_one_exposure_a_hdu(triplet):
    refused: dict = {}
    layouts = found(triplet, refused=refused)

    assert refused == {}
    assert [(each.image.hdu, each.mask.hdu, each.variance.hdu) for each in layouts] == [(1, 1, 1), (2, 2, 2)]
    exposure = read(layouts[0])
    np.testing.assert_array_equal(exposure.image, pixels(1))
    assert (exposure.mask[0, 0], exposure.mask[1, 2], exposure.mask[3, 3]) == (1, 4, 1 << 11)
    assert (exposure.planes["BAD"], exposure.planes["SAT"], exposure.planes["BIT11"]) == (0, 2, 11)
    assert exposure.variance[5, 5] == 4
    assert exposure.variance[0, 0] == np.inf
    assert exposure.header["PLVER"] == "V4.8"


def test_a_mask_without_its_image_is_said(triplet, tmp_path):
    for path in triplet.glob("*oo[dw]*"):
        shutil.copy(path, tmp_path)
    refused: dict = {}

    assert found(tmp_path, refused=refused) == []
    assert sorted(reason.split(" of an image")[0] for reason in refused.values()) == [
        "it is the mask",
        "it is the weight",
    ]


def test_planes_of_one_file_go_by_their_names(tmp_path):
    planes = {"SCI": pixels(), "ERR": np.full(SHAPE, 3, "f4"), "DQ": np.ones(SHAPE, "i2"), "WHT": pixels()}
    hdus = [fits.PrimaryHDU()]
    for version in (1, 2):
        for name, plane in planes.items():
            hdus.append(fits.ImageHDU(plane, sky_header() if name == "SCI" else None, name=name, ver=version))
    fits.HDUList(hdus).writeto(tmp_path / "hst.fits")

    first, second = found(tmp_path)
    assert (second.image.hdu, second.variance, second.mask.hdu) == (
        5,
        VariancePlane(first.image.file, 6, "sigma"),
        7,
    )
    exposure = read(first)
    assert (exposure.variance == 9).all()
    assert exposure.planes == {"BIT0": 0}


def test_our_own_files_are_read_as_such(tmp_path):
    mask = fits.ImageHDU(np.full(SHAPE, 5, np.int32), name="MASK")
    mask.header["MP_SAT"], mask.header["MP_BAD"] = 2, 0
    image = fits.ImageHDU(pixels(), sky_header(), name="IMAGE")
    fits.HDUList([fits.PrimaryHDU(), image, mask, fits.ImageHDU(pixels(), name="VARIANCE")]).writeto(
        tmp_path / "a.fits"
    )

    (layout,) = found(tmp_path)
    assert dict(read(layout).planes) == {"SAT": 2, "BAD": 0}


@pytest.mark.parametrize(
    ("image", "other", "holds"),
    [
        ("a.fits", "a.weight.fits", "weight"),
        ("a_sci.fits", "a_rms.fits", "sigma"),
        ("w1-int-3.fits", "w1-unc-3.fits", "sigma"),
        ("a.fits", "a_var.fits", "variance"),
        ("stamp_crop.fits", "stamp.noise_crop.fits", "sigma"),
    ],
)
def test_files_go_together_by_their_names(tmp_path, image, other, holds):
    simple(tmp_path / image)
    simple(tmp_path / other)
    simple(tmp_path / "b.fits", seed=3)

    layouts = {layout.image.file.name: layout for layout in found(tmp_path)}
    assert set(layouts) == {image, "b.fits"}
    assert layouts[image].variance.holds == holds
    assert layouts["b.fits"].variance is None


def test_a_file_that_is_called_like_a_mask_and_goes_with_none_is_an_image(tmp_path):
    simple(tmp_path / "error.fits")
    simple(tmp_path / "mask_1.fits")
    fits.writeto(tmp_path / "x_mask.fits", np.zeros((9, 9)), sky_header())
    simple(tmp_path / "x.fits")

    assert [layout.image.file.name for layout in found(tmp_path)] == [
        "error.fits",
        "mask_1.fits",
        "x.fits",
        "x_mask.fits",
    ]


def test_world_coordinates_may_lie_in_the_first_hdu_or_where_a_profile_says(tmp_path):
    hdus = [
        fits.PrimaryHDU(header=sky_header(33.0)),
        fits.ImageHDU(pixels()),
        fits.ImageHDU(pixels(1), sky_header(44.0)),
    ]
    fits.HDUList(hdus).writeto(tmp_path / "a.fits")
    path = tmp_path / "a.fits"

    assert read(Layout(Plane(path, 1))).wcs.wcs.crval[0] == 33
    assert read(Layout(Plane(path, 1), wcs=Plane(path, 2))).wcs.wcs.crval[0] == 44


def test_scaled_unsigned_packed_and_degenerate_images_have_their_values(tmp_path):
    counts = np.arange(2000, dtype=np.uint16).reshape(SHAPE) + 40_000
    fits.writeto(tmp_path / "a.fits", counts, sky_header())
    fits.writeto(tmp_path / "b.fits", pixels()[np.newaxis, np.newaxis], sky_header())
    with (tmp_path / "a.fits").open("rb") as plain, gzip.open(tmp_path / "c.fits.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    layouts = {layout.image.file.name: layout for layout in found(tmp_path)}

    np.testing.assert_array_equal(read(layouts["a.fits"]).image, counts)
    np.testing.assert_array_equal(read(layouts["b.fits"]).image, pixels())
    np.testing.assert_array_equal(read(layouts["c.fits.gz"], Box(3, 4, 13, 9)).image, counts[4:9, 3:13])


@settings(max_examples=examples(25))
@given(st.data())
def test_a_box_is_the_part_of_the_whole(triplet, data):
    layout = found(triplet)[0]
    x0, y0 = data.draw(st.integers(0, SHAPE[1] - 1)), data.draw(st.integers(0, SHAPE[0] - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, SHAPE[1])), data.draw(st.integers(y0 + 1, SHAPE[0])))
    whole, part = read(layout), read(layout, box)

    rows, columns = box.slices((0, 0))
    for name in ("image", "mask", "variance"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows, columns])
    there = whole.wcs.all_pix2world([[x0, y0]], 0)
    np.testing.assert_allclose(part.wcs.all_pix2world([[0, 0]], 0), there, atol=1e-11)


def test_what_is_not_there_is_said(triplet, tmp_path):
    image = found(triplet)[0].image
    with pytest.raises(ImageFileError, match="has no HDU 9; its last is 2"):
        read(Layout(Plane(image.file, 9)))
    with pytest.raises(UsageError, match="The image has"):
        read(Layout(image), Box(0, 0, 999, 2))
    small = simple(tmp_path / "small.fits")
    fits.writeto(tmp_path / "mask.fits", np.zeros((3, 3), np.int16))
    with pytest.raises(ImageFileError, match=r"mask.fits\[0\] has shape \(3, 3\), the image \(40, 50\)"):
        read(Layout(Plane(small, 0), MaskPlane(tmp_path / "mask.fits", 0)))
    with pytest.raises(ImageFileError, match="There is no file"):
        read(Layout(Plane(tmp_path / "none.fits", 0)))


def test_a_layout_is_kept_as_json(triplet):
    for layout in found(triplet):
        assert Layout.from_json(layout.to_json()) == layout


def test_broken_cards_are_left_away_and_the_rest_is_kept(tmp_path):
    path = simple(tmp_path / "a.fits", OBJECT="M31")
    raw = path.read_bytes().replace(b"OBJECT  = 'M31     '".ljust(80), b"obj$ct  = 'never ended".ljust(80), 1)
    path.write_bytes(raw)

    exposure = read(found(path)[0])
    assert "obj$ct" not in exposure.header
    write(exposure, tmp_path / "ours.fits")
    with fits.open(tmp_path / "ours.fits") as hdus:
        hdus.verify("exception")


def test_an_outline_holds_the_image_over_ra_0_and_a_pole():
    from sciplat.images import wcs as world

    for ra, dec in ((0.0, 0.0), (123.0, 89.999)):
        corners = outline(world.read(sky_header(ra, dec)), SHAPE)
        assert max(separation(Position(ra, dec), corner) for corner in corners) < 33 / 3600


def attacks(folder: Path) -> dict[str, Path]:
    """Files that no reader should trust."""
    made = {}

    def bytes_of(name, **changes):
        path = simple(folder / f"{name}.fits")
        raw = path.read_bytes()
        for old, new in changes.items():
            key, _, value = new.partition("=")
            start = raw.index(old.encode().ljust(8))
            raw = raw[:start] + f"{key:<8}= {value:>20}".ljust(80).encode() + raw[start + 80 :]
        path.write_bytes(raw)
        made[name] = path
        return path

    path = bytes_of("cut_off")
    path.write_bytes(path.read_bytes()[:5000])
    bytes_of("huge", NAXIS1="NAXIS1=1000000000", NAXIS2="NAXIS2=1000000000")
    bytes_of("larger", NAXIS1="NAXIS1=5000")
    bytes_of("negative", NAXIS1="NAXIS1=-5")
    bytes_of("odd_bitpix", BITPIX="BITPIX=-31")
    bytes_of("singular", CDELT1="CDELT1=0.0", CDELT2="CDELT2=0.0")
    bytes_of("nowhere", CRVAL2="CRVAL2=9999.0")
    bytes_of("no_sky", CTYPE1="CTYPE1='LINEAR'", CTYPE2="CTYPE2='LINEAR'")
    fits.writeto(folder / "no_wcs.fits", pixels())
    made["no_wcs"] = folder / "no_wcs.fits"
    fits.writeto(folder / "cube.fits", np.zeros((3, *SHAPE), np.float32), sky_header())
    made["cube"] = folder / "cube.fits"
    for name, content in (
        ("empty", b""),
        ("text", b"hello"),
        ("zeros", bytes(28800)),
        ("header", b"SIMPLE  =                    T".ljust(2880)),
    ):
        made[name] = folder / f"{name}.fits"
        made[name].write_bytes(content)
    packed = folder / "broken.fits.gz"
    packed.write_bytes(gzip.compress(simple(folder / "z" / "z.fits").read_bytes())[:2000])
    made["broken"] = packed
    bomb = folder / "bomb.fits.gz"
    header = sky_header().copy()
    header.insert(0, ("NAXIS2", 1_000_000_000))
    header.insert(0, ("NAXIS1", 1_000_000_000))
    header.insert(0, ("NAXIS", 2))
    header.insert(0, ("BITPIX", -32))
    header.insert(0, ("SIMPLE", True))
    with gzip.open(bomb, "wb") as file:
        file.write(header.tostring().encode())
        file.write(bytes(50_000_000))
    made["bomb"] = bomb
    return made


def footprint_and_pixels(layout):
    with pixels_of(layout) as exposure:
        outline(exposure.wcs, exposure.box.shape)
        return exposure.read()


def test_files_that_cannot_be_are_refused_by_name_each_with_what_to_do(tmp_path):
    for name, path in attacks(tmp_path).items():
        refused: dict = {}
        layouts = layouts_in([path], refused.__setitem__)
        if not layouts:
            assert list(refused) == [path], name
            assert len(refused[path]) > 20, name
            continue
        with pytest.raises(ImageFileError) as caught:
            footprint_and_pixels(layouts[0])
        assert len(str(caught.value)) > 20, name


def test_a_name_that_cannot_be_printed_is_refused(tmp_path):
    path = simple(tmp_path / "a\udce4\n.fits")
    refused: dict = {}

    assert layouts_in([path], refused.__setitem__) == []
    assert "rename it" in refused[path]
