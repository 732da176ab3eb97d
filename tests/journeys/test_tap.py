"""A script asks the catalogs as its author would: through pyvo."""

from __future__ import annotations

import io
import time

import astropy.io.votable
import pytest
import pyvo
import requests
from support.running import Platform

pytestmark = pytest.mark.journey

CONE = (
    "SELECT TOP 10 source_id, ra, dec, phot_g_mean_mag FROM gaia.gaia_source "
    "WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 1)) ORDER BY phot_g_mean_mag"
)


@pytest.fixture(scope="module")
def service(platform: Platform) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(platform.tap)


@pytest.mark.requirement("DMS-API-REQ-0006")
@pytest.mark.requirement("DMS-API-REQ-0007")
@pytest.mark.requirement("DMS-LSP-REQ-0006")
def test_a_cone_around_the_pleiades_finds_alcyone_first(service: pyvo.dal.TAPService) -> None:
    stars = service.search(CONE)

    assert len(stars) == 10
    assert stars["phot_g_mean_mag"][0] == pytest.approx(2.9, abs=0.3)
    assert stars.fieldnames == ("source_id", "ra", "dec", "phot_g_mean_mag")
    assert stars.getdesc("ra").unit == "deg"


@pytest.mark.requirement("DMS-API-REQ-0008")
def test_a_job_runs_and_its_result_opens_again(service: pyvo.dal.TAPService) -> None:
    job = service.submit_job(CONE)
    assert job.phase == "PENDING"

    job.run().wait(phases={"COMPLETED", "ERROR"}, timeout=60)
    job.raise_if_error()
    first, second = job.fetch_result(), job.fetch_result()
    assert len(first) == 10
    assert list(first["source_id"]) == list(second["source_id"])
    job.delete()


def test_a_wrong_query_says_where_and_what(service: pyvo.dal.TAPService) -> None:
    with pytest.raises(pyvo.dal.DALQueryError, match=r"gaia_sourse.*gaia_source.*line 1, column 16"):
        service.search("SELECT *  FROM gaia.gaia_sourse")


def test_maxrec_cuts_and_says_so(service: pyvo.dal.TAPService) -> None:
    stars = service.search("SELECT ra FROM gaia.gaia_source", maxrec=7)

    assert len(stars) == 7
    assert stars.query_status == "OVERFLOW"


def test_maxrec_0_describes_the_columns(platform: Platform) -> None:
    answer = requests.get(f"{platform.tap}/sync", {"QUERY": CONE, "LANG": "ADQL", "MAXREC": "0"}, timeout=30)

    table = astropy.io.votable.parse_single_table(io.BytesIO(answer.content))
    assert [field.name for field in table.fields] == ["source_id", "ra", "dec", "phot_g_mean_mag"]
    assert len(table.array) == 0


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        pytest.param(
            "application/x-votable+xml;serialization=TABLEDATA", b"<TABLEDATA>",
            marks=pytest.mark.requirement("DMS-API-REQ-0011"),
        ),
        pytest.param(
            "application/x-votable+xml;serialization=BINARY2", b"<BINARY2>",
            marks=pytest.mark.requirement("DMS-API-REQ-0012"),
        ),
        pytest.param("votable", b"<VOTABLE", marks=pytest.mark.requirement("DMS-API-REQ-0010")),
    ],
)  # fmt: skip
def test_every_votable_serialization_holds_the_same_rows(platform: Platform, wanted: str, tag: bytes) -> None:
    parameters = {"QUERY": CONE, "LANG": "ADQL", "RESPONSEFORMAT": wanted}
    answer = requests.post(f"{platform.tap}/sync", parameters, timeout=30)

    assert tag in answer.content
    rows = astropy.io.votable.parse_single_table(io.BytesIO(answer.content)).to_table()
    assert len(rows) == 10
    assert rows["ra"].unit == "deg"


@pytest.mark.requirement("DMS-API-REQ-0014")
def test_csv_has_a_header_and_the_rows(platform: Platform) -> None:
    parameters = {"QUERY": CONE, "LANG": "ADQL", "RESPONSEFORMAT": "csv"}
    answer = requests.post(f"{platform.tap}/sync", parameters, timeout=30)

    lines = answer.text.splitlines()
    assert lines[0].replace('"', "") == "source_id,ra,dec,phot_g_mean_mag"
    assert len(lines) == 11


