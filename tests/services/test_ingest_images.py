"""Files that nobody prepared become datasets, once, and what was guessed can be put right."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from astropy.io import fits
from support.sky_files import SHAPE, pixels, simple, sky_header

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.errors import IngestError, UsageError
from sciplat.instance import Instance
from sciplat.repository.find import find
from sciplat.sky import Circle, Position


class House:
    """An instance's rooms, as far as images need them."""

    def __init__(self, home):
        instance = Instance.open(home)
        self.home, self.catalogs = home, instance.catalogs
        self.repositories, self.service = instance.images.repositories, instance.images.ingest

    def ingest(self, *paths, **options):
        return self.service.ingest("dr1", paths, **options)

    def refs(self, **asked):
        return find(self.repositories.open("dr1").butler, "visit_image", collections="dr1", **asked)

    def get(self, ref, component=None):
        ref = ref if component is None else ref.makeComponentRef(component)
        return self.repositories.open("dr1").butler.get(ref)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "home")


@pytest.fixture
def night(tmp_path):
    """Two exposures in g and r, at RA 10 and 11."""
    for number, (name, ra) in enumerate((("g'", 10.0), ("r'", 11.0)), start=1):
        simple(
            tmp_path / "night" / f"im{number}.fits", number, ra=ra, FILTER=name, INSTRUME="CDK17",
            EXPTIME=60.0, DATE_OBS=f"2026-03-0{number}T20:00:00", BUNIT="adu",
        )  # fmt: skip
    return tmp_path / "night"


def counts(report):
    return report.registered, report.replaced, report.unchanged, len(report.refused)


def test_a_folder_becomes_datasets_that_are_found_by_place_and_band(house, night):
    report = house.ingest(night)

    assert counts(report) == (2, 0, 0, 0)
    (ref,) = house.refs(region=Circle(Position(10.0, 20.0), 0.001))
    assert (ref.dataId["instrument"], ref.dataId["band"], ref.dataId["detector"]) == ("CDK17", "g", 0)
    assert [r.dataId["band"] for r in house.refs(bands=["r"])] == ["r"]
    exposure = house.get(ref)
    np.testing.assert_array_equal(exposure.image, pixels(1))
    assert exposure.header["SCIPLAT SOURCE"] == "im1.fits"
    assert exposure.header["BUNIT"] == "adu"
    assert exposure.mask is None
    visit = ref.dataId.records["visit"]
    assert (visit.day_obs, visit.exposure_time) == (20260301, 60.0)
    assert visit.timespan.begin.isot.startswith("2026-03-01T20:00:37.000")


@pytest.mark.slow
def test_a_release_of_images_is_private_unless_somebody_says_so(house, night):
    house.ingest(night)
    assert house.catalogs.snapshot().images == {"dr1": False}
    assert {schema.name for schema in house.catalogs.snapshot().schemas} == {"ivoa", "TAP_SCHEMA"}

    house.ingest(night, public=True)
    assert house.catalogs.snapshot().images == {"dr1": True}


@pytest.mark.slow
def test_ingesting_twice_changes_nothing(house, night, tmp_path):
    first = house.ingest(night)
    text = first.profile.read_text()
    files = {p: p.stat().st_mtime_ns for p in (house.home / "repositories").rglob("*.fits")}
    assert counts(house.ingest(night)) == (0, 0, 2, 0)

    assert first.profile.read_text() == text
    assert {p: p.stat().st_mtime_ns for p in (house.home / "repositories").rglob("*.fits")} == files
    shutil.copytree(night, tmp_path / "moved")
    assert counts(house.ingest(tmp_path / "moved")) == (0, 0, 2, 0)
    assert len(house.refs()) == 2


@pytest.mark.slow
def test_the_same_pixels_under_two_names_are_taken_once(house, night):
    shutil.copy(night / "im1.fits", night / "copy.fits")

    report = house.ingest(night)
    assert counts(report) == (2, 0, 0, 1)
    assert "it is the same as" in str(report.refused[0])


