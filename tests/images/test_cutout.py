from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from astropy.wcs import WCS, DistortionLookupTable, Sip
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import ImageFileError, NoOverlapError
from sciplat.images import cutout, fits
from sciplat.images import wcs as world
from sciplat.images.exposure import Exposure
from sciplat.images.footprint import box_of
from sciplat.sky.pos import words
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon


def content(made: cutout.Cutout) -> io.BytesIO:
    pieces = b"".join(made)
    assert len(pieces) == made.size
    assert made.size % 2880 == 0
    return io.BytesIO(pieces)


def circle(wcs: object, x: float, y: float, radius_pixels: float, pixel: float) -> Circle:
    ra, dec = world.sky(wcs, x, y)  # type: ignore[arg-type]
    return Circle(Position(float(ra[0]), float(dec[0])), radius_pixels * pixel)


PLACES = [(25.6, 0.3), (0.0, 0.0), (359.99999, 45.0), (10.0, 90.0), (200.0, -90.0), (77.0, 89.999)]


@pytest.fixture(scope="module")
def files(make_exposure: Callable[..., Exposure]) -> list[tuple[Exposure, io.BytesIO]]:
    made = []
    for number, at in enumerate(PLACES):
        file = io.BytesIO()
        # Every second one is itself a part of a larger image.
        exposure = make_exposure(*at, (270, 300), seed=number, origin=(0, 0) if number % 2 else (4000, -17))
        fits.write(exposure, file, quantize=8 if number % 3 == 0 else None)
        made.append((fits.read(file), file))
    return made


@given(
    place=st.integers(0, len(PLACES) - 1),
    x=st.floats(-60, 360),
    y=st.floats(-60, 330),
    radius=st.floats(0.1, 80) | st.just(1e4),
)
@settings(max_examples=examples(60))
def test_cutouts_are_the_pixels_of_the_image_and_lie_where_they_lay(
    place: int, x: float, y: float, radius: float, files: list[tuple[Exposure, io.BytesIO]]
) -> None:
    exposure, file = files[place]
    region = circle(exposure.wcs, x, y, radius, 0.2 / 3600)
    try:
        made = cutout.cut(file, region, content="all")
    except NoOverlapError:
        assert not (0 <= x < 300 and 0 <= y < 270)
        assert np.hypot(x - np.clip(x, -0.5, 299.5), y - np.clip(y, -0.5, 269.5)) >= radius - 0.1
        return
    again = fits.read(content(made))

    assert again.box == box_of(region, exposure.wcs, exposure.image.shape).moved(*exposure.origin)
    whole = exposure.cut(again.box)
    for name in ("image", "mask", "variance"):
        assert np.array_equal(getattr(again, name), getattr(whole, name), equal_nan=True)
    assert dict(again.planes) == dict(exposure.planes)
    height, width = again.image.shape
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], float)
    of_whole = corners + again.box.origin - exposure.origin
    here, there = (
        np.radians(np.column_stack(world.sky(wcs, *pixels.T)))
        for wcs, pixels in ((again.wcs, corners), (exposure.wcs, of_whole))
    )
    vectors = [
        np.column_stack([np.cos(d) * np.cos(r), np.cos(d) * np.sin(r), np.sin(d)])
        for r, d in (here.T, there.T)
    ]
    assert np.degrees(np.abs(vectors[0] - vectors[1])).max() < 1e-9
    centre = again.box.centre
    assert np.allclose(again.psf.at(*centre), exposure.psf.at(*centre), atol=1e-7)  # type: ignore[union-attr]


