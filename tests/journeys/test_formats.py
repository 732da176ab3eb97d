"""One query in every format, read by whoever reads that format, through the front door."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from astropy.table import Table
from support.running import Platform
from support.votlint import votlint

from sciplat.tables.formats import FORMATS, Format

pytestmark = pytest.mark.journey

QUERY = "SELECT TOP 50 source_id, ra, POINT(ra, dec) AS place FROM gaia.gaia_source ORDER BY source_id"
LARGE = "SELECT TOP 20000 * FROM gaia.gaia_source"


def answered(platform: Platform, name: str, query: str = QUERY, **more: object) -> requests.Response:
    form = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": name, **more}
    answer = requests.post(f"{platform.tap}/sync", form, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    return answer


def _sqlite(content: bytes) -> list[int]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        return [row[0] for row in database.execute("SELECT source_id FROM result")]


IDS: dict[str, Callable[[bytes], list[int]]] = {
    "json": lambda content: [int(row[0]) for row in json.loads(content)["data"]],
    "csv": lambda content: [int(line.split(b",")[0]) for line in content.splitlines()[1:]],
    "tsv": lambda content: [int(line.split(b"\t")[0]) for line in content.splitlines()[1:]],
    "ecsv": lambda content: Table.read(io.BytesIO(content), format="ascii.ecsv")["source_id"].tolist(),
    "fits": lambda content: Table.read(io.BytesIO(content), format="fits")["source_id"].tolist(),
    "parquet": lambda content: pq.read_table(io.BytesIO(content))["source_id"].to_pylist(),
    "arrow": lambda content: pa.ipc.open_stream(content).read_all()["source_id"].to_pylist(),
    "sqlite": _sqlite,
}


def _votable(content: bytes) -> list[int]:
    ids: list[int] = Table.read(io.BytesIO(content), format="votable")["source_id"].tolist()
    return ids


@pytest.mark.requirement("DMS-API-REQ-0013")
@pytest.mark.requirement("DMS-API-REQ-0015")
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_has_the_same_rows(platform: Platform, form: Format) -> None:
    answer = answered(platform, form.name)

    wanted = _votable(answered(platform, "votable").content)
    assert len(wanted) == 50
    assert IDS.get(form.name, _votable)(answer.content) == wanted
    assert answer.headers["content-type"].split("; charset")[0] == form.mime
    kept = rf'inline; filename="result-[0-9a-f]+{re.escape(form.extension)}"'
    assert re.fullmatch(kept, answer.headers["content-disposition"])


@pytest.mark.parametrize(
    "form", [form for form in FORMATS if "version" not in form.mime], ids=lambda f: f.name
)
def test_every_format_says_that_a_large_result_was_cut(platform: Platform, form: Format) -> None:
    answer = answered(platform, form.name, LARGE, MAXREC=19_000)

    # The words are at either end, in whatever the format has for them.
    said = answer.headers.get("query-status") == "OVERFLOW" or b"OVERFLOW" in answer.content
    assert said


@pytest.mark.parametrize("name", ["votable", "votable/b", "votable/td"])
@pytest.mark.parametrize("maxrec", [0, 3])
def test_votlint_is_silent(platform: Platform, name: str, maxrec: int) -> None:
    assert votlint(answered(platform, name, MAXREC=maxrec).content) == ""


@pytest.mark.requirement("DMS-API-REQ-0002")
@pytest.mark.parametrize("name", ["votable", "votable/td", "csv", "json"])
def test_gzip_is_given_to_whoever_asks_for_it(platform: Platform, name: str) -> None:
    form = {"LANG": "ADQL", "QUERY": LARGE, "RESPONSEFORMAT": name}
    plain = requests.post(f"{platform.tap}/sync", form, timeout=60)
    asking = {"Accept-Encoding": "gzip"}
    answer = requests.post(f"{platform.tap}/sync", form, headers=asking, timeout=60, stream=True)

    assert "content-encoding" not in plain.headers
    assert answer.headers["content-encoding"] == "gzip"
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 0.8 * len(plain.content)
    assert gzip.decompress(packed) == plain.content


def test_a_job_opens_again_in_every_format(platform: Platform) -> None:
    form = {"LANG": "ADQL", "QUERY": QUERY, "PHASE": "RUN"}
    job = requests.post(f"{platform.tap}/async", form, timeout=60).url
    platform.wait_for(
        lambda: requests.get(f"{job}/phase", timeout=30).text == "COMPLETED", what="the end of the job"
    )

    for name, ids in IDS.items():
        answer = requests.get(f"{job}/results/result", {"RESPONSEFORMAT": name}, timeout=60)
        assert len(ids(answer.content)) == 50, name
        assert answer.headers["content-disposition"].startswith("attachment")
