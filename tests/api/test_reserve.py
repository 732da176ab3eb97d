"""Nobody between a user and the API keeps an answer, and nobody takes it for something else."""

from __future__ import annotations

import asyncio

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sciplat.api.reserve import Reserve


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    kept = {"Cache-Control": "private, max-age=60"} if Request(scope).url.path == "/api/kept" else {}
    response: Response = PlainTextResponse("rows", headers=kept)
    await response(scope, receive, send)


def headers(path: str) -> httpx.Headers:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(Reserve(app)), base_url="http://here"
        ) as client:
            return await client.get(path)

    return asyncio.run(ask()).headers


def test_no_answer_of_the_api_is_kept_or_guessed_at() -> None:
    found = headers("/api/tap/sync")

    assert found["cache-control"] == "no-store"
    assert found["x-content-type-options"] == "nosniff"


def test_an_answer_that_says_for_whom_it_may_be_kept_has_the_last_word() -> None:
    assert headers("/api/kept")["cache-control"] == "private, max-age=60"


def test_pages_are_kept_as_they_say() -> None:
    assert "cache-control" not in headers("/portal")
