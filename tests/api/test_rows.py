"""Rows by HTTP: questions in an address or a body, answers that a browser may keep."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest
import requests
from support.results import completed
from support.serving import serving

from sciplat.config import Settings
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.processes import views
from sciplat.services.access import Visitor

ROWS = pa.table({"id": pa.array([2**53 + 1, 2, 3], pa.int64()), "name": ["<b>x</b>", "=1+1", None]})


class Door:
    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.address + path, timeout=30, **options)

    def post(self, path: str, **options: object) -> requests.Response:
        return requests.post(self.address + path, timeout=30, **options)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    opened = Instance(tmp_path_factory.mktemp("home"), Settings())
    yield opened
    opened.jobs.close()
    opened.identity.close()
    opened.recorder.close()
    opened.history.close()


@pytest.fixture(scope="module")
def door(instance: Instance) -> Iterator[Door]:
    with serving(views.create_app(instance)) as address:
        yield Door(address)


def bearer(instance: Instance, user: str) -> dict[str, str]:
    issued = instance.identity.create_token(user, scopes=[Scope.READ_TAP])
    return {"Authorization": f"Bearer {issued.text}"}


@pytest.fixture(scope="module")
def ada(instance: Instance) -> dict[str, str]:
    instance.identity.create_user("ada")
    return bearer(instance, "ada")


@pytest.fixture(scope="module")
def job(instance: Instance, ada: dict[str, str]) -> str:
    visitor = Visitor(instance.identity.user("ada"), frozenset({Scope.READ_TAP}))
    return completed(instance, ROWS, visitor=visitor, overflow=True)


def ask(job: str, **more: object) -> dict[str, object]:
    relation = {
        "source": {"kind": "job", "job": job},
        **{k: more.pop(k) for k in ("filter", "derive", "sort") if k in more},
    }
    return {"relation": relation, **more}


def test_a_page_is_the_same_by_get_and_post_and_its_text_stays_text(door, ada, job) -> None:
    question = ask(job, sort=[{"column": "id"}], limit=2)

    posted = door.post("/api/rows/page", json=question, headers=ada)
    got = door.get("/api/rows/page", params={"ask": json.dumps(question)}, headers=ada)

    assert posted.content == got.content
    table = pa.ipc.open_stream(got.content).read_all()
    assert table.to_pydict() == {"id": [2, 3], "name": ["=1+1", None], "#": [1, 2]}
    assert got.headers["content-type"] == "application/vnd.apache.arrow.stream"


def test_who_has_an_answer_already_is_told_so_and_nobody_else(door, ada, job, instance) -> None:
    first = door.post("/api/rows/count", json=ask(job, filter="id > 2"), headers=ada)
    assert first.json() == {
        "fingerprint": first.headers["etag"].strip('"'),
        "total": 3,
        "seen": 2,
        "selected": None,
        "overflow": True,
    }
    assert first.headers["cache-control"].startswith("private")
    again = {"If-None-Match": first.headers["etag"]}

    assert (
        door.post("/api/rows/count", json=ask(job, filter="id > 2"), headers={**ada, **again}).status_code
        == 304
    )
    assert (
        door.post("/api/rows/count", json=ask(job, filter="id > 3"), headers={**ada, **again}).status_code
        == 200
    )
    instance.identity.create_user("eve")
    other = bearer(instance, "eve")
    assert (
        door.post("/api/rows/count", json=ask(job, filter="id > 2"), headers={**other, **again}).status_code
        == 404
    )


def test_a_result_of_somebody_is_not_there_for_others(door, ada, job, instance) -> None:
    nobody = door.post("/api/rows/page", json=ask(job))
    unknown = door.post("/api/rows/page", json=ask("nosuchjob"), headers=ada)

    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "authentication")
    assert "www-authenticate" in nobody.headers
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")


def test_a_credential_that_opens_nothing_is_refused_before_the_question_is_read(door) -> None:
    for method in (door.get, door.post):
        answer = method("/api/rows/count", headers={"Authorization": "Bearer sp-nonsense"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "authentication")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "missing"),
        (b"{", "not understood"),
        (b"[]", "not understood"),
        (b'{"relation": {"source": {"job": "../x"}}}', "source.job"),
        (b'{"relation": {"source": {"job": "x"}}, "sql": "SELECT 1"}', "sql"),
        (b'{"relation": {"source": {"job": "x"}, "filter": "' + b"x" * 5000 + b'"}}', "filter"),
        (b" " * 1_000_001, "at most"),
    ],
    ids=["none", "broken", "list", "path", "extra", "long", "huge"],
)
def test_what_is_no_question_is_refused_in_words(door, ada, body: bytes, message: str) -> None:
    answer = door.post("/api/rows/page", data=body, headers=ada)

    assert answer.status_code in (400, 422)
    assert message in answer.json()["error"]["message"]


def test_a_wrong_expression_is_shown_at_its_place(door, ada, job) -> None:
    answer = door.post("/api/rows/page", json=ask(job, filter="id > nothing"), headers=ada)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["line"], error["column"], error["length"]) == ("adql", 1, 6, 7)


def facts(answer: requests.Response) -> tuple[pa.Table, dict]:
    assert answer.status_code == 200, answer.text
    table = pa.ipc.open_stream(answer.content).read_all()
    return table, json.loads(table.schema.metadata[b"sciplat"])


def test_charts_come_with_what_is_said_beside_them(door, ada, job) -> None:
    axis = {"expression": "MOD(id, 10)", "bins": 10, "low": 0, "high": 10}

    table, said = facts(door.post("/api/rows/density", json=ask(job, x=axis, y=axis), headers=ada))
    assert (table["count"].to_numpy().sum(), len(table), said["x"]["edges"][1]) == (3, 100, 1.0)

    table, said = facts(
        door.post("/api/rows/sample", json=ask(job, expressions=["id"], needed=1, most=2), headers=ada)
    )
    assert (len(table), table.column_names, said["rows"], said["of"]) == (2, ["id", "#"], 2, 3)

    brush = {"kind": "span", "x": [1.1, 2.9]}
    table, said = facts(
        door.post(
            "/api/rows/brush",
            json=ask(job, charts=[{"x": axis}, {"x": axis, "y": axis}], active=0, brush=brush),
            headers=ada,
        )
    )
    assert [len(counts) for counts in table["counts"].to_pylist()] == [10, 100]
    assert said["rows"] == sum(table["counts"][1].as_py()) == 1
    assert (said["x"][0], said["x"][1] < 3) == (1.0, True)

    whole = door.post("/api/rows/histogram", json=ask(job, axis=axis), headers=ada).json()
    assert (sum(whole["counts"]), whole["selected"]) == (3, None)


def test_statistics_keep_what_no_number_of_json_holds(door, ada, job) -> None:
    answer = door.post("/api/rows/statistics", json=ask(job, columns=["id", "name"]), headers=ada).json()

    identity, name = answer["columns"]
    assert (identity["minimum"], identity["maximum"]) == (2, str(2**53 + 1))
    assert (name["minimum"], name["missing"]) == ("<b>x</b>", 1)
