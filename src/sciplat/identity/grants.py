"""What a token may open: no more than its user, and than the token that asks for it, when it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from sciplat.errors import NotFoundError, PermissionDeniedError, UsageError
from sciplat.identity.models import IssuedToken, Scope, Token, TokenKind, User
from sciplat.identity.rows import joined, token_of_key, user_of, user_row
from sciplat.identity.secrets import digest, new_token
from sciplat.identity.tables import tokens

__all__ = ["effective_scopes", "grant", "issue"]

_LONGEST_NAME = 100


def effective_scopes(token: Token, user: User) -> frozenset[Scope]:
    """Return what a token opens now: never more than its user may do."""
    return user.scopes if token.kind is TokenKind.SESSION else token.scopes & user.scopes


def grant(
    connection: Connection,
    user: str,
    *,
    scopes: Iterable[Scope],
    name: str,
    expires: datetime | None,
    parent: str | None,
    kind: TokenKind,
    now: datetime,
) -> IssuedToken:
    """Make a token of a user, as `IdentityStore.create_token` says."""
    wanted = frozenset(scopes)
    if not wanted:
        raise UsageError("A token needs a scope at least")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"The name of a token is up to {_LONGEST_NAME} printable characters")
    if expires is not None and expires <= now:
        raise UsageError("A token can't expire in the past")
    owner = user_of(user_row(connection, user))
    _require_within(wanted, owner.scopes, f"user {user}")
    if parent is not None:
        maker = _maker(connection, parent, owner, now)
        _require_within(wanted, maker.scopes, "the token that asks")
        expires = expires or maker.expires
        if maker.expires is not None and (expires is None or expires > maker.expires):
            raise UsageError("A token can't outlive the one that makes it")
    return issue(connection, Token("", user, kind, name, wanted, now, expires, parent))


def issue(connection: Connection, draft: Token) -> IssuedToken:
    """Give a token its key and secret, and keep it."""
    text, key, secret = new_token()
    token = replace(draft, key=key)
    connection.execute(
        tokens.insert().values(
            key=key,
            secret=digest(secret),
            user=token.user,
            kind=token.kind.value,
            name=token.name,
            scopes=joined(token.scopes),
            created=token.created,
            expires=token.expires,
            parent=token.parent,
        )
    )
    return IssuedToken(token, text)


def _maker(connection: Connection, key: str, owner: User, now: datetime) -> Token:
    maker = token_of_key(connection, key)
    if maker.user != owner.name or (maker.expires is not None and maker.expires <= now):
        raise NotFoundError(f"There is no token {key[:60]!r}")
    return maker


def _require_within(wanted: frozenset[Scope], given: frozenset[Scope], whom: str) -> None:
    beyond = sorted(wanted - given)
    if beyond:
        raise PermissionDeniedError(
            f"{whom[0].upper()}{whom[1:]} does not have the scope {', '.join(beyond)}"
        )
