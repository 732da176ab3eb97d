"""What people ask of the images of a survey, by its visits, its coadds and what was made of what."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from astropy.io import fits
from support.running import copy_home
from support.serving import serving
from support.sky_files import pixels, sky_header

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.instance import Instance
from sciplat.processes import images
from sciplat.services.access import Visitor
from sciplat.services.discover import discovery
from sciplat.services.link.link import LinkService
from sciplat.services.plan import Query
from sciplat.services.query import QueryService

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
NOBODY = Visitor.anonymous()


@pytest.fixture(scope="module")
def instance(small_sim1: Path, tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The survey; beside it the weather of each of its visits, and an exposure of two detectors."""
    folder = tmp_path_factory.mktemp("survey")
    made = Instance.open(copy_home(small_sim1, folder / "home"))
    with made.images.locate.repository("sim1") as repository:
        refs = repository.butler.query_datasets("visit_image", collections="sim1")
    visits = sorted({ref.dataId["visit"] for ref in refs})
    lines = [f"{visit},{30 + 10 * number}" for number, visit in enumerate(visits)]
    (folder / "weather.csv").write_text("\n".join(("visit,humidity", *lines, "")))
    made.ingest.ingest("efd", "weather", [folder / "weather.csv"], public=True)
    common = fits.Header({"INSTRUME": "Mosaic", "DATE-OBS": "2026-01-01T01:00:00", "FILTER": "g"})
    hdus = [fits.PrimaryHDU(header=common)]
    for number in (1, 2):
        header = sky_header(10 + 0.02 * number)
        header["CCDNUM"] = number + 10
        header["RAFTBAY"], header["CCDSLOT"] = f"R2{number}", "S11"
        hdus.append(fits.ImageHDU(pixels(number), header, name=f"CCD{number}"))
    fits.HDUList(hdus).writeto(folder / "mosaic.fits")
    made.images.ingest.ingest("mosaic", [folder / "mosaic.fits"], public=True)
    return made


@pytest.fixture(scope="module")
def asking(instance: Instance) -> Iterator[QueryService]:
    pool = instance.pool("test", 1, queue_seconds=None)
    yield instance.query(pool, seconds=60, sync=True)
    pool.close()


@pytest.fixture(scope="module")
def ask(asking: QueryService) -> Callable[[str | Query], Rows]:
    def rows(query: str | Query) -> Rows:
        asked = query if isinstance(query, Query) else Query(query)
        found: Rows = asking.rows(asked, visitor=NOBODY).to_pylist()
        return found

    return rows


@pytest.mark.requirement("DMS-PRTL-REQ-0006")
@pytest.mark.requirement("DMS-LSP-REQ-0008")
def test_links_lead_from_a_coadd_to_the_images_that_it_was_made_of_and_back(
    asking: QueryService, ask: Callable[[str], Rows]
) -> None:
    linking = LinkService(asking, authority="sciplat.local")

    def related(identifier: str, semantics: str) -> list[str]:
        found = linking.links([identifier], visitor=NOBODY, origin="http://here").links
        return [
            link.address.partition("?ID=")[2]
            for link in found
            if link.semantics == semantics and link.address is not None
        ]

    for band in "gr":
        (coadd,) = ask(
            "SELECT obs_publisher_did FROM ivoa.ObsCore "
            f"WHERE dataproduct_subtype = 'deep_coadd' AND lsst_band = '{band}' AND obs_collection = 'sim1'"
        )
        visits = ask(
            "SELECT obs_publisher_did FROM ivoa.ObsCore "
            f"WHERE dataproduct_subtype = 'visit_image' AND lsst_band = '{band}' AND obs_collection = 'sim1'"
        )
        names = {each["obs_publisher_did"] for each in visits}
        inputs = {requests.utils.unquote(each) for each in related(coadd["obs_publisher_did"], "#progenitor")}
        assert inputs == names
        for name in names:
            made = {requests.utils.unquote(each) for each in related(name, "#derivation")}
            assert coadd["obs_publisher_did"] in made


@pytest.mark.requirement("DMS-PRTL-REQ-0035")
@pytest.mark.parametrize("kind", ["raw", "visit_image", "difference_image"])
def test_a_selection_of_visits_has_its_images_of_a_type(ask: Callable[[str], Rows], kind: str) -> None:
    selection = "SELECT visit FROM sim1.Visit WHERE band = 'r' AND airmass < 3"

    found = ask(
        f"SELECT lsst_visit, access_url FROM ivoa.ObsCore WHERE dataproduct_subtype = '{kind}' "
        f"AND obs_collection = 'sim1' AND lsst_visit IN ({selection})"
    )

    assert sorted(each["lsst_visit"] for each in found) == sorted(each["visit"] for each in ask(selection))
    assert len(found) == 3


@pytest.mark.requirement("DMS-PRTL-REQ-0037")
def test_images_of_a_visit_are_limited_to_those_of_one_detector(ask: Callable[[str], Rows]) -> None:
    of_visit = (
        "SELECT lsst_detector, s_ra FROM ivoa.ObsCore WHERE obs_collection = 'mosaic' AND lsst_visit IN "
        "(SELECT lsst_visit FROM ivoa.ObsCore WHERE obs_collection = 'mosaic')"
    )

    assert sorted(each["lsst_detector"] for each in ask(of_visit)) == [11, 12]
    (one,) = ask(f"{of_visit} AND lsst_detector = 12")
    assert one["s_ra"] == pytest.approx(10.04, abs=1e-4)


