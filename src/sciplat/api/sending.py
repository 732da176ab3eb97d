"""Answers that are made of pixels: so many at once, sent as they are read, and closed in any case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from urllib.parse import quote

import anyio
from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from sciplat.errors import UnavailableError
from sciplat.services.sendable import Sendable

__all__ = ["STALLED_SECONDS", "Cutting"]

_AT_ONCE_BYTES = 4 << 20
"""What is no larger is made before anything is sent: an error has an honest status, and its maker is free."""

_SENT_AT_ONCE = 8
"""So many larger ones as are made may be under way: who reads them slowly holds a file and little memory."""

_WAITING = 16
"""So many as are made may wait."""

STALLED_SECONDS = 60
"""After that long without taking anything, a reader has gone."""


class Cutting:
    """Lets a number of cutouts be made at once, and others wait a while."""

    def __init__(self, at_once: int, *, seconds: float) -> None:
        """Make ``at_once``; others are sent away after ``seconds``."""
        self._makers = CapacityLimiter(at_once)
        self._senders = CapacityLimiter(_SENT_AT_ONCE * at_once)
        self._most_waiting = _WAITING * at_once
        self._seconds = seconds

    async def respond(self, make: Callable[[], Sendable]) -> Response:
        """Return the response with what ``make`` returns.

        Raises
        ------
        UnavailableError
            Too many others are asked for.
        """
        if self._makers.statistics().tasks_waiting >= self._most_waiting:
            raise _busy()
        turn = object()
        try:
            with anyio.fail_after(self._seconds):
                await self._makers.acquire_on_behalf_of(turn)
        except TimeoutError:
            raise _busy() from None
        try:
            made, head = await to_thread.run_sync(_begun, make)
        finally:
            self._makers.release_on_behalf_of(turn)
        headers = {
            "Content-Disposition": _disposition(made.name),
            "Cache-Control": f"{'public' if made.public else 'private'}, no-cache",
            "Content-Length": str(made.size),
        }
        if made.shrunk > 1:
            headers["X-Sciplat-Shrunk"] = str(made.shrunk)
        if len(head) >= made.size:
            made.close()
            return Response(head, media_type=made.media_type, headers=headers)
        try:
            self._senders.acquire_on_behalf_of_nowait(made)
        except anyio.WouldBlock:
            made.close()
            raise _busy() from None
        return _Sending(made, head, headers, self._senders)


class _Sending(StreamingResponse):
    """A large answer, which is closed when it is sent, or when its reader has gone."""

    def __init__(
        self, made: Sendable, head: bytes, headers: dict[str, str], senders: CapacityLimiter
    ) -> None:
        self._made, self._senders = made, senders

        async def content() -> AsyncIterator[bytes]:
            yield head
            async for piece in iterate_in_threadpool(made.content):
                yield piece

        super().__init__(content(), media_type=made.media_type, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def patient(message: Message) -> None:
            with anyio.fail_after(STALLED_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, patient)
        except (ClientDisconnect, TimeoutError):
            pass  # the connection ends before what Content-Length has announced
        finally:
            self._senders.release_on_behalf_of(self._made)
            with CancelScope(shield=True):
                await to_thread.run_sync(self._made.close)


def _begun(make: Callable[[], Sendable]) -> tuple[Sendable, bytes]:
    made = make()
    head = bytearray()
    try:
        while len(head) < min(_AT_ONCE_BYTES, made.size):
            piece = next(made.content, b"")
            if not piece and len(head) < made.size:
                continue
            head += piece
    except BaseException:
        made.close()
        raise
    return made, bytes(head)


def _disposition(name: str) -> str:
    """Return ``Content-Disposition`` with a file's name (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_").replace("?", "_")
    return f'attachment; filename="{plain}"' + (
        "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    )


def _busy() -> UnavailableError:
    return UnavailableError("Too many cutouts are being made; ask again in a moment.")
