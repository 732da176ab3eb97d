"""Tables of one's own in queries, with the clients that people use."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import pyvo
import requests
from astropy.table import Table
from support.running import Platform, copy_home, running

import sciplat

pytestmark = pytest.mark.journey

MATCH = (
    "SELECT u.n, o.objectId, DISTANCE(u.ra, u.dec, o.coord_ra, o.coord_dec) AS d "
    "FROM TAP_UPLOAD.mine AS u JOIN simwide.Object AS o "
    "ON DISTANCE(u.ra, u.dec, o.coord_ra, o.coord_dec) < 0.5 / 3600 ORDER BY u.n, d"
)


@pytest.fixture(scope="module")
def mine(platform: Platform) -> Table:
    """Positions a little beside those of some objects."""
    tap = pyvo.dal.TAPService(platform.tap)
    found = tap.run_sync("SELECT TOP 50 objectId, coord_ra, coord_dec FROM simwide.Object").to_table()
    table = Table()
    table["n"] = np.arange(len(found))
    table["ra"] = np.asarray(found["coord_ra"]) + 1e-5
    table["dec"] = np.asarray(found["coord_dec"])
    table["ra"].unit = table["dec"].unit = "deg"
    table["object"] = np.asarray(found["objectId"])
    return table


def same(found: Table, mine: Table) -> bool:
    first = {}
    for row in found:
        first.setdefault(int(row["n"]), int(row["objectId"]))
    return first == dict(zip(mine["n"].tolist(), mine["object"].tolist(), strict=True))


def test_pyvo_joins_a_table_of_its_own_by_position(platform: Platform, mine: Table) -> None:
    tap = pyvo.dal.TAPService(platform.tap)

    assert same(tap.run_sync(MATCH, uploads={"mine": mine}).to_table(), mine)
    assert same(tap.run_async(MATCH, uploads={"mine": mine}).to_table(), mine)


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
@pytest.mark.parametrize("sync", ["true", "false"])
def test_stilts_sends_two_tables(platform: Platform, mine: Table, tmp_path: Path, sync: str) -> None:
    mine.write(tmp_path / "mine.fits")
    (tmp_path / "labels.csv").write_text("n,name\n0,first\n7,eighth\n")
    query = (
        "SELECT m.n, s.name, m.object FROM TAP_UPLOAD.mine AS m JOIN TAP_UPLOAD.labels AS s ON m.n = s.n "
        "ORDER BY m.n"
    )
    ran = subprocess.run(
        ["stilts", "-batch", "tapquery", f"tapurl={platform.tap}", f"sync={sync}"]
        + ([] if sync == "true" else ["poll=200"])
        + ["nupload=2", f"upload1={tmp_path}/mine.fits", "upname1=mine"]
        + [f"upload2={tmp_path}/labels.csv", "ufmt2=csv", "upname2=labels", f"adql={query}", "ofmt=csv"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.split()
    assert lines == ["n,name,object", f"0,first,{mine['object'][0]}", f"7,eighth,{mine['object'][7]}"]


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
def test_taplint_finds_nothing_in_uploads(platform: Platform) -> None:
    ran = subprocess.run(
        ["stilts", "-batch", "taplint", f"tapurl={platform.tap}", "stages=CAP CPV TME UPL", "report=EWF"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert [line for line in ran.stdout.splitlines() if line.startswith(("E-", "F-", "W-"))] == []


def test_a_job_keeps_its_table_until_it_is_deleted(platform: Platform) -> None:
    content = b"ra,dec\n10,20\n30,40\n"
    answer = requests.post(
        f"{platform.tap}/async",
        data={"LANG": "ADQL", "QUERY": "SELECT count(*) AS n FROM TAP_UPLOAD.t", "UPLOAD": "t,param:p"},
        files={"p": ("t.csv", content)},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 303, answer.text
    job = answer.headers["location"]
    assert f"<![CDATA[t,{job}/uploads/t" in (text := requests.get(f"{job}/parameters", timeout=60).text) or (
        f">t,{job}/uploads/t<" in text
    )
    sent = requests.get(f"{job}/uploads/t", timeout=60)
    assert (sent.content, sent.headers["content-type"]) == (content, "application/octet-stream")
    assert requests.get(f"{job}/uploads/other", timeout=60).status_code == 404
    requests.post(f"{job}/phase", data={"PHASE": "RUN"}, timeout=60)
    platform.wait_for(lambda: requests.get(f"{job}/phase", timeout=60).text == "COMPLETED")
    rows = requests.get(f"{job}/results/result?RESPONSEFORMAT=csv", timeout=60).text
    assert rows.split() == ["n", "2"]
    held = list((platform.home / "uploads").glob("*/held/*"))
    assert any(mark.name == f"job-{job.rpartition('/')[2]}" for mark in held)
    requests.delete(job, timeout=60)
    assert not any(
        mark.name.endswith(job.rpartition("/")[2]) for mark in (platform.home / "uploads").glob("*/held/*")
    )


def test_a_queued_job_finds_its_table_after_everything_was_killed(demo_home: Path, tmp_path: Path) -> None:
    home = copy_home(demo_home, tmp_path / "home")
    with running(home) as platform:
        answer = requests.post(
            f"{platform.tap}/async",
            data={"QUERY": "SELECT sum(x) AS s FROM TAP_UPLOAD.t", "LANG": "ADQL", "UPLOAD": "t,param:p"},
            files={"p": ("t.csv", b"x\n1\n2\n39\n")},
            allow_redirects=False,
            timeout=60,
        )
        path = answer.headers["location"].removeprefix(platform.url)
        platform.stop(signal.SIGKILL)
    with running(home) as platform:
        job = platform.url + path
        requests.post(f"{job}/phase", data={"PHASE": "RUN"}, timeout=60)
        platform.wait_for(lambda: requests.get(f"{job}/phase", timeout=60).text == "COMPLETED")
        assert requests.get(f"{job}/results/result?RESPONSEFORMAT=csv", timeout=60).text.split() == [
            "s",
            "42",
        ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "UPLOAD t: the file is empty."),
        (b"ra,dec\n1,2\n3\n", "UPLOAD t: line 3 has 1 fields, not 2."),
        (b"\x00\xff" * 100, "UPLOAD t: not a table"),
    ],
)
def test_what_is_no_table_is_refused_before_anything_runs(
    platform: Platform, content: bytes, message: str
) -> None:
    for door in ("sync", "async"):
        answer = requests.post(
            f"{platform.tap}/{door}",
            data={
                "LANG": "ADQL",
                "QUERY": "SELECT * FROM TAP_UPLOAD.t",
                "UPLOAD": "t,param:p",
                "PHASE": "RUN",
            },
            files={"p": ("t", content)},
            timeout=60,
        )
        assert answer.status_code == 400
        assert message in answer.text


def test_nobody_else_sees_an_upload(platform: Platform) -> None:
    files = {"p": ("t.csv", b"ra,dec\n1,2\n")}
    asked = {"LANG": "ADQL", "QUERY": "SELECT * FROM TAP_UPLOAD.t"}
    sent = requests.post(
        f"{platform.tap}/sync", data={**asked, "UPLOAD": "t,param:p"}, files=files, timeout=60
    )
    alone = requests.post(f"{platform.tap}/sync", data=asked, timeout=60)

    assert sent.status_code == 200
    # Signing in would not bring it, so nobody is asked to.
    assert alone.status_code == 400
    assert "There is no table TAP_UPLOAD.t" in alone.text


def test_the_client_sends_tables_and_files(platform: Platform, mine: Table, tmp_path: Path) -> None:
    client = sciplat.connect(platform.url)
    mine.write(tmp_path / "mine.fits")

    assert same(client.query(MATCH, uploads={"mine": mine}), mine)
    assert same(client.submit(MATCH, uploads={"mine": tmp_path / "mine.fits"}).table(), mine)


def test_a_query_is_run_again_with_the_table_that_came_with_it(platform: Platform) -> None:
    token = platform.token(user="ada")
    client = sciplat.connect(platform.url, token=token)
    asked = "SELECT n * 10 AS ten FROM TAP_UPLOAD.few ORDER BY n"
    client.query(asked, uploads={"few": Table({"n": [1, 2]})})
    job = client.submit(asked, uploads={"few": Table({"n": [3]})})
    job.table()
    requests.delete(
        f"{platform.tap}/async/{job.id}", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    by_job, by_sync = client.history("TAP_UPLOAD.few", limit=2)

    assert [list(each.rerun().table()["ten"]) for each in (by_sync, by_job)] == [[10, 20], [30]]
    assert list(client.submit_specification(by_job.specification()).table()["ten"]) == [30]


def test_the_result_of_a_job_is_sent_by_its_address(platform: Platform) -> None:
    tap = pyvo.dal.TAPService(platform.tap)
    job = tap.submit_job("SELECT TOP 5 objectId FROM simwide.Object")
    job.run().wait()
    address = f"{job.url}/results/result"
    rows = tap.run_sync("SELECT COUNT(*) AS n FROM TAP_UPLOAD.r", uploads={"r": address}).to_table()
    job.delete()

    assert rows["n"][0] == 5


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/api/health",
        "http://localhost:{port}/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ],
)
def test_an_address_inside_is_not_fetched(platform: Platform, address: str) -> None:
    answer = requests.post(
        f"{platform.tap}/sync",
        data={
            "LANG": "ADQL",
            "QUERY": "SELECT * FROM TAP_UPLOAD.t",
            "UPLOAD": f"t,{address.format(port=platform.port)}",
        },
        timeout=60,
    )

    assert answer.status_code == 400
    assert "UPLOAD t: " in answer.text