@pytest.mark.requirement("DMS-PRTL-REQ-0036")
def test_images_of_a_visit_are_limited_to_those_of_one_raft(ask: Callable[[str], Rows]) -> None:
    of_visit = (
        "SELECT lsst_detector, lsst_raft FROM ivoa.ObsCore WHERE obs_collection = 'mosaic' AND lsst_visit IN "
        "(SELECT lsst_visit FROM ivoa.ObsCore WHERE obs_collection = 'mosaic')"
    )

    assert ask(f"{of_visit} AND lsst_raft = 'R22'") == [{"lsst_detector": 12, "lsst_raft": "R22"}]
    assert {
        each["lsst_raft"] for each in ask("SELECT lsst_raft FROM ivoa.ObsCore WHERE obs_collection = 'sim1'")
    } == {None}


@pytest.mark.requirement("DMS-PRTL-REQ-0038")
@pytest.mark.requirement("DMS-API-REQ-0024")
def test_visits_and_images_are_found_by_place_time_filter_and_the_observatorys_own_data(
    ask: Callable[[str | Query], Rows],
) -> None:
    every = ask("SELECT visit, expMidptMJD, band FROM sim1.Visit ORDER BY expMidptMJD")
    weather = {each["visit"]: each["humidity"] for each in ask("SELECT visit, humidity FROM efd.weather")}
    begin, end = every[0]["expMidptMJD"] - 1, every[2]["expMidptMJD"] + 0.5
    expected = {v["visit"] for v in every if begin < v["expMidptMJD"] < end and v["band"] == "r"}

    found = ask(
        "SELECT o.lsst_visit, w.humidity, v.airmass FROM ivoa.ObsCore AS o "
        "JOIN sim1.Visit AS v ON o.lsst_visit = v.visit JOIN efd.weather AS w ON w.visit = v.visit "
        "WHERE o.dataproduct_subtype = 'visit_image' AND o.obs_collection = 'sim1' "
        f"AND 1 = CONTAINS(POINT(25.606, 0.294), o.s_region) AND o.t_min BETWEEN {begin} AND {end} "
        "AND v.band = 'r' AND w.humidity < 60"
    )
    by_sia = ask(
        discovery(
            {
                "POS": ["CIRCLE 25.606 0.294 0.001"],
                "TIME": [f"{begin} {end}"],
                "BAND": ["6.2e-7"],
                "CALIB": ["2"],
                "COLLECTION": ["sim1"],
            }
        )
    )

    dry = {visit for visit in expected if weather[visit] < 60}
    assert {each["lsst_visit"] for each in found} == dry
    assert {each["lsst_visit"] for each in by_sia} == expected
    assert 0 < len(dry) <= len(expected) < len(every)


@pytest.mark.requirement("DMS-PRTL-REQ-0039")
def test_coadds_are_found_by_filter_place_date_depth_and_how_many_images_they_are_made_of(
    ask: Callable[[str], Rows],
) -> None:
    found = ask(
        "SELECT c.obs_publisher_did, c.lsst_band, COUNT(*) AS images, SUM(v.t_exptime) AS seconds, "
        "MIN(v.t_min) AS since, MAX(v.t_max) AS until, MIN(c.s_fov) AS width "
        "FROM ivoa.ObsCore AS c JOIN ivoa.provenance AS p ON p.obs_publisher_did = c.obs_publisher_did "
        "JOIN ivoa.ObsCore AS v ON v.obs_publisher_did = p.used_did "
        "WHERE c.dataproduct_subtype = 'deep_coadd' AND c.obs_collection = 'sim1' "
        "AND 1 = CONTAINS(POINT(25.606, 0.294), c.s_region) "
        "GROUP BY c.obs_publisher_did, c.lsst_band HAVING COUNT(*) >= 3 ORDER BY c.lsst_band"
    )
    visits = ask("SELECT band, expMidptMJD, expTime FROM sim1.Visit")

    assert [each["lsst_band"] for each in found] == ["g", "r"]
    for coadd in found:
        its = [each for each in visits if each["band"] == coadd["lsst_band"]]
        assert coadd["images"] == len(its) == 3
        assert coadd["seconds"] == pytest.approx(sum(each["expTime"] for each in its))
        times = [each["expMidptMJD"] for each in its]
        assert coadd["since"] == pytest.approx(min(times), abs=0.01)
        assert coadd["until"] == pytest.approx(max(times), abs=0.01)
        assert coadd["width"] > 0.05


@pytest.mark.requirement("DMS-API-REQ-0018")
def test_every_type_of_image_is_cut_by_soda(instance: Instance, ask: Callable[[str], Rows]) -> None:
    released = ask(
        "SELECT obs_publisher_did, dataproduct_subtype FROM ivoa.ObsCore WHERE obs_collection = 'sim1' "
        "AND 1 = CONTAINS(POINT(25.606, 0.294), s_region)"
    )
    one_of_each = {each["dataproduct_subtype"]: each["obs_publisher_did"] for each in released}
    assert one_of_each.keys() == {"raw", "visit_image", "difference_image", "deep_coadd"}

    with serving(images.create_app(instance)) as url:
        for kind, identifier in one_of_each.items():
            form = {"ID": identifier, "CIRCLE": "25.606 0.294 0.001"}
            cutout = requests.get(f"{url}/api/soda/sync", form, timeout=60)
            whole = requests.get(f"{url}/api/images/sim1/{identifier.partition('?')[2]}/file", timeout=60)
            with fits.open(io.BytesIO(cutout.content)) as part, fits.open(io.BytesIO(whole.content)) as all_:
                header, height, width = part["IMAGE"].header, *part["IMAGE"].shape
                x = round(header["LTV1"] * -1 + all_["IMAGE"].header["LTV1"])
                y = round(header["LTV2"] * -1 + all_["IMAGE"].header["LTV2"])
                expected = all_["IMAGE"].data[y : y + height, x : x + width]
                np.testing.assert_array_equal(part["IMAGE"].data, expected, err_msg=kind)
                assert min(height, width) >= 30
