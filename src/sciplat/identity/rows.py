"""Turns rows of the room's tables into users and tokens, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from sciplat.errors import NotFoundError
from sciplat.identity.models import Scope, Token, TokenKind, User, scopes_from
from sciplat.identity.tables import tokens, users

__all__ = [
    "joined",
    "split_scopes",
    "token_of",
    "token_of_key",
    "user_of",
    "user_row",
]


def user_row(connection: Connection, name: str) -> Row[Any]:
    """Return the row of a user, or raise NotFoundError."""
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no user {name[:60]!r}")
    return row


def token_of_key(connection: Connection, key: str) -> Token:
    """Return the token of a key, or raise NotFoundError."""
    row = connection.execute(select(tokens).where(tokens.c.key == key)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no token {key[:60]!r}")
    return token_of(row)


def user_of(row: Row[Any]) -> User:
    """Return the user of a row."""
    return User(row.name, split_scopes(row.scopes), row.created, row.password is not None)


def token_of(row: Row[Any]) -> Token:
    """Return the token of a row."""
    return Token(
        key=row.key,
        user=row.user,
        kind=TokenKind(row.kind),
        name=row.name,
        scopes=split_scopes(row.scopes),
        created=row.created,
        expires=row.expires,
        parent=row.parent,
    )


def joined(scopes: Iterable[Scope]) -> str:
    """Return scopes as they are kept."""
    return " ".join(sorted(scope.value for scope in scopes))


def split_scopes(text: str) -> frozenset[Scope]:
    """Return kept scopes."""
    return scopes_from(text.split())