def test_what_is_asked_for_is_what_comes(exposure: Exposure, tmp_path: Path) -> None:
    fits.write(exposure, tmp_path / "image.fits")
    region = circle(exposure.wcs, 100, 120, 20.2, 0.2 / 3600)
    names = {}
    for wanted in ("image", "planes", "all"):
        made = cutout.cut(
            tmp_path / "image.fits", region, content=wanted, provenance={"DATASET": "ivo://here/1"}
        )
        with standard_fits.open(content(made)) as hdus:
            hdus.verify("exception")
            names[wanted] = [hdu.name for hdu in hdus]
            assert hdus[0].header["DATASET"] == "ivo://here/1"
            assert hdus[0].header["BAND"] == "r"
            assert words(region).split()[1] in "".join(hdus[0].header["HISTORY"])
            assert hdus["IMAGE"].shape == (41, 41)
    assert names == {
        "image": ["PRIMARY", "IMAGE"],
        "planes": ["PRIMARY", "IMAGE", "MASK", "VARIANCE"],
        "all": ["PRIMARY", "IMAGE", "MASK", "VARIANCE", "PSF"],
    }


def test_a_cut_of_a_cut_is_the_cut_of_the_whole(exposure: Exposure) -> None:
    file = io.BytesIO()
    fits.write(exposure, file)
    small = circle(exposure.wcs, 140, 150, 10.2, 0.2 / 3600)
    outer = content(cutout.cut(file, circle(exposure.wcs, 140, 150, 60, 0.2 / 3600)))
    twice, once = (fits.read(content(cutout.cut(each, small))) for each in (outer, file))

    assert twice.box == once.box
    assert np.array_equal(twice.image, once.image, equal_nan=True)
    assert np.allclose(twice.wcs.wcs.crpix, once.wcs.wcs.crpix, atol=1e-9)


@pytest.mark.slow
def test_many_cutouts_of_one_open_file_are_those_of_many(exposure: Exposure) -> None:
    file = io.BytesIO()
    fits.write(exposure, file)
    regions = [circle(exposure.wcs, x, 150, 10.2, 0.2 / 3600) for x in (0, 50, 140, 279)]
    with cutout.opened(file) as once:
        together = [b"".join(once.cut(region, content="all")) for region in regions]

    assert together == [b"".join(cutout.cut(file, region, content="all")) for region in regions]


def test_no_overlap_names_the_region_and_the_image(exposure: Exposure) -> None:
    file = io.BytesIO()
    fits.write(exposure, file)
    with pytest.raises(NoOverlapError, match=r"POLYGON 1 1 .* has no pixel of the image, which lies within"):
        cutout.cut(file, Polygon((Position(1, 1), Position(2, 1), Position(2, 2))))


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8"])
def test_every_type_of_pixels_stays_what_it_is(
    dtype: str, make_exposure: Callable[..., Exposure], tmp_path: Path
) -> None:
    wcs = make_exposure(shape=(40, 50)).wcs
    random = np.random.default_rng(5)
    kind = np.dtype(dtype)
    limits = np.iinfo(kind) if kind.kind in "iu" else None
    pixels = (
        random.integers(limits.min, limits.max, (40, 50), dtype=kind, endpoint=True)
        if limits
        else random.normal(0, 1e6, (40, 50)).astype(kind)
    )
    standard_fits.PrimaryHDU(pixels, world.cards(wcs)).writeto(tmp_path / "plain.fits")
    made = cutout.cut(tmp_path / "plain.fits", circle(wcs, 20, 30, 8.2, 0.2 / 3600))
    box = made.boxes[0]

    with standard_fits.open(content(made)) as hdus:
        hdus.verify("exception")
        assert hdus[0].data.dtype.newbyteorder("=") == kind
        assert np.array_equal(hdus[0].data, pixels[box.slices()])


