"""Who is asking: every route names one of these policies.

``Anyone`` looks at no credentials. ``Visiting`` takes a session cookie, a token or nobody, and
the verb decides. ``SignedIn`` takes a session or a token.

Credentials come as session cookie, as ``Authorization: Bearer TOKEN``, or as Basic with the
token as the password (TOPCAT, STILTS, curl) or as the user name. A cookie changes state only from
the Portal's own origin, because other pages of the same browser can send it too.

``SignedSocket`` takes a session or a token for a WebSocket, which any page can open with this browser's
cookie (RFC 6455, section 10.2): a cookie counts from the Portal's own origin alone.

They are coroutines because a plain function would take a turn in a thread for each request, and
only credentials have to be looked up.
"""

from __future__ import annotations

import base64
from ipaddress import ip_address, ip_network
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request, WebSocket
from starlette.requests import HTTPConnection

from sciplat.api.dependencies import Reach
from sciplat.errors import AuthenticationError, PermissionDeniedError, UsageError
from sciplat.services.access import Visitor

__all__ = [
    "SESSION_COOKIE",
    "Anyone",
    "SignedIn",
    "SignedSocket",
    "Visiting",
    "anyone",
    "origin",
    "own_origin_only",
    "socket_visitor",
]

SESSION_COOKIE = "sciplat_session"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def origin(request: HTTPConnection) -> str:
    """Return the origin at which the asker reached this instance."""
    return f"{request.url.scheme.replace('ws', 'http', 1)}://{request.url.netloc}"


def own_origin_only(request: Request) -> None:
    """Refuse a change of state that another page sends with this browser's cookie."""
    if request.method not in _SAFE_METHODS and request.headers.get("origin") != origin(request):
        raise PermissionDeniedError(
            "A session can change things only from the Portal's own pages. Scripts send a token instead."
        )


def _token_of(header: str) -> str:
    """Return the token in an ``Authorization`` header (RFC 7617, RFC 6750)."""
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            try:
                user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
            except ValueError:
                raise UsageError("The Basic credentials are not base64 of UTF-8 text.") from None
            if not colon:
                raise UsageError("The Basic credentials lack the colon between user name and password.")
            given = {part for part in (user, password) if part.startswith("sp-")}
            if len(given) > 1:
                raise UsageError("The Basic credentials hold two different tokens; send one.")
            return given.pop() if given else password
        case _:
            raise UsageError("Authorization must be Bearer or Basic, with a token.")


def _address(request: Request) -> str:
    """Return where a request comes from, nothing for this machine; of IPv6, the network of one customer."""
    try:
        address = ip_address("" if request.client is None else request.client.host)
    except ValueError:
        return ""
    if address.is_loopback:
        return ""
    return str(ip_network((address, 32 if address.version == 4 else 64), strict=False))


async def _visiting(request: Request, instance: Reach) -> Visitor:
    header = request.headers.get("authorization")
    if header is not None:
        return await to_thread.run_sync(instance.sign_in.visitor, _token_of(header))
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return Visitor.anonymous(_address(request))
    try:
        visitor = await to_thread.run_sync(instance.sign_in.visitor, cookie)
    except AuthenticationError:
        # A session that has ended is no wrong password: the asker is nobody now.
        return Visitor.anonymous(_address(request))
    own_origin_only(request)
    return visitor


async def _signed_in(visitor: Annotated[Visitor, Depends(_visiting)]) -> Visitor:
    visitor.signed_in()
    return visitor


async def socket_visitor(socket: WebSocket, instance: Reach) -> Visitor:
    """Return who opens a WebSocket, or has opened it and may still be let in.

    Raises
    ------
    AuthenticationError
        Nobody has signed in, or the session or token has ended.
    PermissionDeniedError
        Another page shows this browser's cookie.
    """
    header, cookie = socket.headers.get("authorization"), socket.cookies.get(SESSION_COOKIE)
    if header is not None:
        token = _token_of(header)
    elif cookie is None:
        raise AuthenticationError("Sign in, or send a token.")
    elif socket.headers.get("origin") != origin(socket):
        raise PermissionDeniedError(
            "A session opens this only from the Portal's own pages. Scripts send a token instead."
        )
    else:
        token = cookie
    return await to_thread.run_sync(instance.sign_in.visitor, token)


async def anyone() -> None:
    """Let everybody in."""


Visiting = Annotated[Visitor, Depends(_visiting)]
SignedIn = Annotated[Visitor, Depends(_signed_in)]
SignedSocket = Annotated[Visitor, Depends(socket_visitor)]
Anyone = Annotated[None, Depends(anyone)]
