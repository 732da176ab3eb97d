"""An astronomer's way from a search to pixels, as pyvo goes it: discovery, links, a cutout."""

from __future__ import annotations

import io
import tarfile
from xml.etree import ElementTree as ET

import astropy.units as u
import numpy as np
import pyarrow.parquet as pq
import pytest
import pyvo
import requests
from astropy.io import fits
from astropy.io.votable.tree import Param, Resource
from astropy.wcs import WCS
from pyvo.dal.adhoc import DatalinkResults
from pyvo.dal.sia2 import SIA2Service
from support.running import Platform, sciplat
from support.votlint import datalinklint, votlint

pytestmark = pytest.mark.journey

SYNC, ASYNC = "ivo://ivoa.net/std/SODA#sync-1", "ivo://ivoa.net/std/SODA#async-1"
HREF = "{http://www.w3.org/1999/xlink}href"
CIRCLE = (25.6, 0.3, 4.2 / 3600) * u.deg


@pytest.fixture(scope="module")
def stars(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table of the release with images: one star, which one of them shows."""
    file = tmp_path_factory.mktemp("stars") / "stars.csv"
    file.write_text("id,ra,dec\n1,25.6,0.3\n")
    sciplat(platform.home, "ingest", "catalog", str(file), "--table", "field.stars", "--public")
    return "field.stars"


def inputs_of(service: Resource) -> dict[str, Param]:
    """What a service takes."""
    return {each.name: each for group in service.groups for each in group.entries}


def address_of(service: Resource) -> str:
    """Where a service is."""
    return str(next(each.value for each in service.params if each.name == "accessURL"))


def post(platform: Platform, service: Resource, **sent: object) -> requests.Response:
    """Make a job of what a descriptor says."""
    fixed = {name: each.value for name, each in inputs_of(service).items() if isinstance(each.value, str)}
    form = {**{name: value for name, value in fixed.items() if value}, **sent}
    return run(platform, address_of(service), form)


def run(platform: Platform, address: str, form: dict[str, object]) -> requests.Response:
    """Make a job, and return its document when it has ended."""
    job = requests.post(address, data={**form, "PHASE": "RUN"}, timeout=30).url
    platform.wait_for(
        lambda: requests.get(f"{job}/phase", timeout=30).text in ("COMPLETED", "ERROR"), what=job
    )
    document = requests.get(job, timeout=30)
    assert "COMPLETED" in document.text, document.text
    return document


def index_of(job: requests.Response) -> list[dict[str, object]]:
    """What the index of a job's archive says of the cutouts, each of which is looked at."""
    (result,) = ET.fromstring(job.content).findall(".//{*}result[@id='result']")
    with tarfile.open(fileobj=io.BytesIO(requests.get(result.get(HREF, ""), timeout=30).content)) as tar:
        files = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    index: list[dict[str, object]] = pq.read_table(io.BytesIO(files.pop("index.parquet"))).to_pylist()
    assert {row["file"] for row in index} == files.keys()
    for row in index:
        with fits.open(io.BytesIO(files[str(row["file"])])) as hdus:
            assert hdus["IMAGE"].shape == (row["height"], row["width"])
            assert hdus[0].header["DATASET"] == row["obs_publisher_did"]
            x, y = WCS(hdus["IMAGE"].header).world_to_pixel_values(row["ra"], row["dec"])
            assert 0 <= x < hdus["IMAGE"].shape[1]
            assert 0 <= y < hdus["IMAGE"].shape[0]
    return index


def file_of(links: DatalinkResults) -> fits.HDUList:
    """The whole file that links lead to."""
    this = next(links.bysemantics("#this", include_narrower=False))
    return fits.open(io.BytesIO(requests.get(this.access_url, timeout=30).content))


def is_the_same(cutout: bytes, whole: fits.HDUList) -> None:
    """See that pixels, and where they lie on the sky, are those of the file."""
    with fits.open(io.BytesIO(cutout)) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "IMAGE"]
        height, width = hdus["IMAGE"].shape
        sky = WCS(hdus["IMAGE"].header).pixel_to_world_values(*np.meshgrid(range(width), range(height)))
        world = WCS(whole["IMAGE"].header)
        x, y = world.world_to_pixel_values(*sky)
        left, bottom = round(float(x[0, 0])), round(float(y[0, 0]))
        there = world.pixel_to_world_values(
            *np.meshgrid(range(left, left + width), range(bottom, bottom + height))
        )
        np.testing.assert_allclose(sky, there, rtol=0, atol=1e-9)
        pixels = whole["IMAGE"].data[bottom : bottom + height, left : left + width]
        np.testing.assert_array_equal(hdus["IMAGE"].data, pixels)
    assert (height, width) == (10, 10)  # the middle of the image lies between four pixels


def test_from_a_search_for_images_to_pixels(platform: Platform) -> None:
    found = SIA2Service(f"{platform.url}/api/sia").search(
        pos=(25.6 * u.deg, 0.3 * u.deg, 1 * u.arcsec), collection="field"
    )

    links = found[0].getdatalink()
    cutout = links.get_first_proc().process(circle=CIRCLE).read()

    with file_of(links) as whole:
        is_the_same(cutout, whole)
        is_the_same(found[0].processed(circle=CIRCLE).read(), whole)