def test_files_of_others_are_cut_wherever_their_coordinates_are(
    make_exposure: Callable[..., Exposure], tmp_path: Path
) -> None:
    exposure = make_exposure(0.0, 0.0, (60, 80))
    random = np.random.default_rng(6)
    wcs = exposure.wcs.deepcopy()
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    a, b = np.zeros((3, 3)), np.zeros((3, 3))
    a[2, 0], b[1, 1] = 1e-4, -2e-4
    wcs.sip = Sip(a, b, None, None, wcs.wcs.crpix)
    away = make_exposure(40.0, 0.0, (60, 80))
    cube = random.integers(0, 1000, (3, 60, 80)).astype(np.int16)
    hdus = standard_fits.HDUList(
        [
            standard_fits.PrimaryHDU(),
            standard_fits.ImageHDU(cube, world.cards(wcs), name="CUBE"),
            standard_fits.CompImageHDU(random.integers(0, 9, (60, 80)).astype(np.int32), name="DQ"),
            standard_fits.ImageHDU(away.image, world.cards(away.wcs), name="AWAY"),
            standard_fits.ImageHDU(np.ones((5, 5)), name="OTHER"),
            standard_fits.BinTableHDU.from_columns([standard_fits.Column("a", "J", array=[1])]),
        ]
    )
    hdus[1].header["BSCALE"], hdus[1].header["BZERO"], hdus[1].header["OBJECT"] = 0.5, 10.0, "M 31"
    hdus.writeto(tmp_path / "many.fits")
    with standard_fits.open(tmp_path / "many.fits") as hdus:
        scaled, quality = hdus["CUBE"].data, hdus["DQ"].data
    made = cutout.cut(tmp_path / "many.fits", circle(wcs, 70, 50, 20.2, 0.2 / 3600))
    box = made.boxes[1]

    with standard_fits.open(content(made)) as again:
        again.verify("exception")
        assert [hdu.name for hdu in again] == ["PRIMARY", "CUBE", "DQ"]
        assert np.array_equal(again["CUBE"].data, scaled[(slice(None), *box.slices())])
        assert np.array_equal(again["DQ"].data, quality[box.slices()])
        assert again["CUBE"].header["OBJECT"] == "M 31"
        there = world.read(again["CUBE"].header)
        x, y = np.arange(10.0), np.arange(10.0)
        for got, want in zip(world.sky(there, x, y), world.sky(wcs, x + box.x0, y + box.y0), strict=True):
            assert np.abs((got - want + 180) % 360 - 180).max() < 1e-9


def test_tables_of_distortion_go_along(make_exposure: Callable[..., Exposure], tmp_path: Path) -> None:
    exposure = make_exposure(shape=(60, 80))
    wcs = exposure.wcs.deepcopy()
    table = np.random.default_rng(7).normal(0, 0.5, (4, 5)).astype(np.float32)
    wcs.cpdis1 = DistortionLookupTable(table, (1.0, 1.0), (1.0, 1.0), (20.0, 20.0))
    wcs.cpdis2 = DistortionLookupTable(table[::-1].copy(), (1.0, 1.0), (1.0, 1.0), (20.0, 20.0))
    hdus = wcs.to_fits(relax=True)
    header = hdus[0].header
    hdus[0] = standard_fits.PrimaryHDU(exposure.image, header)
    hdus[0].header["EXTEND"] = True
    hdus.writeto(tmp_path / "table.fits")
    made = cutout.cut(tmp_path / "table.fits", circle(exposure.wcs, 50, 30, 12, 0.2 / 3600))
    box = made.boxes[0]

    with standard_fits.open(tmp_path / "table.fits") as before, standard_fits.open(content(made)) as after:
        x, y = np.meshgrid(np.arange(10.0), np.arange(10.0))
        got = world.sky(world.read(after[0].header, after), x, y)
        want = world.sky(world.read(before[0].header, before), x + box.x0, y + box.y0)
        assert np.abs(np.array(got) - np.array(want)).max() < 1e-9
        plain = world.sky(world.shifted(exposure.wcs, *box.origin), x, y)
        assert np.abs(np.array(got) - np.array(plain)).max() > 1e-7


