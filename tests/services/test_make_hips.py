"""Maps of the sky are made of coadds, and other software reads the same pixels from them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from mocpy import MOC
from PIL import Image
from reproject import reproject_interp
from support.sky_map import CENTRE, SKYMAP, instance_with_coadds, surface

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.errors import NotFoundError, UsageError
from sciplat.images import hips
from sciplat.instance import Instance
from sciplat.services import make_hips

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return instance_with_coadds(tmp_path_factory.mktemp("instance") / "home")


@pytest.fixture(scope="module")
def made(instance: Instance) -> dict[str, Path]:
    """The folder of each map."""
    told: list[tuple[str, float | None]] = []
    found = instance.images.make_hips.make("deep", progress=lambda *each: told.append(each))
    assert [each.name for each in found] == ["g", "r", "i", "colour"]
    assert all(each.new and each.order == 9 for each in found)
    assert ("g: tiles", 1.0) in told
    return {each.name: each.folder for each in found}


@pytest.mark.parametrize(("band", "factor"), [("g", 1), ("i", 3)])
def test_cells_have_the_values_of_the_sky(made: dict[str, Path], band: str, factor: int) -> None:
    tiles = list((made[band] / "Norder9").glob("Dir*/Npix*.fits"))
    count = 0
    for path in tiles:
        ra, dec = hips.directions(9, int(path.stem[4:]))
        pixels = fits.getdata(path)
        seen = np.isfinite(pixels)
        # Half a pixel beyond the last one, the last one counts.
        np.testing.assert_allclose(pixels[seen], factor * surface(ra, dec)[seen], atol=1.3 * factor)
        count += int(seen.sum())
        assert fits.getheader(path)["BUNIT"] == "nJy"
    assert len(tiles) >= 2
    assert count == pytest.approx((900 * 450 - 400) * (0.8 / 0.8051) ** 2, rel=0.03)


def test_other_software_puts_it_back_onto_the_pixels_of_a_coadd(made: dict[str, Path]) -> None:
    tract = SKYMAP.tract(0)
    whole = np.full(tract.size[::-1], np.nan)
    for path in (made["g"] / "Norder9").glob("Dir*/Npix*.fits"):
        part, _ = reproject_interp(str(path), tract.wcs, shape_out=whole.shape, hdu_in=0)
        whole = np.where(np.isfinite(whole), whole, part)
    y, x = np.mgrid[: whole.shape[0], : whole.shape[1]].astype(float)
    wanted = surface(*tract.to_sky(x, y))
    seen = np.isfinite(whole)

    np.testing.assert_allclose(whole[seen], wanted[seen], atol=1)
    assert seen.sum() > 0.97 * whole.size


def test_lower_orders_are_means_up_to_the_first(made: dict[str, Path]) -> None:
    for order in range(9):
        below: dict[int, dict[int, np.ndarray]] = {}
        for path in (made["r"] / f"Norder{order + 1}").glob("Dir*/Npix*.fits"):
            tile = int(path.stem[4:])
            below.setdefault(tile // 4, {})[tile] = fits.getdata(path)
        for tile, children in below.items():
            found = fits.getdata(made["r"] / f"{hips.folder_of(order, tile)}.fits")
            np.testing.assert_array_equal(found, hips.joined(children))
    assert (made["r"] / "Norder0" / "Dir0").is_dir()
    assert fits.getdata(made["r"] / "Norder3" / "Allsky.fits").shape == (1856, 1728)


def test_pictures_are_upside_up_and_clear_where_nothing_is(made: dict[str, Path]) -> None:
    for name in ("g", "colour"):
        for path in (made[name] / "Norder9").glob("Dir*/Npix*.png"):
            tile = fits.getdata(made["g"] / "Norder9" / path.parent.name / f"{path.stem}.fits")
            with Image.open(path) as picture:
                assert picture.size == (512, 512)
                shown = np.asarray(picture.convert("RGBA"))[::-1, :, 3] > 0
            assert np.array_equal(shown, np.isfinite(tile))


def test_the_coverage_is_where_pixels_are(made: dict[str, Path]) -> None:
    moc = MOC.from_fits(str(made["g"] / "Moc.fits"))

    assert moc.contains_skycoords(SkyCoord(*CENTRE, unit="deg")).all()
    assert not moc.contains_skycoords(SkyCoord(CENTRE[0] + 0.2, CENTRE[1], unit="deg")).any()
    assert moc.max_order == 13


def test_what_is_made_of_the_same_stays_and_what_was_begun_is_gone_on_with(
    made: dict[str, Path], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(make_hips, "_tile", lambda *_: pytest.fail("is there already"))
        again = instance.images.make_hips.make("deep")
        assert not any(each.new for each in again)

    monkeypatch.setattr(make_hips, "_VERSION", 2)
    true_tile, asked = make_hips._tile, []

    def fails(order: int, tile: int, images: object) -> np.ndarray:
        asked.append(tile)
        if len(asked) > 1:
            raise KeyboardInterrupt
        return true_tile(order, tile, images)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(make_hips, "_tile", fails)
        with pytest.raises(KeyboardInterrupt):
            instance.images.make_hips.make("deep", bands=["g"])
    assert instance.images.hips.names("deep") == ("colour", "g", "i", "r")  # those of before are served on
    later: list[int] = []
    monkeypatch.setattr(make_hips, "_tile", lambda o, t, i: later.append(t) or true_tile(o, t, i))
    (anew,) = instance.images.make_hips.make("deep", bands=["g"])
    assert anew.new
    assert not list((instance.home / "hips" / "deep").glob(".*"))
    written = {int(path.stem[4:]) for path in (anew.folder / "Norder9").glob("Dir*/*.fits")}
    assert asked[0] not in set(later) & written


def test_what_cannot_be_made_is_refused_in_words(instance: Instance) -> None:
    with pytest.raises(UsageError, match="in band 'u'; it has g, r, i"):
        instance.images.make_hips.make("deep", bands=["u"])
    with pytest.raises(UsageError, match="three bands"):
        instance.images.make_hips.make("deep", colours=["g", "r"])
    with pytest.raises(NotFoundError):
        instance.images.make_hips.make("nothing")


def test_the_coverage_of_a_release_is_that_of_its_footprints(instance: Instance) -> None:
    whole = MOC.from_fits(io.BytesIO(instance.images.cover.moc("deep")))
    fine = MOC.from_string(instance.images.cover.moc("deep", order=13, form="ascii").decode())
    same = MOC.from_string(instance.images.cover.moc("deep", order=13, form="json").decode(), format="json")

    assert fine == same
    assert fine.intersection(whole) == fine
    assert fine.contains_skycoords(SkyCoord(*CENTRE, unit="deg")).all()
    area = fine.sky_fraction * 41252.96 * 3600**2
    # Patches with their borders, and cells that stick out.
    assert area == pytest.approx(0.64 * 900 * 450, rel=0.5)
    assert instance.images.cover.moc("deep", dataset_type="deep_coadd") == instance.images.cover.moc("deep")
    for wrong, error in (
        ({"order": 15}, UsageError),
        ({"order": -1}, UsageError),
        ({"form": "csv"}, UsageError),
        ({"dataset_type": "raw"}, NotFoundError),
    ):
        with pytest.raises(error):
            instance.images.cover.moc("deep", **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        instance.images.cover.moc("nothing")
