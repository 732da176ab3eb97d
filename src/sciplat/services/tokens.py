"""Make, list and revoke tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sciplat.errors import NotFoundError, UsageError
from sciplat.identity.models import IssuedToken, Scope, Token, TokenKind, scopes_from
from sciplat.identity.store import IdentityStore
from sciplat.services.access import Visitor

__all__ = ["LONGEST_DAYS", "TokenService"]

LONGEST_DAYS = 3650


class TokenService:
    """Decides who may do what with which token.

    A session reaches all tokens of its user. A token reaches itself and those that it
    made, so that one that leaks can't be used to end or outlive the others. An
    administrator reaches everybody's.
    """

    def __init__(self, identity: IdentityStore) -> None:
        self._identity = identity

    def create(
        self, visitor: Visitor, *, name: str, scopes: Iterable[str], expires_days: float | None = None
    ) -> IssuedToken:
        """Make a token of the visitor's own, with some of the scopes of the session or token that asks.

        One that a token makes lives no longer than its maker, and is revoked with it.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        PermissionDeniedError
            It asks for more than the visitor has.
        UsageError
            There is no such scope, or it would outlive its maker.
        """
        user = visitor.signed_in()
        wanted = scopes_from(scopes)
        for scope in sorted(wanted):
            visitor.require(scope)
        if expires_days is not None and not 0 < expires_days <= LONGEST_DAYS:
            raise UsageError(f"A token can expire after up to {LONGEST_DAYS} days")
        made_by_token = visitor.token is not None and visitor.token.kind is not TokenKind.SESSION
        return self._identity.create_token(
            user.name,
            scopes=wanted,
            name=name,
            expires=None if expires_days is None else datetime.now(UTC) + timedelta(days=expires_days),
            parent=visitor.token.key if visitor.token is not None and made_by_token else None,
        )

    def tokens(self, visitor: Visitor, *, user: str | None = None) -> tuple[Token, ...]:
        """Return the tokens that the visitor reaches, newest first, of one user: without a name, the visitor.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        NotFoundError
            There is no such user, for this visitor.
        """
        asker = visitor.signed_in()
        name = asker.name if user is None else user
        if name != asker.name and Scope.ADMIN_INSTANCE not in visitor.scopes:
            raise NotFoundError(f"There is no user {name[:60]!r}")
        made = self._identity.tokens(name, kind=TokenKind.USER)
        return tuple(token for token in made if self._reaches(visitor, token, {one.key: one for one in made}))

    def revoke(self, visitor: Visitor, key: str) -> None:
        """End a token at once, and those that it made.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        NotFoundError
            There is no such token, for this visitor.
        """
        visitor.signed_in()
        token = self._identity.token(key)
        known = {one.key: one for one in self._identity.tokens(token.user)}
        if not self._reaches(visitor, token, known):
            raise NotFoundError(f"There is no token {key[:60]!r}")
        self._identity.revoke(key)

    def _reaches(self, visitor: Visitor, token: Token, known: dict[str, Token]) -> bool:
        if Scope.ADMIN_INSTANCE in visitor.scopes:
            return True
        if token.user != visitor.name or visitor.token is None:
            return False
        if visitor.token.kind is TokenKind.SESSION:
            return True
        ancestor: Token | None = token
        while ancestor is not None and ancestor.key != visitor.token.key:
            ancestor = known.get(ancestor.parent or "")
        return ancestor is not None
