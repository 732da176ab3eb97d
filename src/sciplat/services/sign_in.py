"""Sign in and out, choose a password, and know who is asking."""

from __future__ import annotations

import logging
from datetime import timedelta

from sciplat.errors import AuthenticationError, PermissionDeniedError
from sciplat.identity.models import IssuedToken, TokenKind
from sciplat.identity.store import ADMIN, IdentityStore
from sciplat.services.access import Visitor

__all__ = ["SignInService"]

_log = logging.getLogger(__name__)

_BY_LINK = "link"
_BY_PASSWORD = "password"  # noqa: S105  # what a session is called, not a secret


class SignInService:
    """Lets users in.

    Parameters
    ----------
    identity
        The users.
    session_days
        How long a browser stays signed in.
    """

    def __init__(self, identity: IdentityStore, *, session_days: int) -> None:
        self._identity = identity
        self._lifetime = timedelta(days=session_days)

    def visitor(self, token: str | None) -> Visitor:
        """Return who shows this token, of a session or made for a script; without one, nobody.

        Raises
        ------
        AuthenticationError
            It is no token, or none any more.
        """
        if token is None:
            return Visitor.anonymous()
        return Visitor.of(self._identity.authenticate(token))

    def by_link(self, code: str, *, address: str) -> IssuedToken:
        """Sign in with a one-time link, which is used up by it; return the new session.

        Raises
        ------
        AuthenticationError
            The link opens nothing, or nothing any more.
        """
        user = self._identity.redeem(code)
        _log.info("%s signed in by a link from %s", user.name, address)
        return self._identity.create_session(user.name, lifetime=self._lifetime, began=_BY_LINK)

    def by_password(self, name: str, password: str, *, address: str) -> IssuedToken:
        """Sign in with name and password; return the new session.

        Raises
        ------
        AuthenticationError
            One of them is wrong.
        LimitError
            Too many attempts failed; the error says when to try again.
        """
        try:
            user = self._identity.check_password(name, password, address=address)
        except AuthenticationError:
            _log.warning("Somebody at %s failed to sign in", address)
            raise
        _log.info("%s signed in by password from %s", user.name, address)
        return self._identity.create_session(user.name, lifetime=self._lifetime, began=_BY_PASSWORD)

    def end(self, session: str) -> None:
        """Sign out: the session opens nothing any more. One that has ended already is no error."""
        try:
            credential = self._identity.authenticate(session)
        except AuthenticationError:
            return
        if credential.token.kind is TokenKind.SESSION:
            self._identity.revoke(credential.token.key)

    def choose_password(self, visitor: Visitor, password: str, *, current: str | None = None) -> None:
        """Set the visitor's own password; all the user's other sessions end.

        Parameters
        ----------
        current
            The password until now. A session that began with a sign-in link need not know it:
            the link is what somebody gets who forgot it.

        Raises
        ------
        AuthenticationError
            Nobody has signed in, or the current password is wrong.
        PermissionDeniedError
            A token asks: only a session may.
        UsageError
            The new one is too short or too long.
        """
        user, session = visitor.signed_in(), visitor.token
        if session is None or session.kind is not TokenKind.SESSION:
            raise PermissionDeniedError("A token can't choose a password: sign in to the Portal")
        if session.name != _BY_LINK and user.has_password:
            self._identity.check_password(user.name, current or "", address=f"session:{session.key}")
        self._identity.set_password(user.name, password, keep=session.key, keep_as=_BY_PASSWORD)
        _log.info("%s chose a password", user.name)

    def link(self, name: str) -> str:
        """Return the code of a new sign-in link for a user, good for seven days; the one before ends."""
        return self._identity.sign_in_link(name)

    def first_link(self) -> str | None:
        """Return the code of a new link for the first administrator, until there is a password.

        It is good until it is used, or replaced by the next call.
        """
        if not self._identity.needs_sign_in_link():
            return None
        return self._identity.sign_in_link(ADMIN, lifetime=None)
