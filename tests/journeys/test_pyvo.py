"""What pyvo's own pages on TAP, jobs and cone searches do, in their order, on the running platform."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
import pyvo as vo
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from astropy.table import QTable, Table
from astropy.units import Quantity
from support.running import Platform

pytestmark = pytest.mark.journey

STARS = """
    SELECT TOP 5
    source_id, ra, dec, phot_g_mean_mag
    FROM gaia.gaia_source
    WHERE phot_g_mean_mag BETWEEN 9 AND 10
    ORDER BY phot_g_mean_mag
    """
HERE = SkyCoord(25.6, 0.3, unit="deg")


@pytest.fixture(scope="module")
def tap_service(platform: Platform) -> vo.dal.TAPService:
    return vo.dal.TAPService(platform.tap)


def test_a_search_prints_as_a_table(tap_service: vo.dal.TAPService) -> None:
    result = tap_service.search(STARS)

    assert "Table length=5" in str(result)
    assert result.to_table().colnames[:3] == ["source_id", "ra", "dec"]
    assert [str(result.getdesc(name).unit) for name in ("ra", "phot_g_mean_mag")] == ["deg", "mag"]


def test_the_service_tells_of_itself(
    tap_service: vo.dal.TAPService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {"gaia.gaia_source", "simwide.Object"} <= set(tap_service.tables.keys())
    tap_service.tables.describe()
    tap_service.describe()
    assert "simwide.ForcedSource" in capsys.readouterr().out
    assert "SELECT" in tap_service.examples[0]["QUERY"]
    methods = {method.ivo_id for method in tap_service.upload_methods}
    assert {
        "ivo://ivoa.net/std/TAPRegExt#upload-inline",
        "ivo://ivoa.net/std/TAPRegExt#upload-http",
    } <= methods


def test_the_service_tells_its_limits(tap_service: vo.dal.TAPService) -> None:
    assert tap_service.hardlimit >= tap_service.maxrec > 1000


@pytest.mark.parametrize("run", ["run_sync", "run_async", "search"])
def test_every_way_to_ask_gives_the_same_rows(tap_service: vo.dal.TAPService, run: str) -> None:
    found = getattr(tap_service, run)(STARS)

    assert list(found["source_id"]) == list(tap_service.search(STARS)["source_id"])


def test_a_job_is_made_changed_run_and_deleted(tap_service: vo.dal.TAPService, platform: Platform) -> None:
    job = tap_service.submit_job(STARS)
    assert job.url.startswith(f"{platform.tap}/async/")
    assert job.phase == "PENDING"
    assert job.execution_duration.sec > 700
    job.execution_duration = 700
    assert job.execution_duration.sec == 700
    later = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)
    job.destruction = later
    assert abs((job.destruction.to_datetime(dt.UTC) - later).total_seconds()) < 2
    job.query = STARS.replace("TOP 5", "TOP 3")

    job.run()
    job.wait(phases=["COMPLETED", "ERROR", "ABORTED"], timeout=60)
    job.raise_if_error()
    assert job.phase == "COMPLETED"
    assert job.result_uri.endswith("/results/result")
    assert len(job.fetch_result()) == 3
    address = job.url
    job.delete()
    with pytest.raises(vo.dal.DALServiceError, match="404"):
        vo.dal.tap.AsyncTAPJob(address)


def test_a_job_is_found_again_by_its_address(tap_service: vo.dal.TAPService) -> None:
    job_url = tap_service.submit_job("SELECT * FROM simwide.Visit", runid="visits").url

    job = vo.dal.tap.AsyncTAPJob(job_url)
    assert (job.query, job.job.runid) == ("SELECT * FROM simwide.Visit", "visits")
    job.run().wait(timeout=60)
    assert len(job.fetch_result()) > 0


def test_a_job_is_deleted_behind_its_block(tap_service: vo.dal.TAPService) -> None:
    with tap_service.submit_job(STARS) as job1:
        address = job1.url
        job1.run()

    with pytest.raises(vo.dal.DALServiceError, match="404"):
        vo.dal.tap.AsyncTAPJob(address)


def test_the_jobs_of_who_signed_in_are_listed(platform: Platform) -> None:
    session = vo.auth.AuthSession()
    session.credentials.set_password("ada", platform.token(user="ada"))
    session.add_security_method_for_url(platform.tap, "ivo://ivoa.net/sso#BasicAA")
    service = vo.dal.TAPService(platform.tap, session=session)

    jobs = [service.submit_job("SELECT name FROM secret.mine ORDER BY name") for _ in range(3)]
    jobs[0].run().wait(timeout=60)
    assert list(jobs[0].fetch_result()["name"]) == ["first", "second"]
    newest = [job.jobid for job in service.get_job_list(last=2)]
    assert newest == [jobs[2].job_id, jobs[1].job_id]
    assert jobs[0].job_id in {job.jobid for job in service.get_job_list(phases=["COMPLETED"])}
    assert service.get_job(jobs[1].job_id).phase == "PENDING"


def test_tables_are_uploaded_from_memory_files_and_results(
    tap_service: vo.dal.TAPService, tmp_path: Path
) -> None:
    table = Table({"ra": [25.6], "dec": [0.3]})
    file = tmp_path / "mine.xml"
    table.write(file, format="votable")
    joined = (
        "SELECT o.objectId FROM simwide.Object AS o JOIN TAP_UPLOAD.mine AS m "
        "ON 1 = CONTAINS(POINT(o.coord_ra, o.coord_dec), CIRCLE(m.ra, m.dec, 0.02))"
    )
    near = tap_service.search(joined, uploads={"mine": table})
    assert len(near) > 0
    for upload in (str(file), io.BytesIO(file.read_bytes())):
        assert len(tap_service.run_sync(joined, uploads={"mine": upload})) == len(near)
    back = tap_service.run_async("SELECT objectId FROM TAP_UPLOAD.near", uploads={"near": near})
    assert sorted(back["objectId"]) == sorted(near["objectId"])


def test_the_result_of_a_job_is_an_upload_by_its_address(tap_service: vo.dal.TAPService) -> None:
    with tap_service.submit_job(STARS) as job:
        job.run().wait(timeout=60)
        again = tap_service.search(
            "SELECT COUNT(*) AS n FROM TAP_UPLOAD.stars", uploads={"stars": job.result_uri}
        )
    assert again["n", 0] == 5


def test_results_are_asked_by_name_meaning_and_row(tap_service: vo.dal.TAPService) -> None:
    resultset = tap_service.search("SELECT TOP 10 source_id, ra, dec FROM gaia.gaia_source")

    assert resultset.fieldnames == ("source_id", "ra", "dec")
    assert resultset.fieldname_with_ucd("pos.eq.ra") == "ra"
    assert [row["ra"] for row in resultset] == list(resultset["ra"])
    assert resultset["source_id", 0] == resultset[0]["source_id"]
    assert isinstance(resultset.to_table(), Table)
    assert resultset.to_qtable()["ra"].unit == u.deg
    assert isinstance(resultset.to_qtable(), QTable)
    assert parse(io.BytesIO(_written(resultset))).get_first_table().nrows == 10


def _written(resultset: vo.dal.DALResults) -> bytes:
    target = io.BytesIO()
    resultset.votable.to_xml(target)
    return target.getvalue()


def test_a_cone_search_takes_places_and_angles(platform: Platform) -> None:
    scs_srv = vo.dal.SCSService(f"{platform.url}/api/scs/simwide.Object")

    scs_results = scs_srv.search(pos=HERE, radius=Quantity(0.02, unit="deg"))
    assert len(scs_results) > 3
    assert scs_results[0].pos.separation(HERE) < 0.02 * u.deg
    assert len(scs_srv.search(pos=(25.6, 0.3), radius=0.02, verbosity=3)) == len(scs_results)


def test_a_failed_job_raises_its_reason(tap_service: vo.dal.TAPService) -> None:
    with pytest.raises(vo.dal.DALQueryError, match="Did you mean ra"):
        tap_service.run_async("SELECT TOP 5 raa FROM gaia.gaia_source")
