"""Send a table: small ones at once, large ones as they come."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sciplat.errors import SciplatError
from sciplat.services.query import Answer
from sciplat.tables.stream import TableStream

__all__ = ["respond", "respond_with"]

_AT_ONCE_BYTES = 1 << 20


def respond(chunks: Iterator[bytes], *, media_type: str, file_name: str | None = None) -> Response:
    """Return a response with the bytes of ``chunks``.

    The first megabyte is made before anything is sent: a query that fails early has an honest
    HTTP status, and a small answer needs no stream.
    """
    head: list[bytes] = []
    size = 0
    headers = {"X-Content-Type-Options": "nosniff"}
    if file_name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size >= _AT_ONCE_BYTES:
            return StreamingResponse(itertools.chain(head, chunks), media_type=media_type, headers=headers)
    return Response(b"".join(head), media_type=media_type, headers=headers)


async def respond_with(
    answer: Answer,
    write: Callable[[TableStream], Iterator[bytes]],
    *,
    media_type: str,
    request: Request,
    turns: CapacityLimiter,
) -> Response:
    """Return a response with the rows of ``answer``, which ends with the response or when the asker has gone.

    It waits in a thread of ``turns``, so that many slow queries keep nobody else from being answered.
    """

    def respond_and_close() -> Response:
        response = respond(write(answer.stream()), media_type=media_type)
        if not isinstance(response, StreamingResponse):
            answer.close()
        return response

    gone = asyncio.create_task(_stop_when_gone(request.receive, answer))
    try:
        response = await to_thread.run_sync(respond_and_close, limiter=turns)
    except BaseException:
        await _close(answer)
        raise
    finally:
        gone.cancel()
    if isinstance(response, StreamingResponse):
        response = _Rows(response, answer)
    if answer.id is not None:
        response.headers["X-Sciplat-Query"] = answer.id
    return response


class _Rows(Response):
    """A stream of rows that takes its query with it."""

    def __init__(self, stream: StreamingResponse, answer: Answer) -> None:
        self._stream, self._answer = stream, answer
        self.background = None
        self.raw_headers = stream.raw_headers
        self.status_code = stream.status_code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = False

        async def watched() -> dict[str, object]:
            nonlocal gone
            message = await receive()
            if message["type"] == "http.disconnect":
                gone = True
                # A thread may be waiting for the next rows: they come to an end now.
                self._answer.stop()
            return dict(message)

        try:
            await self._stream(scope, watched, send)
        except SciplatError:
            if not gone:
                raise
        finally:
            await _close(self._answer)


async def _stop_when_gone(receive: Receive, answer: Answer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    answer.stop()


async def _close(answer: Answer) -> None:
    with CancelScope(shield=True):
        await to_thread.run_sync(answer.close)
