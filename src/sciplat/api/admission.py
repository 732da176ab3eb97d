"""What no request may be, whichever resource it asks for: from no proper host, or larger than announced."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sciplat.api.errors import document
from sciplat.errors import UsageError

__all__ = ["LARGEST_BODY_BYTES", "Admission", "allow_body"]

LARGEST_BODY_BYTES = 8_000_000
"""Of a form or JSON; the longest query, each of its characters percent-encoded, is far below."""

_BODY = "sciplat.body"

# Links in documents begin with it, so it is a name, an IPv4 address or an IPv6 address (RFC 3986, 3.2.2).
_HOST = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


@dataclass(slots=True)
class _Body:
    """How much of a request's body may be read, and how much was."""

    largest: int = LARGEST_BODY_BYTES
    read: int = 0

    def take(self, size: int) -> None:
        self.read += size
        if self.read > self.largest:
            raise HTTPException(
                413, f"This request is too large; up to {self.largest // 1_000_000} MB are read."
            )


def allow_body(request: Request, size: int) -> None:
    """Let this request have so many bytes beside what every request may have."""
    body = request.scope[_BODY]
    assert isinstance(body, _Body)
    body.largest = LARGEST_BODY_BYTES + size


class Admission:
    """Answers requests that no resource has to look at; passes all others on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request without a proper host, and stop reading a body that is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _HOST.fullmatch(Headers(scope=scope).get("host", "")):
            refused = document(Request(scope), UsageError("The Host header names no host."))
            await refused(scope, receive, send)
            return
        body = scope[_BODY] = _Body()

        async def read() -> Message:
            message = await receive()
            body.take(len(message.get("body", b"")))
            return message

        await self._app(scope, read, send)
