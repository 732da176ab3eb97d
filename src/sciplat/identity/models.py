"""Users, tokens and scopes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sciplat.errors import UsageError

__all__ = ["Credential", "IssuedToken", "Scope", "Token", "TokenKind", "User", "scopes_from"]


class Scope(StrEnum):
    """What a session or token may be used for."""

    READ_TAP = "read:tap"
    READ_IMAGE = "read:image"
    WRITE_FILES = "write:files"
    WRITE_TABLES = "write:tables"
    EXEC_NOTEBOOK = "exec:notebook"
    EXEC_PORTAL = "exec:portal"
    ADMIN_INSTANCE = "admin:instance"

    @property
    def description(self) -> str:
        """What it opens, for people who choose scopes for a token."""
        match self:
            case Scope.READ_TAP:
                return "Query catalogs, and follow and delete one's own query jobs."
            case Scope.READ_IMAGE:
                return "Find images, and fetch them and pieces of them."
            case Scope.WRITE_FILES:
                return "Read and change the files of one's own workspace."
            case Scope.WRITE_TABLES:
                return "Make, change and delete one's own tables."
            case Scope.EXEC_NOTEBOOK:
                return "Start notebooks, which run any program with one's own rights."
            case Scope.EXEC_PORTAL:
                return "Use the Portal, and make and change views of it."
            case Scope.ADMIN_INSTANCE:
                return "Administer the instance: its users, all tokens, all releases."


class TokenKind(StrEnum):
    """What a token was made for."""

    SESSION = "session"
    """A browser that signed in; it has whatever scopes its user has."""

    USER = "user"
    """Made by a user, for scripts and other clients."""

    NOTEBOOK = "notebook"
    """Of a lab, for as long as that runs."""

    CLIENT = "client"
    """Of a client of OAuth that a user signed in to: it says who the user is, and opens nothing."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can sign in."""

    name: str
    scopes: frozenset[Scope]
    """The widest that any token of this user can be."""

    created: datetime
    has_password: bool

    @property
    def is_admin(self) -> bool:
        """Whether this user administers the instance."""
        return Scope.ADMIN_INSTANCE in self.scopes


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; its secret is kept nowhere."""

    key: str
    """The public half: it names the token in lists and logs, and opens nothing."""

    user: str
    kind: TokenKind
    name: str
    """What its maker called it; for a session, how it began."""

    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None
    parent: str | None
    """The key of the token that made it, and with which it ends."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token with its text, which can be had this once only."""

    token: Token
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """A token that was shown and is good: whose it is, and what it opens now."""

    user: User
    token: Token
    scopes: frozenset[Scope]


def scopes_from(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of these names.

    Raises
    ------
    UsageError
        One of them is no scope.
    """
    known = {scope.value: scope for scope in Scope}
    found = set()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f": use {', '.join(known)}"
            raise UsageError(f"There is no scope {name[:60]!r}{hint}")
        found.add(known[name])
    return frozenset(found)