@pytest.mark.requirement("DMS-API-REQ-0030")
def test_every_column_of_the_demo_is_described(service: pyvo.dal.TAPService) -> None:
    columns = service.search(
        "SELECT table_name, column_name, description, unit, ucd FROM tap_schema.columns "
        "WHERE table_name LIKE 'gaia.%' OR table_name LIKE 'simwide.%'"
    ).to_table()
    keys = service.search("SELECT * FROM tap_schema.keys JOIN tap_schema.key_columns USING (key_id)")

    assert len(columns) > 100
    assert not [row["column_name"] for row in columns if not row["description"]]
    assert {("simwide.ForcedSource", "simwide.Object", "objectId", "objectId")} <= {
        (row["from_table"], row["target_table"], row["from_column"], row["target_column"]) for row in keys
    }


def test_pyvo_reads_the_tables_document(service: pyvo.dal.TAPService) -> None:
    table = service.tables["gaia.gaia_source"]

    assert {"ra", "dec"} <= {column.name for column in table.columns}
    assert "_healpix_29" not in {column.name for column in table.columns}


@pytest.mark.parametrize("resource", ["capabilities", "availability", "tables"])
def test_vosi_documents_answer_without_signing_in(platform: Platform, resource: str) -> None:
    answer = requests.get(f"{platform.tap}/{resource}", timeout=30)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(("text/xml", "application/xml"))
    assert platform.url in answer.text or resource != "capabilities"


def test_documents_keep_the_host_of_the_request(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.tap}/capabilities", headers={"Host": f"localhost:{platform.port}"}, timeout=30
    )

    assert f"http://localhost:{platform.port}/api/tap" in answer.text


HOSTILE = {
    "a file as a table": 'SELECT * FROM "/etc/passwd"',
    "a file in quotes": "SELECT * FROM '/etc/passwd'",
    "a function that reads a file": "SELECT * FROM read_csv('/etc/passwd')",
    "a function in the list": "SELECT read_text('/etc/passwd') FROM gaia.gaia_source",
    "two statements": "SELECT 1 AS x FROM gaia.gaia_source; DROP TABLE gaia.gaia_source",
    "a comment that hides": "SELECT ra FROM gaia.gaia_source -- \n; ATTACH 'x.db'",
    "a comment of another language": "SELECT ra /* */ FROM gaia.gaia_source",
    "a setting": "SET memory_limit = '1TB'",
    "an environment variable": "SELECT getenv('HOME') FROM gaia.gaia_source",
    "the engine's own tables": "SELECT * FROM duckdb_settings",
    "a string that ends early": "SELECT ra FROM gaia.gaia_source WHERE 'a' = 'b",
    "a megabyte of parentheses": "SELECT "
    + "(" * 500_000
    + "1"
    + ")" * 500_000
    + " AS x FROM gaia.gaia_source",
}


@pytest.mark.parametrize("statement", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_statements_get_a_clear_error(platform: Platform, statement: str) -> None:
    answer = requests.post(f"{platform.tap}/sync", {"QUERY": statement, "LANG": "ADQL"}, timeout=30)

    assert answer.status_code in (400, 401, 413)
    assert 'value="ERROR"' in answer.text
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text


def test_a_cross_join_of_everything_hits_the_limit_and_the_next_query_answers(
    platform: Platform, service: pyvo.dal.TAPService
) -> None:
    cross = "SELECT COUNT(*) AS n FROM simwide.ForcedSource AS a, simwide.ForcedSource AS b, gaia.gaia_source"
    job = service.submit_job(cross)
    job.execution_duration = 2
    job.run().wait(phases={"COMPLETED", "ERROR"}, timeout=60)

    assert job.phase == "ERROR"
    with pytest.raises(pyvo.dal.DALQueryError, match="limit of 2 s"):
        job.raise_if_error()
    assert len(service.search(CONE)) == 10


def test_an_aborted_job_stops(platform: Platform, service: pyvo.dal.TAPService) -> None:
    job = service.submit_job("SELECT COUNT(*) AS n FROM simwide.ForcedSource AS a, simwide.ForcedSource AS b")
    job.run()
    platform.wait_for(lambda: job.phase == "EXECUTING", what="the start of the job")
    began = time.monotonic()
    job.abort()

    assert job.phase == "ABORTED"
    assert len(service.search(CONE)) == 10
    assert time.monotonic() - began < 20


def test_an_unknown_resource_is_404_in_the_form_of_the_service(platform: Platform) -> None:
    answer = requests.get(f"{platform.tap}/nothing", timeout=30)

    assert answer.status_code == 404
    assert 'value="ERROR"' in answer.text