@pytest.mark.slow
def test_what_cannot_be_read_is_left_away_and_the_rest_goes_on(house, night):
    (night / "broken.fits").write_bytes((night / "im1.fits").read_bytes()[:6000])
    fits.writeto(night / "nowhere.fits", pixels(7))
    (night / "text.fits").write_text("hello")
    told = []

    report = house.ingest(night, refuse=told.append)
    assert counts(report) == (2, 0, 0, 3)
    assert report.refused == tuple(told)
    reasons = {refused.file.name: refused.reason for refused in told}
    assert "cut off" in reasons["broken.fits"]
    assert "solve-field" in reasons["nowhere.fits"]


def test_where_nothing_can_be_taken_no_release_is_made(house, tmp_path):
    (tmp_path / "text.fits").write_text("hello")

    report = house.ingest(tmp_path / "text.fits")
    assert (counts(report), report.profile) == ((0, 0, 0, 1), None)
    assert house.repositories.releases() == ()
    assert house.catalogs.snapshot().images == {}


@pytest.mark.slow
def test_an_edited_profile_puts_guesses_right(house, night, tmp_path):
    report = house.ingest(night)
    edited = tmp_path / "edited.yaml"
    edited.write_text(report.profile.read_text().replace("band: r ", "band: Halpha "))

    assert counts(house.ingest(night, profile=edited)) == (0, 1, 1, 0)
    assert sorted(ref.dataId["band"] for ref in house.refs()) == ["Halpha", "g"]
    # What was said once is remembered.
    assert counts(house.ingest(night)) == (0, 0, 2, 0)
    assert sorted(ref.dataId["band"] for ref in house.refs()) == ["Halpha", "g"]


@pytest.mark.slow
def test_rules_of_a_profile_hold_for_all_files(house, night, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "all: {instrument: Robo, bands: {\"r'\": red}, skip: ['im1*'], keywords: {exposure: NUMBER}}"
    )
    fits.setval(night / "im2.fits", "NUMBER", value=77)

    assert counts(house.ingest(night, profile=rules)) == (1, 0, 0, 0)
    (ref,) = house.refs()
    assert (ref.dataId["instrument"], ref.dataId["band"], ref.dataId["visit"]) == ("Robo", "red", 77)


@pytest.mark.slow
def test_a_plane_that_comes_later_is_taken(house, night):
    house.ingest(night)
    fits.writeto(night / "im1.weight.fits", np.full(SHAPE, 0.5, np.float32))

    assert counts(house.ingest(night)) == (0, 1, 1, 0)
    variances = [house.get(ref, "variance") for ref in house.refs(bands=["g"])]
    assert (variances[0] == 2).all()


@pytest.mark.slow
def test_detectors_of_one_exposure_share_a_visit(house, tmp_path):
    hdus = [
        fits.PrimaryHDU(
            header=fits.Header({"INSTRUME": "Mosaic", "DATE-OBS": "2026-01-01T01:00:00", "FILTER": "g"})
        )
    ]
    for number in (1, 2):
        header = sky_header(10 + 0.02 * number)
        header["CCDNUM"] = number + 10
        hdus.append(fits.ImageHDU(pixels(number), header, name=f"CCD{number}"))
    fits.HDUList(hdus).writeto(tmp_path / "mosaic.fits")

    house.ingest(tmp_path / "mosaic.fits")
    first, second = house.refs()
    assert first.dataId["visit"] == second.dataId["visit"]
    assert [first.dataId["detector"], second.dataId["detector"]] == [11, 12]
    regions = [ref.dataId.records["visit_detector_region"].region for ref in (first, second)]
    assert all(first.dataId.records["visit"].region.contains(region) for region in regions)


@pytest.mark.slow
def test_headers_that_were_copied_do_not_make_images_one(house, tmp_path):
    same = {"INSTRUME": "Cam", "DATE_OBS": "2026-01-01T01:00:00", "FILTER": "i"}
    for number in range(3):
        simple(tmp_path / "in" / f"{number}.fits", number, **same)
    simple(tmp_path / "in" / "numbered.fits", 5, EXPNUM=4, **same)
    simple(tmp_path / "in" / "other_filter.fits", 6, EXPNUM=4, **{**same, "FILTER": "r"})

    assert counts(house.ingest(tmp_path / "in")) == (5, 0, 0, 0)
    assert len({ref.dataId["visit"] for ref in house.refs()}) == 5
    assert counts(house.ingest(tmp_path / "in")) == (0, 0, 5, 0)


