"""Bodies are read as far as there is room for them all, and small ones always."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from sciplat.api import admission
from sciplat.api.admission import Admission, allow_body
from sciplat.api.errors import add_error_handlers

KILOBYTE = b"x" * 1000


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(admission, "ROOM_BYTES", 500_000)
    monkeypatch.setattr(admission, "LARGEST_BODY_BYTES", 400_000)
    app = FastAPI()
    app.add_middleware(Admission)
    add_error_handlers(app)

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/files")
    async def files(request: Request) -> int:
        allow_body(request, 100_000)
        return len(await request.body())

    return app


class Sender:
    """Sends a body of so many kilobytes, and its end when it is told to."""

    def __init__(self, kilobytes: int) -> None:
        self.kilobytes = kilobytes
        self.sent, self.go_on = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.kilobytes):
            yield KILOBYTE
        self.sent.set()
        await self.go_on.wait()


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


@pytest.mark.parametrize("path", ["/read", "/files"])
def test_large_bodies_wait_for_others_to_go_and_small_ones_pass(
    site: FastAPI, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_ROOM_FILES", 1)

    async def ask() -> None:
        async with client(site) as asked:
            slow = Sender(400)
            first = asyncio.ensure_future(asked.post(path, content=slow))
            await asyncio.wait_for(slow.sent.wait(), 10)

            large = await asked.post(path, content=KILOBYTE * 300)
            small = await asked.post(path, content=KILOBYTE * 50)
            slow.go_on.set()
            await first
            again = await asked.post(path, content=KILOBYTE * 300)

        assert (large.status_code, large.json()["error"]["code"]) == (503, "unavailable")
        assert "send it again soon" in large.json()["error"]["message"]
        assert large.headers["Retry-After"]
        assert (small.status_code, small.json()) == (200, 50_000)
        assert (await first).json() == 400_000
        assert (again.status_code, again.json()) == (200, 300_000)

    asyncio.run(ask())


def test_a_body_beyond_what_is_announced_is_refused(site: FastAPI) -> None:
    async def ask() -> httpx.Response:
        async with client(site) as asked:
            return await asked.post("/read", content=KILOBYTE * 401)

    answer = asyncio.run(ask())

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "limit")
