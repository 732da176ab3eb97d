"""Start notebooks: who may, and the token that a lab works with."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sciplat.errors import PermissionDeniedError, SciplatError
from sciplat.identity.models import IssuedToken, Scope, TokenKind, User
from sciplat.identity.store import ADMIN, IdentityStore
from sciplat.services.access import Visitor

__all__ = ["NotebookService"]

_log = logging.getLogger(__name__)


class NotebookService:
    """Lends labs what they need.

    Parameters
    ----------
    identity
        The users.
    same_user
        Notebooks have the rights of whoever runs the instance: they reach all that it has, so they are
        for its owner alone, who is `admin`.
    days
        How long a lab's token is good.
    """

    def __init__(self, identity: IdentityStore, *, same_user: bool, days: int) -> None:
        self._identity = identity
        self._same_user = same_user
        self._lifetime = timedelta(days=days)

    def require(self, visitor: Visitor) -> None:
        """Let this visitor go on only who may start notebooks.

        Raises
        ------
        AuthenticationError
            Nobody has signed in.
        PermissionDeniedError
            The user may not; the message says why.
        """
        self._require(visitor.signed_in())
        visitor.require(Scope.EXEC_NOTEBOOK)

    def why_not(self, visitor: Visitor) -> str | None:
        """Return why this visitor may not start notebooks, or None."""
        try:
            self.require(visitor)
        except SciplatError as error:
            return str(error)
        return None

    def start(self, name: str) -> IssuedToken:
        """Return the token for a user's new lab; the one before ends.

        It has the user's scopes but ``admin:instance``, so that no notebook administers the instance.

        Raises
        ------
        NotFoundError
            There is no such user.
        PermissionDeniedError
            The user may not start notebooks.
        """
        user = self._identity.user(name)
        self._require(user)
        self.end(name)
        return self._identity.create_token(
            name,
            scopes=user.scopes - {Scope.ADMIN_INSTANCE},
            name="lab",
            expires=datetime.now(UTC) + self._lifetime,
            kind=TokenKind.NOTEBOOK,
        )

    def end(self, name: str) -> None:
        """End the token of a user's lab, which has stopped; without one nothing happens."""
        for token in self._identity.tokens(name, kind=TokenKind.NOTEBOOK):
            self._identity.revoke(token.key)

    def end_all_but(self, names: Iterable[str]) -> None:
        """End the tokens of labs that have stopped while nobody looked: those of all other users."""
        running = set(names)
        for user in self._identity.users():
            if user.name not in running:
                self.end(user.name)

    def _require(self, user: User) -> None:
        if Scope.EXEC_NOTEBOOK not in user.scopes:
            raise PermissionDeniedError(
                f"You may not start notebooks: the user {user.name} does not have the scope exec:notebook. "
                "An administrator can give it."
            )
        if self._same_user and user.name != ADMIN:
            raise PermissionDeniedError(
                "Notebooks of this instance run with the rights of the person who started it, and so only "
                f"{ADMIN} may use them. For other users its operator sets notebooks.spawner to system-users."
            )
