"""Many cutouts at once, from the running platform."""

from __future__ import annotations

import io
import os
import signal
import tarfile
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import pyvo
import requests
from astropy.io import fits
from astropy.io.votable import parse_single_table
from pyvo.dal import AsyncTAPJob
from support.running import Platform

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.alone]

ROWS = 400
FINAL = {"COMPLETED", "ERROR", "ABORTED"}
FIELD = {"RELEASE": "field", "DATASET_TYPE": "visit_image", "PIXELS": "9"}


def table(rows: int = ROWS) -> bytes:
    """Positions around the middle of the field's images, with names that no file may have."""
    generator = np.random.default_rng(4)
    ra, dec = 25.61 + generator.uniform(-0.01, 0.01, rows), 0.3 + generator.uniform(-0.004, 0.004, rows)
    lines = [f"../{number}/Ωμ,{a:.7f},{b:.7f}" for number, (a, b) in enumerate(zip(ra, dec, strict=True))]
    return "\n".join(
        ["name,ra,dec", *lines[:-3], "none,NaN,0.3", "far,400.0,0.3", "away,100.0,-45.0", ""]
    ).encode()


class Client:
    """Somebody with a token."""

    def __init__(self, platform: Platform, *scopes: str, user: str = "ada") -> None:
        self.door = f"{platform.url}/api/cutouts/async"
        self.header = {"Authorization": f"Bearer {platform.token(*scopes, user=user)}"}
        self.platform = platform

    def ask(self, method: str, url: str, **more: object) -> requests.Response:
        return requests.request(method, url, headers=self.header, timeout=60, **more)

    def submit(self, form: dict[str, str], content: bytes | None = None) -> requests.Response:
        files = None if content is None else {"table": ("table.csv", content)}
        more = {} if content is None else {"UPLOAD": "targets,param:table"}
        return self.ask(
            "POST", self.door, data={"PHASE": "RUN", **more, **form}, files=files, allow_redirects=False
        )

    def phase(self, job: str) -> str:
        return self.ask("GET", f"{job}/phase").text

    def end(self, job: str) -> str:
        self.platform.wait_for(lambda: self.phase(job) in FINAL, seconds=120, what=job)
        return self.phase(job)

    def archive(self, job: str) -> dict[str, bytes]:
        answer = self.ask("GET", f"{job}/results/result")
        assert answer.headers["Content-Type"] == "application/x-tar"
        with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
            return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def ada_(platform: Platform) -> Client:
    return Client(platform, "read:tap", "read:image")


@pytest.fixture(scope="module")
def whole(ada_: Client) -> Iterator[str]:
    """A completed job."""
    answer = ada_.submit(FIELD, table())
    assert answer.status_code == 303, answer.text
    job = answer.headers["Location"]
    assert ada_.end(job) == "COMPLETED", ada_.ask("GET", f"{job}/error").text
    yield job
    ada_.ask("DELETE", job)


