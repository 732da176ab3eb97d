"""What astroquery's own pages on TAP and cone searches do, in their order, on the running platform."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astroquery.utils.tap.core import Tap, TapPlus
from astroquery.vo_conesearch import ConeSearch, conesearch
from support.running import Platform

pytestmark = pytest.mark.journey

HUNDRED = "select top 100 \
source_id,ra,dec,phot_g_mean_mag \
from gaia.gaia_source order by source_id"


@pytest.fixture
def gaia(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TapPlus:
    """The client, in a folder of its own: it keeps results in files of the current one."""
    monkeypatch.chdir(tmp_path)
    return TapPlus(url=platform.tap)


def names_of(tables: list[object]) -> set[str]:
    return {str(table.name) for table in tables}


@pytest.mark.parametrize("names_alone", [False, True])
def test_the_public_tables_are_listed(gaia: TapPlus, names_alone: bool) -> None:
    tables = gaia.load_tables(only_names=names_alone)

    assert {"gaia.gaia_source", "simwide.Object", "TAP_SCHEMA.columns"} <= names_of(tables)
    assert not [table.name for table in tables if table.name.startswith("secret")]
    assert {bool(table.columns) for table in tables} == {not names_alone}


def test_the_plain_client_lists_the_same(gaia: TapPlus, platform: Platform) -> None:
    assert names_of(Tap(url=platform.tap).load_tables()) == names_of(gaia.load_tables())


def test_one_table_is_loaded_with_its_columns(gaia: TapPlus) -> None:
    table = gaia.load_table("simwide.Object")

    assert table.name == "simwide.Object"
    columns = {column.name: column for column in table.columns}
    assert columns["coord_ra"].unit == "deg"
    assert columns["coord_ra"].description


def test_a_table_that_is_not_there_is_an_error(gaia: TapPlus) -> None:
    with pytest.raises(requests.HTTPError, match=r"secret\.mine"):
        gaia.load_table("secret.mine")


@pytest.mark.parametrize("to_file", [False, True])
def test_a_synchronous_job_gives_its_rows(gaia: TapPlus, to_file: bool) -> None:
    job = gaia.launch_job(HUNDRED, dump_to_file=to_file)

    assert job.get_phase() == "COMPLETED"
    assert Path(job.outputFile).exists() == to_file
    found = job.get_results()
    assert len(found) == 100
    assert found["ra"].unit == "deg"


def test_files_of_two_queries_are_two(gaia: TapPlus) -> None:
    many, few = (
        gaia.launch_job(f"select top {n} ra from gaia.gaia_source", dump_to_file=True) for n in (20, 3)
    )

    assert [len(job.get_results()) for job in (many, few)] == [20, 3]


@pytest.mark.parametrize("form", ["votable", "csv", "ecsv", "json"])
def test_every_format_that_it_reads_has_the_rows(gaia: TapPlus, form: str) -> None:
    found = gaia.launch_job(HUNDRED, output_format=form).get_results()

    assert [int(each) for each in found["source_id"]] == list(
        gaia.launch_job(HUNDRED).get_results()["source_id"]
    )
    assert form == "csv" or found["ra"].unit == "deg"


def test_fits_is_read_from_a_file(gaia: TapPlus) -> None:
    # In memory it takes for granted that a FITS file is packed with gzip, as ESA sends it.
    job = gaia.launch_job(HUNDRED, output_format="fits", dump_to_file=True)

    assert len(job.get_results()) == 100


def test_a_table_is_uploaded_on_the_fly(gaia: TapPlus) -> None:
    Table({"source_id": ["a", "b", "c"], "alpha": [1.0, 3.0, 5.0], "delta": [2.0, 4.0, 6.0]}).write(
        "my_table.xml", format="votable"
    )

    job = gaia.launch_job(
        query="select * from tap_upload.table_test",
        upload_resource="my_table.xml",
        upload_table_name="table_test",
        verbose=True,
    )
    assert list(job.get_results()["delta"]) == [2.0, 4.0, 6.0]


def test_a_table_in_memory_is_uploaded_with_an_asynchronous_job(gaia: TapPlus) -> None:
    job = gaia.launch_job_async(
        "select o.objectId from simwide.Object as o join tap_upload.here as h "
        "on 1 = contains(point(o.coord_ra, o.coord_dec), circle(h.ra, h.dec, 0.01))",
        upload_resource=Table({"ra": [25.6], "dec": [0.3]}),
        upload_table_name="here",
    )

    assert len(job.get_results()) > 0


@pytest.mark.parametrize("to_file", [False, True])
def test_an_asynchronous_job_gives_its_rows(gaia: TapPlus, to_file: bool) -> None:
    job = gaia.launch_job_async(
        "select top 100 * from gaia.gaia_source order by source_id", dump_to_file=to_file
    )

    found = job.get_results()
    assert len(found) == 100
    assert {"source_id", "bp_rp"} <= set(found.colnames)
    assert Path(job.outputFile).exists() == to_file


def test_a_job_in_the_background_is_found_again_by_its_id(gaia: TapPlus) -> None:
    started = gaia.launch_job_async(HUNDRED, background=True)

    again = gaia.load_async_job(jobid=started.jobid)
    assert len(again.get_results()) == 100
    assert again.get_phase() == "COMPLETED"


def test_a_job_can_be_made_first_and_run_later(gaia: TapPlus) -> None:
    job = gaia.launch_job_async(HUNDRED, autorun=False)
    assert job.get_phase(update=True) == "PENDING"

    job.start()
    assert len(job.get_results()) == 100


def test_jobs_of_nobody_are_listed_to_nobody(gaia: TapPlus) -> None:
    gaia.launch_job_async(HUNDRED)

    assert gaia.list_async_jobs() == []


def test_jobs_are_removed(gaia: TapPlus) -> None:
    jobs = [gaia.launch_job_async(HUNDRED) for _ in range(2)]

    gaia.remove_jobs([job.jobid for job in jobs])
    for job in jobs:
        with pytest.raises(requests.HTTPError, match=job.jobid):
            gaia.load_async_job(jobid=job.jobid)


def test_a_list_with_a_job_that_is_not_there_removes_none(gaia: TapPlus) -> None:
    job = gaia.launch_job_async(HUNDRED)

    with pytest.raises(requests.HTTPError, match="nothing"):
        gaia.remove_jobs([job.jobid, "nothing"])
    assert len(gaia.load_async_job(jobid=job.jobid).get_results()) == 100


def test_jobs_of_somebody_else_are_removed_by_nobody(platform: Platform) -> None:
    ada = {"Authorization": f"Bearer {platform.token(user='ada')}"}
    job = requests.post(f"{platform.tap}/async", {"QUERY": HUNDRED}, headers=ada, timeout=30).url
    named = {"JOB_IDS": job.rpartition("/")[2]}

    admin = {"Authorization": f"Bearer {platform.token()}"}
    for headers, status in (({}, 401), (admin, 404)):
        refused = requests.post(f"{platform.tap}/deletejobs", named, headers=headers, timeout=30)
        assert refused.status_code == status
    assert requests.get(job, headers=ada, timeout=30).status_code == 200
    assert requests.post(f"{platform.tap}/deletejobs", named, headers=ada, timeout=30).status_code == 200
    assert requests.get(job, headers=ada, timeout=30).status_code == 404


@pytest.mark.parametrize("ids", [None, "", " , ", ",".join(f"a{n}" for n in range(1001))])
def test_a_list_of_no_or_too_many_jobs_is_refused(platform: Platform, ids: str | None) -> None:
    form = {} if ids is None else {"JOB_IDS": ids}
    refused = requests.post(f"{platform.tap}/deletejobs", form, timeout=30)

    assert refused.status_code == 400
    assert "JOB_IDS" in refused.text


def test_maxrec_is_kept_to(gaia: TapPlus) -> None:
    assert len(gaia.launch_job(HUNDRED, maxrec=7).get_results()) == 7


@pytest.mark.parametrize("launch", ["launch_job", "launch_job_async"])
def test_its_user_learns_what_was_wrong(gaia: TapPlus, launch: str) -> None:
    with pytest.raises(requests.HTTPError, match=r"There is no column raa.* Did you mean ra"):
        getattr(gaia, launch)("select top 5 raa from gaia.gaia_source")


def test_its_cone_search_finds_the_pleiades(platform: Platform) -> None:
    place, radius = SkyCoord(56.75, 24.12, unit="deg"), 0.2 * u.deg
    address = f"{platform.url}/api/scs/gaia.gaia_source?"

    found = ConeSearch.query_region(place, radius, service_url=address, verb=3, cache=False)
    assert len(found) > 5
    assert {"source_id", "ra", "dec", "bp_rp"} <= set(found.colnames)
    older = conesearch.conesearch(place, radius, catalog_db=address, cache=False, verbose=False)
    waiting = conesearch.AsyncConeSearch(place, radius, catalog_db=address, cache=False, verbose=False)
    assert len(older) == len(waiting.get(timeout=30)) == len(found)
