"""Images of a repository as rows of ObsCore."""

from __future__ import annotations

import pytest

from sciplat.repository.obscore import Words, changes
from sciplat.services.obscore import obscore_profile, obscore_rows

WORDS = Words(obscore_profile()["images"], obscore_profile()["bands"], "sciplat.test", "Test")


@pytest.fixture(scope="module")
def rows(filled):
    return obscore_rows("dr1", changes(filled, WORDS, known={}).rows).to_pylist()


def test_each_image_has_a_row_with_what_the_standard_asks_for(rows):
    assert len(rows) == 5
    (visit,) = [row for row in rows if row["lsst_visit"] == 2 and row["lsst_detector"] == 1]

    assert visit["dataproduct_type"] == "image"
    assert (visit["dataproduct_subtype"], visit["calib_level"]) == ("visit_image", 2)
    assert (visit["obs_collection"], visit["obs_id"]) == ("dr1", "visit-2")
    assert visit["obs_publisher_did"].startswith("ivo://sciplat.test/dr1?")
    assert (visit["s_ra"], visit["s_dec"]) == (pytest.approx(1.0), pytest.approx(0.2))
    assert visit["t_exptime"] == 30
    assert visit["em_min"] < 6e-7 < visit["em_max"]
    assert (visit["lsst_band"], visit["lsst_filter"], visit["instrument_name"]) == ("r", "r_sim", "SimCam")


def test_the_outline_is_there_as_text_and_as_corners(rows):
    for row in rows:
        assert row["s_region"].startswith("POLYGON ICRS ")
        assert [float(part) for part in row["s_region"].split()[2:]] == row["_s_region"]


def test_a_coadd_has_its_patch_and_no_time(rows):
    (coadd,) = [row for row in rows if row["dataproduct_subtype"] == "deep_coadd"]

    assert (coadd["lsst_tract"], coadd["lsst_patch"], coadd["lsst_band"]) == (0, 0, "g")
    assert (coadd["lsst_visit"], coadd["t_min"]) == (None, None)
    assert coadd["obs_id"] == "small-0-0"
