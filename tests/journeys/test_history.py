"""What users ask is in their history, from whichever Aspect, and can be asked again."""

from __future__ import annotations

import io
import json

import httpx
import pytest
from astropy.io.votable import parse
from support.running import Platform, sciplat

import sciplat as sciplat_package
from sciplat.errors import UsageError

pytestmark = pytest.mark.journey

ADQL = "SELECT TOP 3 source_id, ra\nFROM gaia.gaia_source -- history"


@pytest.fixture(scope="module")
def ada(platform: Platform):
    with httpx.Client(
        base_url=platform.url, headers={"Authorization": f"Bearer {platform.token(user='ada')}"}, timeout=60
    ) as client:
        yield client


@pytest.fixture
def history(ada: httpx.Client):
    def read(**filters: object) -> list[dict]:
        answer = ada.get("/api/queries", params=filters)
        assert answer.status_code == 200, answer.text
        return answer.json()["queries"]

    return read


def test_a_synchronous_query_tells_its_id_and_is_in_the_history(
    platform: Platform, ada: httpx.Client, history
) -> None:
    answer = ada.post("/api/tap/sync", data={"QUERY": ADQL, "LANG": "ADQL", "MAXREC": "2"})
    query_id = answer.headers["X-Sciplat-Query"]
    infos = {info.name: info.value for info in parse(io.BytesIO(answer.content)).resources[0].infos}
    assert infos["QUERY_ID"] == query_id

    found = ada.get(f"/api/queries/{query_id}").json()

    assert found["query"] == ADQL
    assert (found["kind"], found["phase"], found["aspect"]) == ("sync", "COMPLETED", "api")
    assert (found["rows"], found["overflow"], found["maxrec"]) == (2, True, 2)
    assert found["tables"] == [{"release": "gaia", "table": "gaia_source", "generation": "g0001"}]
    assert found["changes"] == []
    assert history(table="gaia.gaia_source", search="HISTORY source_id")[0] == found
    anonymous = httpx.post(f"{platform.tap}/sync", data={"QUERY": ADQL, "LANG": "ADQL"}, timeout=60)
    assert anonymous.status_code == 200
    assert "X-Sciplat-Query" not in anonymous.headers
    assert b"QUERY_ID" not in anonymous.content


def test_what_a_program_asks_on_its_own_account_is_not_kept(ada: httpx.Client, history) -> None:
    answer = ada.get(
        "/api/tap/sync",
        params={"QUERY": "SELECT TOP 1 'not kept' AS a FROM gaia.gaia_source", "LANG": "ADQL"},
        headers={"X-Sciplat-History": "off"},
    )

    assert answer.status_code == 200
    assert "X-Sciplat-Query" not in answer.headers
    assert history(search="'not kept'") == []


def test_a_query_that_fails_is_kept_with_its_error(ada: httpx.Client, history) -> None:
    ada.get("/api/tap/sync", params={"QUERY": "SELECT nosuch FROM gaia.gaia_source", "LANG": "ADQL"})

    found = history(phase="ERROR")[0]

    assert found["error"]["code"] == "adql"
    assert (found["error"]["line"], found["error"]["column"]) == (1, 8)


@pytest.mark.requirement("DMS-API-REQ-0038")
@pytest.mark.requirement("DMS-API-REQ-0040")
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_specification_is_saved_and_asked_again(
    platform: Platform, ada: httpx.Client, history, form: str
) -> None:
    portal = {"X-Requested-With": "sciplat-portal"}
    ada.post(
        "/api/tap/async",
        data={"QUERY": ADQL, "LANG": "ADQL", "PHASE": "RUN", "RESPONSEFORMAT": "csv"},
        headers=portal,
    )
    first = history(aspect="portal")[0]
    saved = ada.get(f"/api/queries/{first['id']}/specification", params={"format": form})
    assert f'filename="query-{first["id"]}.{form}"' in saved.headers["Content-Disposition"]

    again = ada.post(
        "/api/queries", content=saved.content, headers={"Content-Type": f"application/{form}; charset=utf-8"}
    )

    assert again.status_code == 201, again.text
    assert again.headers["Location"] == f"/api/queries/{again.json()['id']}"
    job = ada.get(f"/api/jobs/{again.json()['id']}", params={"wait": 30}).json()
    while job["phase"] in ("QUEUED", "EXECUTING"):
        job = ada.get(f"/api/jobs/{job['id']}", params={"wait": 30}).json()
    # What the job runner read is told by the runner, a moment later.
    platform.wait_for(lambda: ada.get(again.headers["Location"]).json()["tables"], what="the tables")
    done = ada.get(again.headers["Location"]).json()
    assert (done["query"], done["format"], done["phase"], done["aspect"]) == (ADQL, "csv", "COMPLETED", "api")
    assert done["tables"][0]["generation"] == "g0001"
    assert ada.get(done["links"]["result"]).text.startswith("source_id,ra\r\n")


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (json.dumps({"query": "SELECT 1", "language": "SQL"}), "application/json", "language"),
        (json.dumps({"query": " "}), "application/json", "no query"),
        (json.dumps({"query": "SELECT 1\0"}), "application/json", "NUL"),
        (json.dumps({"query": "SELECT 1", "format": "pdf"}), "application/json", "pdf"),
        (json.dumps({"query": "x" * 100_001}), "application/json", "100,000"),
        ("query: [", "application/yaml", "line 1"),
    ],
)
def test_a_wrong_specification_says_what_is_wrong(
    ada: httpx.Client, content: str, kind: str, words: str
) -> None:
    answer = ada.post("/api/queries", content=content, headers={"Content-Type": kind})

    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.requirement("DMS-API-REQ-0039")