@pytest.mark.slow
def test_a_profile_cannot_give_two_images_one_place(house, night, tmp_path):
    profile = tmp_path / "p.yaml"
    profile.write_text(
        "images:\n"
        + "".join(f"- {{file: {night}/im{n}.fits, exposure: 5, physical_filter: g}}\n" for n in (1, 2))
    )

    report = house.ingest(night, profile=profile)
    assert counts(report) == (1, 0, 0, 1)
    assert "give it another exposure or detector" in str(report.refused[0])


@pytest.mark.slow
def test_in_place_the_pixels_stay_where_they_are(house, night):
    fits.writeto(night / "im1.weight.fits", np.full(SHAPE, 0.5, np.float32))
    house.ingest(night, in_place=True)

    assert list((house.home / "repositories").rglob("*.fits")) == []
    (ref,) = house.refs(bands=["g"])
    exposure = house.get(ref)
    np.testing.assert_array_equal(exposure.image, pixels(1))
    assert (house.get(ref, "variance") == 2).all()
    assert house.get(ref, "bbox").shape == SHAPE
    part = house.repositories.open("dr1").butler.get(ref, parameters={"bbox": (3, 4, 10, 9)})
    np.testing.assert_array_equal(part.image, pixels(1)[4:9, 3:10])
    assert counts(house.ingest(night, in_place=True)) == (0, 0, 2, 0)
    assert counts(house.ingest(night)) == (0, 2, 0, 0)
    np.testing.assert_array_equal(house.get(house.refs(bands=["g"])[0]).image, pixels(1))
    assert list((house.home / "tmp").iterdir()) == []


@pytest.mark.slow
def test_an_image_without_time_or_band_is_taken_too(house, tmp_path):
    simple(tmp_path / "bare.fits")

    house.ingest(tmp_path / "bare.fits")
    (ref,) = house.refs()
    assert (ref.dataId["instrument"], ref.dataId["band"]) == ("unknown", "unknown")
    assert ref.dataId.records["visit"].timespan is None


@pytest.mark.parametrize("release", ["ivoa", "TAP_SCHEMA", "1st", "a.b", ""])
def test_a_release_is_called_as_a_schema_may_be(house, night, release):
    with pytest.raises((IngestError, UsageError)):
        house.service.ingest(release, [night])


def test_a_path_that_is_not_there_is_named(house, tmp_path):
    with pytest.raises(UsageError, match="nothing: there is no such file or folder"):
        house.ingest(tmp_path / "nothing")


@pytest.mark.slow
def test_a_full_disk_ends_it_with_what_to_do(house, night, monkeypatch):
    import errno

    from sciplat.repository import formatter

    written = formatter.write
    done = []

    def write(exposure, target, **options):
        if done:
            raise OSError(errno.ENOSPC, "No space left on device")
        done.append(target)
        written(exposure, target, **options)

    monkeypatch.setattr(formatter, "write", write)
    with pytest.raises(IngestError, match=r"is full .* What was taken in so far is kept"):
        house.ingest(night)
    monkeypatch.undo()
    assert counts(house.ingest(night)) == (1, 0, 1, 0)


@pytest.mark.slow
def test_tables_and_images_of_a_release_live_and_go_apart(house, service, night, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("id,ra,dec\n1,10,20\n")
    service.ingest("dr1", "stars", [table])
    house.ingest(night)
    assert [schema.name for schema in house.catalogs.snapshot().schemas if schema.name == "dr1"] == ["dr1"]

    service.drop("dr1", "stars")
    assert house.catalogs.snapshot().schema("dr1") is None
    assert house.catalogs.snapshot().images == {"dr1": False}
