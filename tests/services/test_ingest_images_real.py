"""Images of five surveys, as they came, become datasets."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.instance import Instance
from sciplat.repository.find import find
from sciplat.sky import Circle, Position

pytestmark = pytest.mark.slow

DECAM = "images_decam_multiepoch"
FOLDERS = (
    DECAM,
    "images_decam_256px",
    "images_sdss",
    "images_multiband",
    "images_jwst_two_epoch",
    "catalog_firefly_m31",
)


@pytest.fixture(scope="module")
def taken(shared_data, tmp_path_factory):
    """All of them in one release: the report, and the Butler."""
    instance = Instance.open(tmp_path_factory.mktemp("real") / "home")
    repositories, service = instance.images.repositories, instance.images.ingest
    paths = [shared_data / folder for folder in FOLDERS]
    report = service.ingest("dr1", paths)
    again = service.ingest("dr1", paths)
    repository = repositories.open("dr1")
    yield report, again, repository.butler
    repository.close()


def refs(butler, **asked):
    return find(butler, "visit_image", collections="dr1", **asked)


def test_every_image_is_taken_and_nothing_else(taken):
    report, again, butler = taken

    assert (report.registered, again.registered, again.replaced, again.unchanged) == (27, 0, 0, 27)
    assert Counter(ref.dataId["instrument"] for ref in refs(butler)) == {
        "DECam": 20, "2MASS": 3, "NIRCAM": 2, "SDSS": 1, "WISE": 1,
    }  # fmt: skip
    assert {refused.reason for refused in report.refused} == {"it holds no image, only tables or headers"}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (Position(244.7796, 12.0724), Counter(g=3, r=2, z=3)),
        (Position(110.3119, 23.92), Counter(g=2, r=2, z=2)),
        (Position(110.332, 23.985), Counter(z=1)),
        (Position(318.1081, -66.0156), Counter(i=4)),
        (Position(343.62, -0.316), Counter(r=1)),
        (Position(10.685, 41.269), Counter(W1=1)),
        (Position(266.40, -28.93), Counter(J=1, H=1, K=1)),
        (Position(3.5273, -30.365), Counter(F200W=2)),
    ],
)
def test_they_are_found_where_they_lie_in_their_bands(taken, place, found):
    there = refs(taken[2], region=Circle(place, 1 / 3600))

    assert Counter(ref.dataId["band"] for ref in there) == found


def test_eight_epochs_keep_their_times_numbers_masks_and_weights(taken, shared_data):
    butler = taken[2]
    there = refs(butler, region=Circle(Position(244.7796, 12.0724), 1 / 3600))

    assert {ref.dataId["visit"] for ref in there} == {
        349590, 425858, 425859, 432164, 722778, 747382, 763152, 770496,
    }  # fmt: skip
    for ref in there:
        exposure = butler.get(ref)
        name = exposure.header["SCIPLAT SOURCE"]
        folder = shared_data / DECAM / "testcase3"
        image = fits.getdata(folder / name, 1)
        weight = fits.getdata(folder / name.replace("_ooi_", "_oow_"), 1)
        np.testing.assert_array_equal(exposure.image, image)
        np.testing.assert_allclose(exposure.variance, 1 / weight, rtol=1e-6)
        span = ref.dataId.records["visit"].timespan
        assert abs(span.begin.utc.mjd - fits.getheader(folder / name)["MJD-OBS"]) < 1e-5


def test_masks_of_the_community_pipeline_have_names(taken):
    butler = taken[2]
    (first, *_) = refs(butler, region=Circle(Position(110.3119, 23.92), 1 / 3600))

    exposure = butler.get(first)
    assert 0.05 < exposure.flagged("SAT").mean() < 0.2
    assert 0.05 < exposure.flagged("BLEED").mean() < 0.2
    assert np.isinf(exposure.variance[exposure.flagged("SAT")]).mean() > 0.9


def test_positions_of_pixels_are_those_of_the_file(taken, shared_data):
    from astropy.wcs import WCS

    butler = taken[2]
    for ref in refs(butler):
        wcs = butler.get(ref.makeComponentRef("wcs"))
        source = butler.get(ref.makeComponentRef("header"))["SCIPLAT SOURCE"]
        (path,) = [p for folder in FOLDERS for p in (shared_data / folder).rglob(source)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = WCS(fits.getheader(path, butler.get(ref.makeComponentRef("header"))["SCIPLAT SOURCE HDU"]))
        corner = np.array([[0.0, 0.0], [37.5, 40.25]])
        np.testing.assert_allclose(wcs.all_pix2world(corner, 0), told.all_pix2world(corner, 0), atol=1e-9)


def test_a_sigma_plane_of_another_file_becomes_the_variance(taken, shared_data: Path):
    butler = taken[2]
    (ref, _) = refs(butler, bands=["F200W"])

    exposure = butler.get(ref)
    (sigma,) = (shared_data / "images_jwst_two_epoch").glob(
        exposure.header["SCIPLAT SOURCE"].replace("_crop450", ".noise_crop450")
    )
    np.testing.assert_allclose(exposure.variance, fits.getdata(sigma) ** 2, rtol=1e-6)