def test_a_result_is_given_again_to_its_asker_and_says_so(
    platform: Platform, ada: httpx.Client, tmp_path
) -> None:
    sent = {"QUERY": "SELECT * FROM secret.changing", "LANG": "ADQL", "FORMAT": "csv"}
    file = tmp_path / "changing.csv"
    file.write_text("id\n1\n")
    sciplat(platform.home, "ingest", "catalog", str(file), "--table", "secret.changing")

    def asked(client: httpx.Client | None = None, **headers: str) -> httpx.Response:
        answer = (client or ada).get("/api/tap/sync", params=sent, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    first, again = asked(), asked()

    assert [each.headers["X-Sciplat-Cache"] for each in (first, again)] == ["miss", "hit"]
    assert int(again.headers["Age"]) < 300
    assert again.content == first.content
    recalled = [ada.get(f"/api/queries/{each.headers['X-Sciplat-Query']}").json() for each in (first, again)]
    assert [(each["cached"], each["rows"], each["phase"]) for each in recalled] == [
        (False, 1, "COMPLETED"),
        (True, 1, "COMPLETED"),
    ]
    assert asked(**{"Cache-Control": "no-cache"}).headers["X-Sciplat-Cache"] == "miss"
    with httpx.Client(
        base_url=platform.url, headers={"Authorization": f"Bearer {platform.token()}"}, timeout=60
    ) as admin:
        assert asked(admin).headers["X-Sciplat-Cache"] == "miss"

    file.write_text("id\n1\n2\n")
    sciplat(platform.home, "ingest", "catalog", str(file), "--table", "secret.changing")
    changed = asked()

    assert changed.headers["X-Sciplat-Cache"] == "miss"
    assert changed.text.split() == ["id", "1", "2"]
    told = ada.get(f"/api/queries/{first.headers['X-Sciplat-Query']}").json()["changes"]
    then = recalled[0]["tables"][0]["generation"]
    now = ada.get(f"/api/queries/{changed.headers['X-Sciplat-Query']}").json()["tables"][0]["generation"]
    assert then != now
    assert told == [{"table": "secret.changing", "then": then, "now": now}]
    assert ada.post(f"/api/queries/{recalled[0]['id']}/run").json()["changes"] == told


def test_private_rows_are_not_given_from_the_cache(platform: Platform, ada: httpx.Client) -> None:
    sent = {"QUERY": "SELECT name FROM secret.mine", "LANG": "ADQL"}
    assert ada.get("/api/tap/sync", params=sent).status_code == 200

    assert httpx.get(f"{platform.tap}/sync", params=sent).status_code == 401


def test_others_have_another_history(platform: Platform, ada: httpx.Client, history) -> None:
    query_id = ada.get("/api/tap/sync", params={"QUERY": ADQL, "LANG": "ADQL"}).headers["X-Sciplat-Query"]
    admin = {"Authorization": f"Bearer {platform.token()}"}

    for method, path in (
        ("GET", ""),
        ("GET", "/specification"),
        ("POST", "/run"),
        ("DELETE", ""),
    ):
        url = f"{platform.url}/api/queries/{query_id}{path}"
        assert httpx.request(method, url, headers=admin).status_code == 404
        assert httpx.request(method, url).status_code == 401
    ids = [q["id"] for q in httpx.get(f"{platform.url}/api/queries", headers=admin).json()["queries"]]
    assert query_id not in ids
    assert ada.delete(f"/api/queries/{query_id}").status_code == 204
    assert ada.get(f"/api/queries/{query_id}").status_code == 404


def test_a_link_shows_others_how_a_query_was_asked_and_nothing_else(
    platform: Platform, ada: httpx.Client
) -> None:
    sent = {"QUERY": "SELECT name FROM secret.mine -- shared", "LANG": "ADQL", "MAXREC": "1"}
    query_id = ada.get("/api/tap/sync", params=sent).headers["X-Sciplat-Query"]
    made = ada.post(f"/api/queries/{query_id}/links")
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    assert made.json()["url"] == f"{platform.url}/portal/shared#{secret}"

    shared = httpx.get(f"{platform.url}/api/queries/shared/{secret}").json()

    assert (shared["by"], shared["specification"]["query"]) == ("ada", sent["QUERY"])
    assert shared["specification"]["id"] is None
    assert {"rows", "result", "error", "job"}.isdisjoint({*shared, *shared["specification"]})
    rows = {"QUERY": shared["specification"]["query"], "LANG": "ADQL"}
    assert httpx.get(f"{platform.tap}/sync", params=rows).status_code == 401
    admin = {"Authorization": f"Bearer {platform.token()}"}
    again = httpx.post(f"{platform.url}/api/queries", json=shared["specification"], headers=admin)
    assert again.status_code == 201

    listed = ada.get("/api/queries/links").json()["links"]
    assert [each["query"] for each in listed] == [query_id]
    assert secret not in str(listed)
    key = listed[0]["key"]
    for who, status in (({}, 401), (admin, 404)):
        for method, path in (
            ("DELETE", f"links/{key}"),
            ("GET", f"{query_id}/links"),
            ("POST", f"{query_id}/links"),
        ):
            answer = httpx.request(method, f"{platform.url}/api/queries/{path}", headers=who)
            assert answer.status_code == status
    assert httpx.get(f"{platform.url}/api/queries/links", headers=admin).json() == {"links": []}
    assert ada.delete(f"/api/queries/links/{key}").status_code == 204

    gone = httpx.get(f"{platform.url}/api/queries/shared/{secret}")
    never = httpx.get(f"{platform.url}/api/queries/shared/sq-{'A' * 22}")
    assert (gone.status_code, never.status_code) == (404, 404)
    assert gone.json() == never.json()
    logs = "".join(path.read_text(errors="replace") for path in (platform.home / "logs").rglob("*.log*"))
    assert "/api/queries/shared/" in logs
    assert secret not in logs


def test_the_client_finds_repeats_and_shares(platform: Platform) -> None:
    client = sciplat_package.connect(platform.url, platform.token())
    query = "SELECT TOP 4 source_id\n FROM gaia.gaia_source -- client"
    table = client.query(query)

    (found,) = client.history("client", table="gaia.gaia_source", phase="COMPLETED", limit=1)

    assert found.id == table.meta["query_id"]
    assert (found.query, found.rows, found.aspect, found.error) == (query, 4, "api", None)
    assert found.tables == ["gaia.gaia_source"]
    assert found.changes() == []
    assert len(found.rerun().table()) == 4
    for form in ("yaml", "json"):
        assert len(client.submit_specification(found.specification(form)).table()) == 4
    link = found.share(expires_days=1)
    secret = link.partition("#")[2]
    assert httpx.get(f"{platform.url}/api/queries/shared/{secret}").status_code == 200
    found.unshare()
    assert httpx.get(f"{platform.url}/api/queries/shared/{secret}").status_code == 404
    found.delete()
    with pytest.raises(UsageError, match="no query"):
        found.changes()
    assert found.id not in [each.id for each in client.history(limit=1500)]
    with pytest.raises(UsageError, match="Sign in"):
        sciplat_package.connect(platform.url).history()


@pytest.mark.requirement("DMS-API-REQ-0039")
def test_a_result_is_found_by_the_history_and_by_the_id_of_its_job(
    platform: Platform, ada: httpx.Client, history
) -> None:
    made = ada.post("/api/tap/async", data={"QUERY": ADQL, "LANG": "ADQL", "PHASE": "RUN", "FORMAT": "csv"})
    job_id = made.headers["Location"].rpartition("/")[2]
    job = f"/api/tap/async/{job_id}"
    platform.wait_for(lambda: ada.get(f"{job}/phase").text == "COMPLETED", what="the end of the job")
    ended = ada.get(f"/api/jobs/{job_id}").json()

    by_id = ada.get(f"{job}/results/result")
    recalled = next(each for each in history(phase="COMPLETED") if each["id"] == job_id)
    by_history = ada.get(recalled["links"]["result"])

    assert by_id.text.startswith("source_id,ra\r\n")
    assert by_history.content == by_id.content
    assert ada.get(f"{job}/results/result", params={"RESPONSEFORMAT": "parquet"}).content.startswith(b"PAR1")
    # Nothing ran again.
    assert ada.get(f"/api/jobs/{job_id}").json() == ended
