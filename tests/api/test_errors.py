"""An error is told in the form of its resource, with a status that makes nobody send the request again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from sciplat.api.errors import add_error_handlers
from sciplat.errors import NotFoundError, QueryTimeoutError

Get = Callable[[str], httpx.Response]


@pytest.fixture
def get() -> Get:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/api/{service}/slow")
    def slow(service: str) -> None:
        raise QueryTimeoutError("The query was stopped after its limit of 60 s.")

    @app.get("/api/{service}/absent")
    def absent(service: str) -> None:
        raise NotFoundError("There is none.")

    @app.get("/api/{service}/full")
    def full(service: str) -> None:
        try:
            raise sqlite3.OperationalError("database or disk is full")
        except sqlite3.OperationalError as error:
            raise RuntimeError("this could not be written") from error

    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://here"
        ) as client:
            return await client.get(path)

    return lambda path: asyncio.run(ask(path))


@pytest.mark.parametrize("service", ["tap", "scs", "sia", "datalink"])
def test_services_of_the_ivoa_answer_a_votable(get: Get, service: str) -> None:
    answer = get(f"/api/{service}/absent")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/x-votable+xml")
    assert 'name="QUERY_STATUS"' in answer.text
    assert "There is none." in answer.text


def test_cutouts_answer_a_text(get: Get) -> None:
    answer = get("/api/soda/absent")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")
    assert "There is none." in answer.text


def test_everything_else_answers_json(get: Get) -> None:
    answer = get("/api/tapas/absent")

    assert answer.json() == {"error": {"code": "not_found", "message": "There is none."}}


def test_a_time_out_has_a_status_after_which_nobody_asks_again(get: Get) -> None:
    told = get("/api/jobs/slow").json()["error"]

    assert told["code"] == "query_timeout"
    # Retry policies count 408, 425, 429 and 5xx as passing troubles.
    assert {get(f"/api/{service}/slow").status_code for service in ("tap", "jobs")} == {422}


def test_a_full_disk_is_told_and_is_no_error_of_ours(get: Get) -> None:
    for service in ("tap", "soda", "images"):
        answer = get(f"/api/{service}/full")

        assert answer.status_code == 503
        assert "disk of this instance is full" in answer.text
        assert "written" not in answer.text
