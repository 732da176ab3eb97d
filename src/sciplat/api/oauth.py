"""``/api/identity/oauth``: programs of this instance learn who a user is (RFC 6749)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import parse_qsl, quote, unquote_plus

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Anyone, SignedIn, Visiting
from sciplat.errors import AuthenticationError, OAuthError
from sciplat.wire.identity import UserInfoResponse

__all__ = ["router"]

router = APIRouter(prefix="/api/identity/oauth", tags=["identity"])

_SIGN_IN = "/portal/sign-in"
_MOST_PARAMETERS = 20
_FORM = "application/x-www-form-urlencoded"
_LOOPBACK = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}
_TRIED = "tried"
"""A parameter of ours: the name of this machine under which the visitor turned out to be nobody."""

_SECRET_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


async def _asked(request: Request) -> dict[str, str]:
    return _once(request.query_params.multi_items())


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthError(f"Send the parameters as a form ({_FORM})")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise OAuthError(f"The form is not understood: {error}") from None
    return _once(pairs)


Asked = Annotated[dict[str, str], Depends(_asked)]
Form = Annotated[dict[str, str], Depends(_form)]


@router.get("/authorize", status_code=303, response_class=RedirectResponse)
async def authorize(request: Request, asked: Asked, visitor: Visiting, instance: Reach) -> RedirectResponse:
    """Lead a user's browser to a client, with a code; through sign-in where nobody has signed in."""
    try:
        address = await to_thread.run_sync(instance.authorize.authorize, visitor, asked)
    except AuthenticationError:
        address = _other_name(request, asked) or f"{_SIGN_IN}?next={quote(_here(request), safe='')}"
    return RedirectResponse(address, 303, headers=_SECRET_HEADERS)


@router.post("/token")
async def token(request: Request, asked: Form, instance: Reach, _: Anyone) -> JSONResponse:
    """Give a client the token for its code; it says who it is by Basic, with its name and secret."""
    name, secret = _client(request.headers.get("authorization", ""))
    granted = await to_thread.run_sync(instance.authorize.redeem, name, secret, asked)
    lifetime = {} if granted.seconds is None else {"expires_in": granted.seconds}
    return JSONResponse(
        {"access_token": granted.token, "token_type": "Bearer", "scope": "", **lifetime},
        headers={"Cache-Control": "no-store"},
    )


@router.get("/userinfo")
def userinfo(visitor: SignedIn) -> UserInfoResponse:
    """Answer who the user is."""
    return UserInfoResponse(sub=visitor.signed_in().name)


def _once(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name; none may come twice (RFC 6749, section 3.1)."""
    asked = dict(pairs)
    if len(asked) != len(pairs):
        raise OAuthError("A parameter was sent twice")
    return asked


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"


def _other_name(request: Request, asked: dict[str, str]) -> str | None:
    """Return this address under the other name of this machine: a browser signs in to one of them alone."""
    other = _LOOPBACK.get(request.url.hostname or "")
    if other is None or _TRIED in asked:
        return None
    return str(request.url.replace(hostname=other).include_query_params(**{_TRIED: request.url.hostname}))


def _client(header: str) -> tuple[str, str]:
    """Return name and secret of a client (RFC 6749, section 2.3.1)."""
    scheme, _, value = header.partition(" ")
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise AuthenticationError("The client must say who it is by Basic, with its name and secret")
    return unquote_plus(name), unquote_plus(secret)
