"""Who is asking, and what that opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sciplat.catalogs.models import Snapshot
from sciplat.errors import AuthenticationError, PermissionDeniedError
from sciplat.identity.models import Credential, Scope, Token, TokenKind, User
from sciplat.vo.schema import Schema

__all__ = ["PART_OF_NOBODY", "Visitor", "may_read_release", "may_see_images", "readable_releases"]

PART_OF_NOBODY = 0.5
"""Of room that all share, what people who have not signed in may fill: the rest stays to users."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever made this request."""

    user: User | None
    """None for somebody who showed no credential."""

    scopes: frozenset[Scope]
    """What the session or token opens now."""

    token: Token | None = None
    """The session or token that was shown; None where the instance itself acts for a user."""

    address: str = ""
    """Where somebody asks from who showed no credential, in words of the door; empty for this machine."""

    @classmethod
    def anonymous(cls, address: str = "") -> Self:
        """Return a visitor who showed no credential."""
        return cls(None, frozenset(), address=address)

    @classmethod
    def of(cls, credential: Credential) -> Self:
        """Return the visitor who showed this credential."""
        return cls(credential.user, credential.scopes, credential.token)

    @property
    def name(self) -> str | None:
        """The user's name; None for somebody who showed no credential."""
        return None if self.user is None else self.user.name

    def signed_in(self) -> User:
        """Return the user.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        """
        if self.user is None:
            raise AuthenticationError("Sign in, or send a token.")
        return self.user

    def require(self, scope: Scope, *, unless_anonymous: bool = False) -> None:
        """Let this visitor go on only with ``scope``.

        Parameters
        ----------
        unless_anonymous
            It is also open to somebody who showed no credential, as public data are. A token
            without the scope is refused all the same: its maker meant it to do less.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        PermissionDeniedError
            The session or token lacks the scope; the message names it.
        """
        if self.user is None and unless_anonymous:
            return
        self.signed_in()
        if scope not in self.scopes:
            what = "session" if self.token is None or self.token.kind is TokenKind.SESSION else "token"
            raise PermissionDeniedError(
                f"This needs the scope {scope.value}, which your {what} does not have"
            )


def may_read_release(visitor: Visitor, schema: Schema) -> bool:
    """Return whether a visitor may read the tables of a data release.

    A private one is open to everybody who has signed in and may read catalogs.
    """
    return schema.public or _may_read_private(visitor)


def readable_releases(visitor: Visitor, snapshot: Snapshot) -> frozenset[str]:
    """Return the data releases of which a visitor may read rows: those with tables, and those with images."""
    tables = {schema.name for schema in snapshot.schemas if may_read_release(visitor, schema)}
    images = {name for name, public in snapshot.images.items() if public or _may_read_private(visitor)}
    return frozenset(tables | images)


def may_see_images(visitor: Visitor, public: bool | None) -> bool:
    """Return whether a visitor may see the images of a release, which are ``public`` or not, or None at all.

    Private ones are open to everybody who has signed in and may read images.
    """
    return public is not None and (public or Scope.READ_IMAGE in visitor.scopes)


def _may_read_private(visitor: Visitor) -> bool:
    return visitor.user is not None and Scope.READ_TAP in visitor.scopes