def test_an_upload_becomes_an_archive_with_an_index(ada_: Client, whole: str, platform: Platform) -> None:
    files = ada_.archive(whole)
    index = pq.read_table(io.BytesIO(files.pop("index.parquet"))).to_pylist()
    cut = [row for row in index if row["status"] == "ok"]

    assert {row["file"] for row in cut} == files.keys()
    assert len(cut) > 200
    assert {row["row"] for row in index} == set(range(1, ROWS + 1))
    assert [row["status"] for row in index[-3:]] == ["bad_position", "bad_position", "no_image"]
    for row in cut[:: len(cut) // 20]:
        with fits.open(io.BytesIO(files[row["file"]])) as hdus:
            assert hdus["IMAGE"].shape == (row["height"], row["width"])
            assert hdus[0].header["DATASET"] == row["obs_publisher_did"]
    listed = ada_.ask("GET", f"{whole}/results").text
    assert 'id="result"' in listed
    assert 'id="index"' in listed
    answer = ada_.ask("GET", f"{whole}/results/index")
    assert len(parse_single_table(io.BytesIO(answer.content)).array) == len(index)
    part = requests.get(
        f"{whole}/results/result", headers={**ada_.header, "Range": "bytes=257-261"}, timeout=60
    )
    assert (part.status_code, part.content) == (206, b"ustar")
    document = ada_.ask("GET", whole).text
    assert f"<rows>{len(index)}</rows>" in document
    mine = ada_.ask("GET", f"{platform.url}/api/jobs").json()["jobs"]
    (found,) = (each for each in mine if whole.endswith(each["id"]))
    assert (found["kind"], found["links"]["job"]) == ("bulk_cutout", whole.removeprefix(platform.url))
    assert whole.rsplit("/", 1)[1] not in ada_.ask("GET", f"{platform.tap}/async").text
    assert ada_.ask("GET", whole.replace("/cutouts/", "/tap/")).status_code == 404


def test_killed_in_the_middle_it_makes_the_same_archive(ada_: Client, whole: str, platform: Platform) -> None:
    job = ada_.submit(FIELD, table()).headers["Location"]
    folder = platform.home / "spool" / f"{job.rsplit('/', 1)[1]}.files"

    def noted() -> int:
        try:
            return (folder / ".journal").read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    platform.wait_for(lambda: noted() > 50, what="some pieces")
    (batch,) = (
        each
        for each in psutil.Process(platform.process.pid).children(recursive=True)
        if "sciplat.processes.serve batch" in " ".join(each.cmdline())
    )
    os.kill(batch.pid, signal.SIGKILL)
    done = noted()

    assert ada_.end(job) == "COMPLETED", ada_.ask("GET", f"{job}/error").text
    assert done < 600
    assert "<restarts>1</restarts>" in ada_.ask("GET", job).text
    assert ada_.archive(job) == ada_.archive(whole)
    assert sorted(each.name for each in folder.iterdir()) == ["index", "result"]
    ada_.ask("DELETE", job)
    platform.wait_for(lambda: not folder.exists(), what="an empty place")


def test_an_aborted_job_is_over_at_once(ada_: Client, platform: Platform) -> None:
    job = ada_.submit(FIELD, table()).headers["Location"]
    platform.wait_for(lambda: ada_.phase(job) == "EXECUTING", what="its turn")
    folder = platform.home / "spool" / f"{job.rsplit('/', 1)[1]}.files"
    platform.wait_for((folder / ".archive").exists, what="an archive")

    begun = time.monotonic()
    ada_.ask("POST", f"{job}/phase", data={"PHASE": "ABORT"})
    platform.wait_for(lambda: not folder.exists(), seconds=5, what="an empty place")

    assert ada_.phase(job) == "ABORTED"
    assert time.monotonic() - begun < 3  # a second, where nothing else runs
    assert ada_.ask("GET", f"{job}/results/result").status_code == 409


def test_who_asks_for_what_is_not_his_learns_nothing(ada_: Client, whole: str, platform: Platform) -> None:
    admin, narrow = Client(platform, "read:tap", "read:image", user="admin"), Client(platform, "read:tap")
    for path in ("", "/results/result", "/phase", "/error"):
        assert admin.ask("GET", f"{whole}{path}").status_code == 404
        assert narrow.ask("GET", f"{whole}{path}").status_code == 403
        assert requests.get(f"{whole}{path}", timeout=30).status_code == 401
    assert admin.ask("DELETE", whole).status_code == 404
    assert narrow.submit(FIELD, table(5)).status_code == 403
    assert ada_.ask("GET", f"{whole}/results/..%2f..%2fsciplat.yaml").status_code == 404
    assert ada_.ask("GET", f"{whole}/results/.journal").status_code == 404

    # Images of a private release do not exist for who has not signed in; here they are found by nobody.
    answer = requests.post(
        ada_.door,
        data={**FIELD, "RELEASE": "secret", "UPLOAD": "targets,param:table", "PHASE": "RUN"},
        files={"table": ("table.csv", b"ra,dec\n25.6,0.3\n")},
        timeout=30,
        allow_redirects=False,
    )
    job = answer.headers["Location"]
    platform.wait_for(
        lambda: requests.get(f"{job}/phase", timeout=30).text in FINAL, seconds=60, what="anonymous"
    )
    assert requests.get(f"{job}/phase", timeout=30).text == "ERROR"
    assert "no public images" in requests.get(f"{job}/error", timeout=30).text


def test_a_query_of_obscore_or_its_result_says_what_is_cut(ada_: Client, platform: Platform) -> None:
    service = pyvo.dal.TAPService(platform.tap)
    query = "SELECT obs_publisher_did, s_ra, s_dec FROM ivoa.ObsCore WHERE obs_collection='field'"
    earlier: AsyncTAPJob = service.submit_job(query)
    earlier.run().wait(timeout=60)
    for form in ({"QUERY": query}, {"JOB": earlier.job_id}):
        job = ada_.submit({**form, "SIZE": "8", "RESPONSEFORMAT": "application/fits"}).headers["Location"]
        assert ada_.end(job) == "COMPLETED", ada_.ask("GET", f"{job}/error").text
        answer = ada_.ask("GET", f"{job}/results/result")
        assert answer.headers["Content-Type"] == "application/fits"
        with fits.open(io.BytesIO(answer.content)) as hdus:
            assert [row["status"] for row in hdus[-1].data] == ["ok", "ok"]
            assert hdus["IMAGE", 2].shape in {(8, 8), (9, 9)}
        ada_.ask("DELETE", job)


def test_hostile_tables_are_refused_in_words(ada_: Client) -> None:
    def error(form: dict[str, str], content: bytes | None = None) -> str:
        answer = ada_.submit(form, content)
        if answer.status_code != 303:
            assert answer.status_code in (400, 409, 422), answer.text
            return answer.text
        job = answer.headers["Location"]
        ada_.end(job)
        text = ada_.ask("GET", f"{job}/error").text
        ada_.ask("DELETE", job)
        return text

    assert "Say where the positions are" in error(FIELD)
    assert "go together" in error({"RELEASE": "field"}, table(5))
    assert "has no &#x27;deep_coadd" in error({**FIELD, "DATASET_TYPE": "deep_coadd"}, table(5)).replace(
        "'", "&#x27;"
    )
    assert "no images of release" in error({**FIELD, "RELEASE": "nothing"}, table(5))
    assert "Say which images are cut" in error({"SIZE": "5"}, table(5))
    assert "columns with the positions are not known" in error(FIELD, b"a,b\n1,2\n")
    many = b"ra,dec\n" + b"25.6,0.3\n" * 1_000_001
    assert "more than the 100,000 rows" in error(FIELD, many)
    empty = ada_.submit(FIELD, b"ra,dec\n").headers.get("Location")
    if empty is not None:
        assert ada_.end(empty) == "COMPLETED"
        assert list(ada_.archive(empty)) == ["index.parquet"]


def test_a_job_of_soda_has_a_result_for_each_image_and_region(platform: Platform) -> None:
    found = pyvo.dal.TAPService(platform.tap).search(
        "SELECT obs_publisher_did FROM ivoa.ObsCore WHERE obs_collection='field' ORDER BY t_min"
    )
    form = [("ID", str(each)) for each in found["obs_publisher_did"]]
    gone = form[0][1].rpartition("?")[0] + "?00000000-0000-4000-8000-000000000000"
    form += [("ID", gone), ("CIRCLE", "25.62 0.3 0.002"), ("POS", "CIRCLE 25.6 0.3 0.001"), ("PHASE", "RUN")]
    door = f"{platform.url}/api/soda/async"
    job = requests.post(door, data=form, timeout=60, allow_redirects=False).headers["Location"]
    platform.wait_for(
        lambda: requests.get(f"{job}/phase", timeout=60).text in FINAL, seconds=120, what="the cutouts"
    )

    document = requests.get(job, timeout=60).text
    assert requests.get(f"{job}/phase", timeout=60).text == "COMPLETED", document
    listed = requests.get(f"{job}/results", timeout=60).text
    # The first region lies in the first image alone, the second in the second.
    kinds = ("application/fits", "text/plain", "text/plain", "application/fits", "text/plain", "text/plain")
    for number, kind in enumerate(kinds, 1):
        name = "result" if number == 1 else f"result-{number}"
        assert f'id="{name}"' in listed
        answer = requests.get(f"{job}/results/{name}", timeout=60)
        assert answer.headers["Content-Type"].startswith(kind)
        assert f'size="{len(answer.content)}"' in listed
        if kind == "text/plain":
            assert answer.text.startswith("UsageError: CIRCLE" if number < 5 else "UsageError: Release")
            assert f"ID={form[(number - 1) // 2][1]}\n" in answer.text
    sync = requests.get(
        f"{platform.url}/api/soda/sync",
        {"ID": str(found["obs_publisher_did"][1]), "CIRCLE": "25.62 0.3 0.002"},
        timeout=60,
    )
    assert requests.get(f"{job}/results/result-4", timeout=60).content == sync.content
    assert requests.delete(job, timeout=60, allow_redirects=False).status_code == 303
    assert requests.get(f"{job}/results/result", timeout=60).status_code == 404

    away = {"ID": str(found["obs_publisher_did"][0]), "CIRCLE": "100 -45 0.1", "PHASE": "RUN"}
    job = requests.post(door, data=away, timeout=60, allow_redirects=False).headers["Location"]
    platform.wait_for(
        lambda: requests.get(f"{job}/phase", timeout=60).text in FINAL, seconds=120, what="the error"
    )
    assert requests.get(f"{job}/error", timeout=60).text.startswith("UsageError: CIRCLE")
    assert requests.post(door, data={"CIRCLE": "1 1 1", "PHASE": "RUN"}, timeout=60).status_code == 400
