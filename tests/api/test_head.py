"""HEAD answers what GET does without the content, and runs nothing to its end for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from sciplat.api.head import Head


class Site:
    """An application, and how far it got with rows that never end."""

    def __init__(self) -> None:
        self.made = 0
        self.ended = False
        self.app = FastAPI()
        self.app.add_middleware(Head)
        self.app.get("/small")(self.small)
        self.app.get("/endless")(self.endless)
        self.app.get("/method")(self.method)
        self.app.post("/change")(self.small)

    async def small(self) -> Response:
        return PlainTextResponse("four", headers={"X-Sciplat-Query": "q"})

    async def method(self, request: Request) -> Response:
        return PlainTextResponse(request.method)

    async def endless(self) -> Response:
        return StreamingResponse(self._rows())

    async def _rows(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.made += 1
                yield b"row"
                await asyncio.sleep(0)  # lets others run, as waiting for rows does
        finally:
            self.ended = True

    def ask(self, method: str, path: str) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self.app), base_url="http://here"
            ) as client:
                return await client.request(method, path, timeout=10)

        return asyncio.run(asyncio.wait_for(send(), 10))


@pytest.fixture
def site() -> Site:
    return Site()


def test_the_headers_are_those_of_get(site: Site) -> None:
    head, get = site.ask("HEAD", "/small"), site.ask("GET", "/small")

    assert (head.status_code, head.headers, head.content) == (200, get.headers, b"")
    assert get.content == b"four"


def test_rows_that_nobody_reads_come_to_an_end(site: Site) -> None:
    answer = site.ask("HEAD", "/endless")

    assert (answer.status_code, answer.content) == (200, b"")
    assert site.ended
    assert site.made < 100


def test_a_resource_that_only_takes_changes_takes_no_head(site: Site) -> None:
    assert site.ask("HEAD", "/change").status_code == 405
    assert site.ask("POST", "/change").content == b"four"
    assert site.ask("HEAD", "/method").headers["content-length"] == "3"
