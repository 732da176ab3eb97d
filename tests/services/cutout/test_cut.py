"""Cutouts of images that are found by their identifiers: pieces, mosaics, pictures, other grids."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from support.examples import examples

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from support.coadds import SCALE, Sky, make_sky, sky_in
from support.running import copy_home
from support.sky_files import simple

from sciplat.errors import (
    AuthenticationError,
    ImageFileError,
    LimitError,
    NoOverlapError,
    NotFoundError,
    UsageError,
)
from sciplat.identity.models import Scope, User
from sciplat.images import fits
from sciplat.images import wcs as world
from sciplat.images.footprint import box_of
from sciplat.images.preview import grey
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.cutout.cut import CutoutLimits, CutoutService
from sciplat.services.cutout.request import CutoutRequests
from sciplat.services.sendable import Sendable
from sciplat.sky.pos import words
from sciplat.sky.position import Position
from sciplat.sky.region import Circle

NOBODY = Visitor.anonymous()
ADA = Visitor(User("ada", frozenset(), datetime.now(UTC), False), frozenset({Scope.READ_IMAGE}))


@pytest.fixture(scope="module")
def instance(skies, tmp_path_factory) -> Instance:
    return Instance.open(copy_home(skies, tmp_path_factory.mktemp("instance") / "home"))


@pytest.fixture(scope="module")
def sky(instance) -> Sky:
    return sky_in(instance, "wide")


@pytest.fixture(scope="module")
def pole(instance) -> Sky:
    return make_sky(instance, "pole", ra=200.0, dec=90.0)


@pytest.fixture(scope="module")
def seam(instance) -> Sky:
    return make_sky(instance, "seam", ra=0.0, dec=0.0)


@pytest.fixture(scope="module")
def secret(instance) -> Sky:
    return sky_in(instance, "secret")


def ask(instance: Instance, identifier: str, visitor: Visitor = NOBODY, **parameters: str) -> Sendable:
    request = CutoutRequests.of([("ID", identifier), *parameters.items()]).single()
    return instance.images.cutout.cutout(request, visitor=visitor)


def content(made: Sendable) -> io.BytesIO:
    whole = b"".join(made)
    assert len(whole) == made.size
    return io.BytesIO(whole)


def around(exposure, x: float, y: float, pixels: float) -> Circle:
    ra, dec = world.sky(exposure.wcs, x, y)
    return Circle(Position(float(ra[0]), float(dec[0])), pixels * SCALE)


def directions(wcs, x, y) -> np.ndarray:
    ra, dec = np.radians(world.sky(wcs, x, y))
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def test_a_cutout_of_a_dataset_is_its_pixels(instance, sky):
    region = around(sky.visit, 100, 120, 20.2)
    made = ask(instance, sky.did(sky.visit_id), POS=words(region), PLANES="all")
    again = fits.read(file := content(made))

    whole = sky.visit.cut(again.box)
    assert again.image.shape == (41, 41)
    for name in ("image", "mask", "variance"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    assert again.psf is not None
    assert made.name == f"wide-visit_image-WideCam-0-7-{region.centre.ra:.5f}+{region.centre.dec:.5f}.fits"
    assert (made.media_type, made.public) == ("application/fits", True)
    file.seek(0)
    with standard_fits.open(file) as hdus:
        assert hdus[0].header["DATASET"] == sky.did(sky.visit_id)
        assert hdus[0].header["LSST BUTLER ID"] == str(sky.visit_id)


def test_without_a_region_all_of_it_comes(instance, sky):
    made = ask(instance, sky.did(sky.visit_id))

    np.testing.assert_array_equal(fits.read(content(made)).image, sky.visit.image)
    assert made.name == "wide-visit_image-WideCam-0-7.fits"


@pytest.mark.slow
@given(
    place=st.sampled_from(["wide", "pole", "seam"]),
    x=st.floats(-40, 340),
    y=st.floats(-40, 340),
    radius=st.floats(0.3, 60),
)
@settings(max_examples=examples(30), phases=(Phase.explicit, Phase.generate))
def test_a_mosaic_is_the_pixels_of_the_whole_tract(place, x, y, radius, instance, sky, pole, seam):
    there = {"wide": sky, "pole": pole, "seam": seam}[place]
    whole = there.whole["r"]
    region = around(whole, x, y, radius)
    try:
        made = fits.read(content(ask(instance, there.did("deep_coadd/r"), POS=words(region))))
    except NoOverlapError:
        with pytest.raises(NoOverlapError):
            box_of(around(whole, x, y, radius - 0.01), whole.wcs, whole.image.shape)
        return

    box = box_of(region, whole.wcs, whole.image.shape)
    assert made.box == box
    expected = whole.cut(box)
    np.testing.assert_array_equal(made.image, expected.image)
    np.testing.assert_array_equal(made.variance, expected.variance)
    for name in ("BAD", "SAT"):
        np.testing.assert_array_equal(made.plane(name), expected.plane(name))
    height, width = box.shape
    corners = np.array([[0, 0], [width - 1, height - 1]], float).T
    here, known = (directions(each.wcs, *corners) for each in (made, expected))
    assert np.degrees(np.abs(here - known)).max() < 1e-9


def test_a_mosaic_names_its_inputs_and_has_a_psf_where_it_is_asked_for(instance, sky):
    region = words(around(sky.whole["r"], 100, 50, 5))
    names = {}
    for planes in ("image", "planes", "all"):
        file = content(ask(instance, sky.did("deep_coadd/r"), POS=region, PLANES=planes))
        with standard_fits.open(file) as hdus:
            hdus.verify("exception")
            names[planes] = [hdu.name for hdu in hdus]
            header = hdus[0].header
    inputs = {header[f"LSST BUTLER INPUT {number} ID"] for number in range(header["LSST BUTLER N_INPUTS"])}

    assert inputs == {str(sky.coadds["r", 0]), str(sky.coadds["r", 1])}
    assert header["DATASET"] == sky.did("deep_coadd/r")
    assert "LSST BUTLER ID" not in header
    assert names == {
        "image": ["PRIMARY", "IMAGE"],
        "planes": ["PRIMARY", "IMAGE", "MASK", "VARIANCE"],
        "all": ["PRIMARY", "IMAGE", "MASK", "VARIANCE", "PSF"],
    }


def test_pictures_are_stretched_cut_and_shrunk(instance, sky):
    identifier = sky.did(sky.visit_id)
    plain = ask(instance, identifier, RESPONSEFORMAT="image/png", STRETCH="linear", CUTS="-5 5")
    small = ask(instance, identifier, RESPONSEFORMAT="jpg", SIZE="60")

    assert b"".join(plain) == grey(sky.visit.image, stretch="linear", cuts=(-5.0, 5.0))
    assert (plain.media_type, plain.shrunk, plain.name[-4:]) == ("image/png", 1, ".png")
    picture = Image.open(content(small))
    assert (picture.format, picture.size, small.shrunk) == ("JPEG", (55, 50), 4)


def test_three_bands_are_one_picture(instance, sky):
    region = words(around(sky.whole["r"], 105, 95, 30.2))
    made = ask(instance, sky.did("deep_coadd/i,r,g"), POS=region, RESPONSEFORMAT="png", CUTS="-3 20")
    picture = Image.open(content(made))

    assert (picture.mode, picture.size) == ("RGB", (61, 61))
    assert made.name.startswith("wide-deep_coadd-i-r-g-")
    box = box_of(around(sky.whole["r"], 105, 95, 30.2), sky.whole["r"].wcs, (300, 300))
    pixels = np.asarray(picture)[::-1].astype(float)
    for channel, band in enumerate("irg"):
        others = [c for c in range(3) if c != channel]
        redder = pixels[..., channel] - pixels[..., others].mean(axis=2)
        truth = sky.whole[band].cut(box).image - np.mean(
            [sky.whole["irg"[c]].cut(box).image for c in others], axis=0
        )
        assert np.corrcoef(redder.ravel(), truth.ravel())[0, 1] > 0.8
    with pytest.raises(UsageError, match="Three bands make a picture"):
        ask(instance, sky.did("deep_coadd/i,r,g"), POS=region)
    with pytest.raises(UsageError, match="not 2"):
        ask(instance, sky.did("deep_coadd/i,r"), POS=region, RESPONSEFORMAT="png")


@pytest.mark.slow
def test_images_are_brought_to_a_grid(instance, sky):
    ra, dec = world.sky(sky.whole["r"].wcs, 149.5, 149.5)
    grid = f"{float(ra[0])!r} {float(dec[0])!r} 80 60 1.0"
    same = fits.read(content(ask(instance, sky.did("deep_coadd/r"), GRID=grid, PLANES="all")))
    turned = fits.read(content(ask(instance, sky.did("deep_coadd/r"), GRID=f"{grid} 30")))
    coarse = ask(instance, sky.did("deep_coadd/r"), GRID=grid.replace("1.0", "2.5"), RESPONSEFORMAT="png")

    np.testing.assert_array_equal(same.image, sky.whole["r"].image[120:180, 110:190])
    assert (same.psf is None, turned.psf) == (False, None)
    assert turned.image.shape == (60, 80)
    assert np.isfinite(turned.image).all()
    assert Image.open(content(coarse)).size == (80, 60)


def test_a_header_is_a_grid_too(instance, sky):
    wanted = world.cards(world.shifted(sky.whole["g"].wcs, 40, 30))
    wanted["NAXIS1"], wanted["NAXIS2"] = 50, 20
    for cards in (wanted.tostring(sep="\n"), wanted.tostring()):
        one = fits.read(content(ask(instance, sky.did(sky.coadds["g", 0]), WCS=cards)))
        np.testing.assert_array_equal(one.image, sky.whole["g"].image[30:50, 40:90])
    for wrong, reason in (
        ("CTYPE1 = 'RA---TAN'", "no size"),
        ("NAXIS1 = 5\nNAXIS2 = 5", "not understood"),
        ("NAXIS1 = -5\nNAXIS2 = 5\n", "numbers of pixels"),
        ("NAXIS1 = 5\nNAXIS2 = 5\nCTYPE1  = 'RA---XXX'\nCTYPE2  = 'DEC--XXX'", "grid"),
        ("\x01\xff" * 200, "grid"),
    ):
        with pytest.raises(UsageError, match=reason):
            ask(instance, sky.did("deep_coadd/r"), WCS=wrong)


@pytest.mark.parametrize(
    ("which", "parameters"),
    [
        ("visit", {"CIRCLE": "100 0 1"}),
        ("visit", {"CIRCLE": "25.6 0.3 0.1", "BAND": "1e-3 2e-3"}),
        ("visit", {"CIRCLE": "25.6 0.3 0.1", "TIME": "61000.1 61001"}),
        ("deep_coadd/r", {"CIRCLE": "100 0 1"}),
        ("deep_coadd/y", {"CIRCLE": "25.6 0.3 0.1"}),
        ("deep_coadd/r", {"CIRCLE": "25.6 0.3 0.01", "BAND": "0 1e-8"}),
        ("deep_coadd/r", {"GRID": "100 0 20 20 1"}),
        ("visit", {"GRID": "100 0 20 20 1"}),
        ("deep_coadd/i,r,g", {"CIRCLE": "100 0 1", "RESPONSEFORMAT": "png"}),
    ],
)
def test_what_an_image_has_nothing_of_is_told(which, parameters, instance, sky):
    identifier = sky.did(sky.visit_id if which == "visit" else which)
    with pytest.raises(NoOverlapError):
        ask(instance, identifier, **parameters)


def test_wavelengths_and_times_that_it_has_let_it_through(instance, sky):
    for more in (
        {"BAND": "6e-7"},
        {"TIME": "60000 61000.0005"},
        {"BAND": "-Inf +Inf", "TIME": "61000.0009 +Inf"},
    ):
        content(ask(instance, sky.did(sky.visit_id), CIRCLE="25.6 0.3 0.001", **more))
    with pytest.raises(UsageError, match="has no time"):
        ask(instance, sky.did(sky.coadds["r", 4]), TIME="61000")


@pytest.mark.parametrize(
    ("identifier", "error"),
    [
        ("nonsense", UsageError),
        ("ivo://sciplat.local/wide?../../etc/passwd", (NotFoundError, UsageError)),
        ("ivo://sciplat.local/../wide?deep_coadd/r", (NotFoundError, UsageError, AuthenticationError)),
        ("ivo://sciplat.local/wide?00000000-0000-0000-0000-000000000000", NotFoundError),
        ("ivo://sciplat.local/wide?nothing/r", NotFoundError),
        ("ivo://sciplat.local/wide?visit_image/r", UsageError),
        ("ivo://elsewhere/wide?deep_coadd/r", NotFoundError),
        ("ivo://sciplat.local/nothing?deep_coadd/r", AuthenticationError),
        ("ivo://sciplat.local/secret?deep_coadd/r", AuthenticationError),
        ("ivo://sciplat.local/wide?deep_coadd/r' OR 1=1 --", NoOverlapError),
        ("ivo://sciplat.local/wide?" + "x" * 10_000, (NotFoundError, UsageError)),
    ],
)
def test_wrong_identifiers_are_refused(identifier, error, instance, sky, secret):
    with pytest.raises(error) as caught:
        ask(instance, identifier, CIRCLE="25.6 0.3 0.01")
    assert len(str(caught.value)) < 500


def test_who_may_see_a_release_cuts_it(instance, secret):
    for of in ("deep_coadd/r", secret.visit_id):
        made = ask(instance, secret.did(of), ADA, CIRCLE="25.6 0.3 0.001")
        assert not made.public
        content(made)


def test_limits_are_told(instance, sky):
    tight = CutoutService(
        instance.images.locate,
        authority=instance.settings.authority,
        work=instance.work,
        limits=CutoutLimits(mosaic_pixels=5000, grid_pixels=3000, images=4),
    )

    def refused(which: str, **parameters: str) -> None:
        request = CutoutRequests.of([("ID", sky.did(which)), *parameters.items()]).single()
        with pytest.raises(LimitError, match=r"3,000|5,000|4 images"):
            tight.cutout(request, visitor=NOBODY)

    refused("deep_coadd/r", CIRCLE="25.6 0.3 0.02")
    refused("deep_coadd/r", CIRCLE="25.6 0.3 0.1")
    refused("deep_coadd/r", CIRCLE="25.6 0.3 180")
    refused("deep_coadd/r", GRID="25.6 0.3 100 100 0.1")
    refused("deep_coadd/i,r,g", CIRCLE="25.6 0.3 0.009", RESPONSEFORMAT="png")
    refused(str(sky.visit_id), GRID="25.6 0.3 60000 60000 1")


@pytest.mark.slow
def test_damaged_and_removed_files_are_told(skies, tmp_path):
    instance = Instance.open(copy_home(skies, tmp_path / "home"))
    own = sky_in(instance, "wide")
    path = instance.images.locate.identified(own.did(own.visit_id), visitor=NOBODY).path
    kept = tmp_path / "kept.fits"
    shutil.copy(path, kept)
    broken = bytearray(kept.read_bytes())
    broken[len(broken) // 4 : len(broken) // 2] = b"\x55" * (len(broken) // 2 - len(broken) // 4)
    for damage in (bytes(broken), kept.read_bytes()[:9000], b"", b"nothing of a FITS file" * 200):
        path.write_bytes(damage)
        with pytest.raises(ImageFileError) as told:
            content(ask(instance, own.did(own.visit_id), PLANES="all"))
        assert path.name in told.value.message
        assert str(path) not in told.value.message
    path.unlink()
    with pytest.raises(NotFoundError, match="not kept"):
        ask(instance, own.did(own.visit_id))


@pytest.mark.slow
def test_files_of_others_are_cut_where_they_lie(instance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lying")
    cards = {"FILTER": "g", "INSTRUME": "CDK17", "EXPTIME": 60.0, "DATE_OBS": "2026-03-01T20:00:00"}
    simple(folder / "im1.fits", 3, **cards)
    instance.images.ingest.ingest("lying", [folder], public=True, in_place=True)
    with instance.images.locate.repository("lying") as repository:
        (ref,) = repository.butler.query_datasets("visit_image", collections="lying")
    identifier = f"ivo://{instance.settings.authority}/lying?{ref.id}"

    with standard_fits.open(content(ask(instance, identifier, CIRCLE="10 20 0.001"))) as hdus:
        whole = standard_fits.getdata(folder / "im1.fits")
        box = (slice(16, 24), slice(21, 29))
        np.testing.assert_array_equal(hdus[0].data, whole[box])
    picture = Image.open(content(ask(instance, identifier, CIRCLE="10 20 0.001", RESPONSEFORMAT="png")))
    assert picture.size == (8, 8)
    with pytest.raises(UsageError, match="left in place"):
        ask(instance, identifier, GRID="10 20 5 5 1")
