"""``/api/identity``: sign in and out, and a user's own tokens."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request, Response

from sciplat.api.dependencies import Reach
from sciplat.api.policy import SESSION_COOKIE, Anyone, SignedIn, Visiting, own_origin_only
from sciplat.errors import UsageError
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.wire.identity import (
    InstanceResponse,
    MeResponse,
    PasswordRequest,
    SessionRequest,
    TokenCreatedResponse,
    TokenListResponse,
    TokenRequest,
    TokenResponse,
    UserResponse,
)

__all__ = ["router"]

router = APIRouter(prefix="/api/identity", tags=["identity"])


@router.get("/me")
def me(visitor: Visiting, instance: Reach) -> MeResponse:
    """Answer who is asking."""
    return _me(visitor, instance)


@router.post("/session")
def sign_in(
    wanted: SessionRequest, request: Request, response: Response, instance: Reach, _: Anyone
) -> MeResponse:
    """Sign in with a one-time link's code or with name and password, and get a session cookie."""
    if "origin" in request.headers:
        own_origin_only(request)
    address = request.client.host if request.client else ""
    if wanted.link is not None:
        session = instance.sign_in.by_link(wanted.link.get_secret_value(), address=address)
    elif wanted.username is not None and wanted.password is not None:
        session = instance.sign_in.by_password(
            wanted.username, wanted.password.get_secret_value(), address=address
        )
    else:
        raise UsageError("Send either link, or username and password.")
    response.set_cookie(
        SESSION_COOKIE,
        session.text,
        max_age=instance.settings.session_days * 86400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return _me(instance.sign_in.visitor(session.text), instance)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, visitor: Visiting, instance: Reach) -> None:
    """End this session, on the server too."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is not None and visitor.user is not None:
        instance.sign_in.end(cookie)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.put("/password", status_code=204)
def choose_password(wanted: PasswordRequest, visitor: SignedIn, instance: Reach) -> None:
    """Choose a password for the next time."""
    instance.sign_in.choose_password(
        visitor,
        wanted.password.get_secret_value(),
        current=wanted.current.get_secret_value() if wanted.current else None,
    )


@router.get("/tokens")
def tokens(visitor: SignedIn, instance: Reach) -> TokenListResponse:
    """Answer the asker's own tokens, without their secrets."""
    return TokenListResponse(
        tokens=[
            TokenResponse(
                key=token.key,
                name=token.name,
                scopes=sorted(token.scopes),
                created=token.created,
                expires=token.expires,
            )
            for token in instance.tokens.tokens(visitor)
        ]
    )


@router.post("/tokens", status_code=201)
def create_token(wanted: TokenRequest, visitor: SignedIn, instance: Reach) -> TokenCreatedResponse:
    """Make a token with some of the asker's own scopes; its text is shown only now."""
    created = instance.tokens.create(
        visitor, name=wanted.name, scopes=wanted.scopes, expires_days=wanted.expires_days
    )
    return TokenCreatedResponse(token=created.text, key=created.token.key)


@router.delete("/tokens/{key}", status_code=204)
def revoke_token(key: str, visitor: SignedIn, instance: Reach) -> None:
    """Revoke one of the asker's tokens; it and what was made with it end at once."""
    instance.tokens.revoke(visitor, key)


def _me(visitor: Visitor, instance: Instance) -> MeResponse:
    user = visitor.user
    return MeResponse(
        user=None
        if user is None
        else UserResponse(name=user.name, is_admin=user.is_admin, scopes=sorted(visitor.scopes)),
        instance=InstanceResponse(name=instance.settings.name, version=version("sciplat")),
    )
