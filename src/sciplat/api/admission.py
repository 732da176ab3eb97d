"""What no request may be, whichever resource it asks for: from no proper host, or larger than announced.

Nor may all together be larger than there is room for, while small ones always pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sciplat.api.errors import document
from sciplat.errors import UsageError

__all__ = ["LARGEST_BODY_BYTES", "Admission", "allow_body", "limit_body"]

LARGEST_BODY_BYTES = 8_000_000
"""Of a form or JSON; the longest query, each of its characters percent-encoded, is far below."""

ROOM_BYTES = 256_000_000
"""For all bodies that are read at one time, as these are held in memory."""

_ROOM_FILES = 20
"""So many of the largest with files may be read at one time, as these are on the disk."""

_SMALL_BYTES = 65_536
"""Of a body for which there is always room."""

_BODY = "sciplat.body"

# Links in documents begin with it, so it is a name, an IPv4 address or an IPv6 address (RFC 3986, 3.2.2).
_HOST = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


@dataclass(slots=True)
class _Room:
    """How much all bodies of a kind may take at one time, and how much they do."""

    most: int
    taken: int = 0


@dataclass(slots=True)
class _Body:
    """How much of a request's body may be read, and how much was."""

    room: _Room
    room_of_files: _Room
    largest: int
    read: int = 0

    def take(self, size: int) -> None:
        self.read += size
        self.room.taken += size
        if self.read > self.largest:
            megabytes, kilobytes = self.largest // 1_000_000, self.largest // 1000
            most = f"{megabytes} MB" if megabytes else f"{kilobytes} kB"
            raise HTTPException(413, f"This request is too large; up to {most} are read.")
        if self.read > _SMALL_BYTES and self.room.taken > self.room.most:
            raise HTTPException(503, "Too many large requests are read at this moment; send it again soon.")

    def give_back(self) -> None:
        self.room.taken -= self.read


def allow_body(request: Request, size: int) -> None:
    """Let this request have so many bytes beside what every request may have."""
    body = request.scope[_BODY]
    assert isinstance(body, _Body)
    assert body.read == 0
    body.largest = LARGEST_BODY_BYTES + size
    body.room = body.room_of_files
    body.room.most = _ROOM_FILES * body.largest


def limit_body(scope: Scope, size: int) -> None:
    """Let this request have no more bytes than that; where they are costly to read."""
    body = scope[_BODY]
    assert isinstance(body, _Body)
    body.largest = size


class Admission:
    """Answers requests that no resource has to look at; passes all others on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._room, self._room_of_files = _Room(ROOM_BYTES), _Room(ROOM_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request without a proper host, and stop reading a body that is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _HOST.fullmatch(Headers(scope=scope).get("host", "")):
            refused = document(Request(scope), UsageError("The Host header names no host."))
            await refused(scope, receive, send)
            return
        body = scope[_BODY] = _Body(self._room, self._room_of_files, LARGEST_BODY_BYTES)

        async def read() -> Message:
            message = await receive()
            body.take(len(message.get("body", b"")))
            return message

        try:
            await self._app(scope, read, send)
        finally:
            body.give_back()
