from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from PIL import Image

from sciplat.errors import ImageFileError, NotFoundError, UsageError
from sciplat.images import fits, pyramid, tiles
from sciplat.images.exposure import Exposure
from sciplat.images.pixels import ImagePlace
from sciplat.images.wcs import sky
from sciplat.services.picture import Look, PictureService
from sciplat.services.probe import ProbeService
from sciplat.services.tile import TileService, Which
from sciplat.tiles.store import TileStore


def exposure() -> Exposure:
    from astropy.wcs import WCS

    random = np.random.default_rng(7)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [25.6, 0.3], [500, 600], [-5e-5, 5e-5]
    wcs.wcs.set()
    shape = (1200, 1030)
    image = random.normal(100, 10, shape).astype(np.float32)
    image[3, 4] = np.nan
    mask = np.zeros(shape, np.int32)
    mask[100:200, 100:200] = 3
    header = standard_fits.Header([("BUNIT", "nJy")])
    return Exposure(image, wcs, mask, {"BAD": 0, "SAT": 1, "ODD": 5}, np.ones_like(image), header=header)


@pytest.fixture(scope="module")
def image() -> Exposure:
    return exposure()


@pytest.fixture(scope="module")
def file(image: Exposure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "im.fits"
    fits.write(image, path)
    return path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[TileService]:
    made = TileService(TileStore(tmp_path / "tiles", 100_000_000), threads=2)
    yield made
    made.close()


def test_the_first_tile_brings_the_upper_levels_with_it(
    service: TileService, file: Path, image: Exposure, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ImagePlace(file)
    top = tiles.decode(service.tile(place, Which(3, 0, 0)).unpacked())

    monkeypatch.setattr(pyramid, "build", lambda *_, **__: pytest.fail("was there already"))
    below = tiles.decode(service.tile(place, Which(2, 1, 1)).unpacked())

    np.testing.assert_allclose(top.image, tiles.tile(image, 3, 0, 0).image, rtol=2e-6)
    np.testing.assert_allclose(below.image, tiles.tile(image, 2, 1, 1).image, rtol=2e-6)
    assert top.mask is None


def test_tiles_of_the_lowest_level_are_the_pixels(service: TileService, file: Path, image: Exposure) -> None:
    packed = service.tile(ImagePlace(file), Which(0, 1, 2, mask=True))
    made = tiles.decode(packed.unpacked())

    assert np.array_equal(made.image, image.image[512:768, 256:512])
    assert np.array_equal(made.mask, image.mask[512:768, 256:512])  # type: ignore[index, arg-type]
    assert packed.is_zstd  # the mask packs well
    assert service.kept(service.fingerprint(ImagePlace(file)), Which(0, 1, 2, mask=True)) == packed


def test_an_image_that_has_changed_has_other_tiles(service: TileService, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "im.fits"
    shutil.copy(file, path)
    before = service.tile(ImagePlace(path), Which(0, 0, 0))
    changed = exposure()
    changed.image[:] = 1
    fits.write(changed, path)

    after = tiles.decode(service.tile(ImagePlace(path), Which(0, 0, 0)).unpacked())

    assert (after.image == 1).all()
    assert before.unpacked() != after
    path.unlink()
    with pytest.raises(NotFoundError, match="not there any more"):
        service.tile(ImagePlace(path), Which(0, 0, 0))


def test_many_who_ask_at_once_wait_for_one_pass(
    service: TileService, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    build = pyramid.build
    monkeypatch.setattr(pyramid, "build", lambda *a, **k: passes.append(a) or build(*a, **k))

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda n: service.tile(ImagePlace(file), Which(2, n % 2, 0)), range(16)))

    assert len({each.content for each in found}) == 2
    assert len(passes) == 1


def test_without_room_tiles_are_made_and_not_kept(file: Path, image: Exposure, tmp_path: Path) -> None:
    service = TileService(TileStore(tmp_path / "tiles", 0), threads=2)

    for which in (Which(2, 1, 0), Which(0, 0, 0, mask=True), Which(3, 0, 0)):
        made = tiles.decode(service.tile(ImagePlace(file), which).unpacked())
        wanted = tiles.tile(image, which.level, which.column, which.row)
        np.testing.assert_allclose(made.image, wanted.image, rtol=2e-6)
    assert not (tmp_path / "tiles").exists()
    service.close()


@pytest.mark.parametrize(
    ("level", "column", "row"),
    [
        (-1, 0, 0),
        (4, 0, 0),
        (10**30, 0, 0),
        (0, -1, 0),
        (0, 5, 0),
        (2, 0, 10**30),
        (3, 1, 0),
        (1, 0, -(10**400)),
    ],
)
def test_there_is_no_other_tile(service: TileService, file: Path, level: int, column: int, row: int) -> None:
    for mask in (True, False):
        with pytest.raises(NotFoundError, match="evel"):
            service.tile(ImagePlace(file), Which(level, column, row, mask))


def test_a_damaged_file_is_an_error(service: TileService, file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.fits"
    broken.write_bytes(file.read_bytes()[:10_000])

    for which in (Which(0, 0, 0), Which(3, 0, 0)):
        with pytest.raises(ImageFileError):
            service.tile(ImagePlace(broken), which)


def test_the_facts_say_what_a_viewer_needs(service: TileService, file: Path, image: Exposure) -> None:
    probe = ProbeService(service)
    facts = probe.facts(ImagePlace(file))

    assert (facts["width"], facts["height"], facts["unit"], facts["tile"]) == (1030, 1200, "nJy", 256)
    assert facts["levels"][0] == {"level": 0, "width": 1030, "height": 1200, "columns": 5, "rows": 5}
    assert facts["levels"][3] == {"level": 3, "width": 129, "height": 150, "columns": 1, "rows": 1}
    assert facts["planes"] == [
        {"name": "BAD", "bit": 0, "meaning": "never works"},
        {"name": "SAT", "bit": 1, "meaning": "saturated"},
        {"name": "ODD", "bit": 5, "meaning": None},
    ]
    assert facts["statistics"]["median"] == pytest.approx(100, abs=0.2)
    assert facts["statistics"]["sigma"] == pytest.approx(10, abs=0.2)
    low, high = facts["statistics"]["zscale"]
    assert low < 95
    assert high > 105
    assert facts["wcs"]["cards"]["CTYPE1"] == "RA---TAN"
    assert probe.facts(ImagePlace(file)) == facts


def test_the_value_of_a_pixel_is_found_by_its_place_and_on_the_sky(
    service: TileService, file: Path, image: Exposure
) -> None:
    probe = ProbeService(service)
    ra, dec = (float(each[0]) for each in sky(image.wcs, 150.3, 120.4))

    by_pixel = probe.value(ImagePlace(file), pixel=(150, 120))
    by_position = probe.value(ImagePlace(file), position=(ra, dec))

    assert by_pixel == by_position
    assert by_pixel["value"] == float(image.image[120, 150])
    assert by_pixel["variance"] == 1.0
    assert by_pixel["flags"] == ["BAD", "SAT"]
    assert (by_pixel["ra"], by_pixel["dec"]) == pytest.approx((ra, dec), abs=5e-5)
    assert probe.value(ImagePlace(file), pixel=(4, 3))["value"] is None
    for wrong in ({}, {"pixel": (0, 0), "position": (1.0, 1.0)}, {"position": (float("nan"), 0.0)}):
        with pytest.raises(UsageError):
            probe.value(ImagePlace(file), **wrong)  # type: ignore[arg-type]
    for outside in (
        {"pixel": (-1, 0)},
        {"pixel": (0, 1200)},
        {"position": (205.6, -0.3)},
        {"position": (26, 1)},
    ):
        told = "ra=" if "position" in outside else "there is no pixel"
        with pytest.raises(NotFoundError, match=told):
            probe.value(ImagePlace(file), **outside)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shape"), [(2000, (1030, 1200)), (600, (515, 600)), (300, (258, 300)), (20, (17, 19))]
)
def test_a_picture_is_no_larger_than_asked(
    service: TileService, file: Path, size: int, shape: tuple[int, int], tmp_path: Path
) -> None:
    made = PictureService(service).picture(ImagePlace(file), Look(size=size, form="jpeg"))
    (tmp_path / "made").write_bytes(made)

    with Image.open(tmp_path / "made") as picture:
        assert picture.size == shape
        assert picture.format == "JPEG"


def test_mask_planes_tint_a_picture(service: TileService, file: Path, tmp_path: Path) -> None:
    pictures = PictureService(service)
    made = pictures.picture(ImagePlace(file), Look(size=300, planes=("SAT",)))
    (tmp_path / "made").write_bytes(made)

    with Image.open(tmp_path / "made") as picture:
        red, green, *_ = picture.getpixel((37, 299 - 37))  # type: ignore[misc]
        assert red > green + 100
        red, green, *_ = picture.getpixel((200, 100))  # type: ignore[misc]
        assert red == green
    with pytest.raises(UsageError, match="no mask plane 'CR'; its planes: BAD, ODD, SAT"):
        pictures.picture(ImagePlace(file), Look(planes=("CR",)))
    with pytest.raises(UsageError, match="1 to 2048"):
        pictures.picture(ImagePlace(file), Look(size=0))


def test_what_is_kept_is_not_read_from_the_image_again(
    service: TileService, file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "im.fits"
    shutil.copy(file, path)
    first = service.tile(ImagePlace(path), Which(3, 0, 0))
    told = path.stat()
    with path.open("r+b") as content:  # same size, same time, and no image any more
        content.write(bytes(told.st_size))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))

    assert service.tile(ImagePlace(path), Which(3, 0, 0)) == first
