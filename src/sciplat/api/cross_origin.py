"""Pages of other origins may ask the IVOA services, as nobody or with a token, never with a cookie.

Aladin Lite, Firefly and other clients that run in a browser need it (Fetch standard, CORS protocol).
No answer allows credentials, so a browser neither sends this instance's cookies along with such a
request nor lets the page read an answer that it got with them.
"""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["PREFIXES", "CrossOrigin"]

PREFIXES = tuple(f"/api/{service}" for service in ("tap", "scs", "sia", "soda", "datalink", "images", "hips"))
"""What pages of other origins can ask."""

_DAY_SECONDS = 86_400


class CrossOrigin:
    """Adds the headers of the CORS protocol to the answers of the IVOA services alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Range"],
            expose_headers=["*"],
            max_age=_DAY_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, through the protocol if it asks for an IVOA service."""
        path = f"{scope.get('path', '')}/"
        is_open = scope["type"] == "http" and any(path.startswith(f"{prefix}/") for prefix in PREFIXES)
        await (self._open if is_open else self._app)(scope, receive, send)