def test_from_a_row_of_obscore_to_pixels(platform: Platform) -> None:
    found = pyvo.dal.TAPService(platform.tap).search(
        "SELECT * FROM ivoa.ObsCore "
        "WHERE 1 = CONTAINS(POINT(25.6, 0.3), s_region) AND obs_collection = 'field'"
    )

    links = found[0].getdatalink()

    proc = links.get_first_proc()
    with file_of(links) as whole:
        is_the_same(found[0].processed(circle=CIRCLE).read(), whole)
        is_the_same(proc.process(circle=CIRCLE, PLANES="image").read(), whole)
        is_the_same(proc.processed(circle=CIRCLE).read(), whole)
    taken = {each.name: each for each in proc.input_params}
    assert taken.keys() > {"ID", "POS", "CIRCLE", "POLYGON", "BAND", "TIME"}
    assert (taken["BAND"].ucd, taken["TIME"].ucd) == ("em.wl;stat.interval", "time.interval;obs.exposure")
    assert float(taken["TIME"].values.min) == pytest.approx(found[0]["t_min"])


def test_the_links_of_an_image_lead_to_jobs_and_to_what_viewers_need(platform: Platform) -> None:
    found = SIA2Service(f"{platform.url}/api/sia").search(collection="field")
    links = found[0].getdatalink()
    jobs = links.get_adhocservice_by_ivoid(ASYNC)
    of_results = found.get_adhocservice_by_ivoid(ASYNC)
    (tiles,) = [link for link in links if link["local_semantics"] == "tiles"]
    (many,) = [link for link in links if link["local_semantics"] == "many cutouts"]

    middle = found[0].s_ra.to_value("deg")
    made = post(platform, jobs, CIRCLE=[f"{middle} 0.3 0.001", f"{middle + 0.001} 0.3 0.001"])
    archive = post(
        platform,
        links.get_adhocservice_by_id(many.service_def),
        QUERY=f"SELECT s_ra, s_dec FROM ivoa.ObsCore WHERE obs_publisher_did = '{links[0]['ID']}'",
    )

    assert address_of(of_results) == address_of(jobs)
    assert len(ET.fromstring(made.content).findall(".//{*}result")) == 2
    assert len(index_of(archive)) == 1
    assert requests.get(tiles.access_url, timeout=30).json()["width"] == 50


def test_a_row_of_a_catalog_leads_to_the_pixels_of_all_images_around_it(
    platform: Platform, stars: str
) -> None:
    links = pyvo.dal.TAPService(platform.tap).search(f"SELECT * FROM {stars}")[0].getdatalink()
    soda = links.get_adhocservice_by_ivoid(SYNC)
    (many,) = [link for link in links if link["local_semantics"] == "many cutouts"]

    options = inputs_of(soda)["ID"].values.options
    archive = post(platform, links.get_adhocservice_by_id(many.service_def))

    assert len(options) == 1
    assert len(index_of(archive)) == 1
    assert votlint(requests.get(links.queryurl, timeout=30).content) == ""


def test_datalinklint_has_nothing_to_say_of_a_row_with_images(platform: Platform, stars: str) -> None:
    address = f"{platform.url}/api/datalink/links?ID=1&TABLE={stars}"

    assert datalinklint(address) == []


@pytest.mark.requirement("DMS-PRTL-REQ-0040")
def test_images_of_a_time_are_cut_around_a_place(platform: Platform) -> None:
    days = {"61100 61101": 1, "61101 61102": 0}
    for times, count in days.items():
        begin, end = times.split()
        found = run(
            platform,
            f"{platform.url}/api/cutouts/async",
            {
                "QUERY": "SELECT obs_publisher_did, 25.6 AS ra, 0.3 AS dec FROM ivoa.ObsCore "
                "WHERE obs_collection = 'field' AND dataproduct_subtype = 'visit_image' AND lsst_band = 'g' "
                f"AND 1 = CONTAINS(POINT(25.6, 0.3), s_region) AND t_min BETWEEN {begin} AND {end}",
                "SIZE": "8",
            },
        )
        index = index_of(found)
        assert [row["status"] for row in index] == ["ok"] * count
        assert all(row["width"] in (8, 9, 10) for row in index)


@pytest.mark.requirement("DMS-PRTL-REQ-0041")
@pytest.mark.usefixtures("coadds")
def test_coadds_of_a_place_are_cut_around_it(platform: Platform) -> None:
    found = run(
        platform,
        f"{platform.url}/api/cutouts/async",
        {
            "QUERY": "SELECT TOP 1 25.6 AS ra, 0.3 AS dec FROM TAP_SCHEMA.tables",
            "RELEASE": "sim1",
            "DATASET_TYPE": "deep_coadd",
            "BAND": ["g", "r"],
            "PIXELS": "21",
        },
    )

    index = index_of(found)
    assert len(index) == 2
    assert all((row["status"], row["width"], row["height"]) == ("ok", 21, 21) for row in index)