def test_files_without_coordinates_and_damaged_ones_are_refused(tmp_path: Path, exposure: Exposure) -> None:
    region = Circle(Position(25.6, 0.3), 0.1)
    standard_fits.PrimaryHDU(np.zeros((9, 9))).writeto(tmp_path / "bare.fits")
    with pytest.raises(ImageFileError, match=r"bare.fits has no image with world coordinates"):
        cutout.cut(tmp_path / "bare.fits", region)
    (tmp_path / "text.fits").write_text("SIMPLE? no" * 1000)
    with pytest.raises(ImageFileError, match=r"text.fits is damaged"):
        cutout.cut(tmp_path / "text.fits", region)
    fits.write(exposure, tmp_path / "good.fits")
    whole = bytearray((tmp_path / "good.fits").read_bytes())
    whole[20000:60000] = bytes(40000)
    (tmp_path / "holed.fits").write_bytes(whole)
    with pytest.raises(ImageFileError, match=r"holed.fits is damaged"):
        b"".join(cutout.cut(tmp_path / "holed.fits", region))


@pytest.mark.parametrize(
    "pattern", ["images_decam_multiepoch/*/*_oo[idw]_*", "images_multiband/*", "images_jwst_two_epoch/*",
                "images_decam_256px/*", "catalog_firefly_m31/wise*", "images_sdss/fpC*"]
)  # fmt: skip
def test_real_files_are_cut(pattern: str, shared: Path) -> None:
    paths = sorted((shared / "data").glob(pattern))
    assert paths
    for path in paths[:6]:
        with standard_fits.open(path) as hdus:
            number = next(i for i, hdu in enumerate(hdus) if hdu.is_image and hdu.header["NAXIS"] == 2)
            pixels, wcs = np.array(hdus[number].data), world.read(hdus[number].header, hdus)
            height, width = pixels.shape
            ra, dec = world.sky(wcs, width * 0.8, height * 0.7)
            radius = 0.3 * height * np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix)))
            made = cutout.cut(path, Circle(Position(ra[0], dec[0]), radius))
            box = made.boxes[number]
            with standard_fits.open(content(made)) as again:
                assert np.array_equal(again[number].data, pixels[box.slices()], equal_nan=True)
                assert again[number].data.dtype.newbyteorder("=") == pixels.dtype.newbyteorder("=")
                got = world.sky(world.read(again[number].header, again), [0, 9], [0, 9])
                want = world.sky(wcs, [box.x0, box.x0 + 9], [box.y0, box.y0 + 9])
                assert np.abs(np.array(got) - np.array(want)).max() < 1e-9


@pytest.mark.slow
def test_two_gigabytes_are_cut_within_500_megabytes(tmp_path: Path, make_tangent: Callable[..., WCS]) -> None:
    header = world.cards(make_tangent(25.6, 0.3, (23170, 23170)))
    hdu = standard_fits.PrimaryHDU(header=header)
    for card, value in (("BITPIX", -32), ("NAXIS", 2), ("NAXIS1", 23170), ("NAXIS2", 23170)):
        hdu.header[card] = value
    path = tmp_path / "large.fits"
    with path.open("wb") as file:
        file.write(hdu.header.tostring().encode())
        size = 23170 * 23170 * 4
        file.truncate(file.tell() + size + -size % 2880)  # a hole: it takes no room on the disk
    script = """
        import pathlib, sys
        from sciplat.images import cutout
        from sciplat.sky.position import Position
        from sciplat.sky.region import Circle
        for radius in (0.005, 3.0):
            made = cutout.cut(pathlib.Path(sys.argv[1]), Circle(Position(25.6, 0.3), radius))
            count = sum(len(piece) for piece in made)
            status = pathlib.Path("/proc/self/status").read_text()
            print(count, int(status.split("VmHWM:")[1].split()[0]) // 1024)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (small, _), (large, megabytes) = (map(int, line.split()) for line in output.splitlines())

    assert small < 1_000_000
    assert large > 2_000_000_000
    assert megabytes < 500
    path.unlink()
