"""Keeps users, tokens, passwords and sign-in links; nothing here gives a secret back."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from sciplat.database import Database, in_folder
from sciplat.errors import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
)
from sciplat.identity import throttle
from sciplat.identity.clients import ClientStore
from sciplat.identity.folders import make_folder
from sciplat.identity.grants import effective_scopes, grant, issue
from sciplat.identity.models import Credential, IssuedToken, Scope, Token, TokenKind, User
from sciplat.identity.names import is_user_name, require_user_name
from sciplat.identity.passwords import LONGEST, Cost, Passwords
from sciplat.identity.rows import (
    joined,
    split_scopes,
    token_of,
    token_of_key,
    user_of,
    user_row,
)
from sciplat.identity.secrets import digest, new_code, split_token
from sciplat.identity.tables import sign_in_links, tokens, users

__all__ = ["ADMIN", "LINK_LIFETIME", "IdentityStore"]

ADMIN = "admin"
"""The first administrator, who is there from the beginning."""

LINK_LIFETIME = timedelta(days=7)

_ROOM = "sciplat.identity"
_NOT_GOOD = "This token is unknown, has expired or was revoked"
_NO_MATCH = "The user name or the password is wrong"
_NO_LINK = "This sign-in link was used before, was replaced by a newer one or has expired: ask for a new one"
_LONGEST_ADDRESS = 64

_BY_KEY = (
    select(tokens, users.c.scopes.label("of_user"), users.c.created.label("since"), users.c.password)
    .join_from(tokens, users, tokens.c.user == users.c.name)
    .limit(1)
)


class IdentityStore:
    """The users of an instance and their tokens.

    Parameters
    ----------
    database
        Where they are kept.
    workspace
        The folder in which every user has one, readable by the instance alone.
    cost
        How hard passwords are to guess.
    clock
        Tells the time, in UTC.
    """

    def __init__(
        self,
        database: Database,
        *,
        workspace: Path,
        cost: Cost | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._passwords = Passwords(cost or Cost())
        self._now = clock
        self.clients = ClientStore(database, clock)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        database: str | None = None,
        cost: Cost | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """Open the users of the instance at ``home``; the first time, ``admin`` is made.

        Parameters
        ----------
        database
            The address of a PostgreSQL database, instead of a file in ``home``.
        """
        opened = Database.open(database or in_folder(home / "state", _ROOM), room=_ROOM)
        store = cls(opened, workspace=home / "workspace", cost=cost, clock=clock)
        if not store._exists(ADMIN):
            with suppress(ConflictError):  # another process may be quicker
                store._add(ADMIN, frozenset(Scope))
        return store

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    # Users

    def create_user(self, name: str, *, scopes: Iterable[Scope] | None = None) -> User:
        """Add a user, who can sign in with a link and then choose a password.

        Parameters
        ----------
        name
            Lower-case letters, digits, ``-``, ``_`` and ``.``, from a letter on, up to 32.
        scopes
            What the user may do; without them all but administer the instance.

        Raises
        ------
        UsageError
            Nobody can have this name.
        ConflictError
            Somebody has it.
        """
        require_user_name(name)
        given = frozenset(Scope) - {Scope.ADMIN_INSTANCE} if scopes is None else frozenset(scopes)
        return self._add(name, given)

    def user(self, name: str) -> User:
        """Return one user.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        with self._database.read() as connection:
            return user_of(user_row(connection, name))

    def users(self) -> tuple[User, ...]:
        """Return all users by name."""
        with self._database.read() as connection:
            return tuple(user_of(row) for row in connection.execute(select(users).order_by(users.c.name)))

    def set_scopes(self, name: str, scopes: Iterable[Scope]) -> User:
        """Let a user do this and no more; sessions and tokens follow at once."""
        with self._database.write() as connection:
            user_row(connection, name)
            connection.execute(update(users).where(users.c.name == name).values(scopes=joined(scopes)))
            return user_of(user_row(connection, name))

    # Signing in

    def needs_sign_in_link(self) -> bool:
        """Return whether the first administrator has no password and can sign in by a link only."""
        return not self.user(ADMIN).has_password

    def sign_in_link(self, name: str, *, lifetime: timedelta | None = LINK_LIFETIME) -> str:
        """Return the code of a new link that signs ``name`` in once; earlier ones open nothing any more.

        Without a lifetime it is good until it is used or replaced.
        """
        code = new_code()
        expires = None if lifetime is None else self._now() + lifetime
        with self._database.write() as connection:
            user_row(connection, name)
            connection.execute(delete(sign_in_links).where(sign_in_links.c.user == name))
            connection.execute(sign_in_links.insert().values(user=name, code=digest(code), expires=expires))
        return code

    def redeem(self, code: str) -> User:
        """Return the user of a sign-in link, which is used up by this.

        Raises
        ------
        AuthenticationError
            It opens nothing, or nothing any more.
        """
        with self._database.write() as connection:
            link = connection.execute(
                delete(sign_in_links)
                .where(sign_in_links.c.code == digest(code))
                .returning(sign_in_links.c.user, sign_in_links.c.expires)
            ).one_or_none()
            user = None
            if link is not None and (link.expires is None or link.expires > self._now()):
                user = user_of(user_row(connection, link.user))
        if user is None:
            raise AuthenticationError(_NO_LINK)
        return user

    def set_password(self, name: str, password: str, *, keep: str | None = None, keep_as: str = "") -> None:
        """Set a user's password; the sessions and the sign-in link of the user end.

        Parameters
        ----------
        keep
            The key of the one session that goes on, from now on with the name ``keep_as``.

        Raises
        ------
        UsageError
            It is too short or too long.
        """
        kept = self._passwords.hash(password)
        with self._database.write() as connection:
            user_row(connection, name)
            connection.execute(update(users).where(users.c.name == name).values(password=kept))
            connection.execute(delete(sign_in_links).where(sign_in_links.c.user == name))
            sessions = (tokens.c.user == name) & (tokens.c.kind == TokenKind.SESSION.value)
            connection.execute(delete(tokens).where(sessions, tokens.c.key != (keep or "")))
            connection.execute(update(tokens).where(sessions).values(name=keep_as))

    def check_password(self, name: str, password: str, *, address: str) -> User:
        """Return the user whose name and password these are.

        It takes as long for a name that nobody has.

        Parameters
        ----------
        address
            Where the attempt comes from, as text.

        Raises
        ------
        AuthenticationError
            They aren't; which of them, it doesn't say.
        LimitError
            Too many attempts failed; it says when to try again.
        """
        known = name if is_user_name(name) else None
        address = address[:_LONGEST_ADDRESS]
        with self._database.write() as connection:
            throttle.count_attempt(connection, user=known, address=address, now=self._now())
            row = connection.execute(select(users).where(users.c.name == (known or ""))).one_or_none()
        kept = None if row is None else row.password
        if not self._passwords.check(password, kept) or len(password) > LONGEST or row is None:
            raise AuthenticationError(_NO_MATCH)
        with self._database.write() as connection:
            throttle.forgive(connection, user=row.name, address=address)
        return user_of(row)

    # Tokens

    def create_session(self, name: str, *, lifetime: timedelta, began: str) -> IssuedToken:
        """Make the token of a browser that has just signed in.

        Parameters
        ----------
        began
            How: ``password`` or ``link``; it is the session's name.
        """
        now = self._now()
        with self._database.write() as connection:
            user = user_of(user_row(connection, name))
            connection.execute(delete(tokens).where(tokens.c.expires <= now))
            return issue(
                connection,
                Token("", user.name, TokenKind.SESSION, began, user.scopes, now, now + lifetime, None),
            )

    def create_token(
        self,
        user: str,
        *,
        scopes: Iterable[Scope],
        name: str = "",
        expires: datetime | None = None,
        parent: str | None = None,
        kind: TokenKind = TokenKind.USER,
    ) -> IssuedToken:
        """Make a token for scripts and other clients.

        Parameters
        ----------
        user
            Whose it is.
        scopes
            What it opens, as long as its user may do that.
        expires
            When it ends by itself, in UTC.
        parent
            The key of the token that asks for it: a child can do no more, lives no longer, and is
            revoked with its parent.

        Raises
        ------
        PermissionDeniedError
            The user, or the parent, may not do what the token shall.
        UsageError
            It has no scope, is over already, would outlive its parent, or its name is too long.
        NotFoundError
            There is no such user or parent.
        """
        with self._database.write() as connection:
            return grant(
                connection,
                user,
                scopes=scopes,
                name=name,
                expires=expires,
                parent=parent,
                kind=kind,
                now=self._now(),
            )

    def authenticate(self, text: str) -> Credential:
        """Return whose token this is and what it opens now; nothing is written.

        Raises
        ------
        AuthenticationError
            It is no token, or none any more.
        """
        parts = split_token(text)
        if parts is None:
            raise AuthenticationError("This is no token of sciplat: they look like sp-….…")
        key, secret = parts
        with self._database.read() as connection:
            row = connection.execute(_BY_KEY.where(tokens.c.key == key)).one_or_none()
        known = bytes(32) if row is None else row.secret
        if not hmac.compare_digest(digest(secret), known) or row is None:
            raise AuthenticationError(_NOT_GOOD)
        if row.expires is not None and row.expires <= self._now():
            raise AuthenticationError(_NOT_GOOD)
        token = token_of(row)
        user = User(row.user, split_scopes(row.of_user), row.since, row.password is not None)
        return Credential(user, token, effective_scopes(token, user))

    def token(self, key: str) -> Token:
        """Return what is known of one token.

        Raises
        ------
        NotFoundError
            There is none of this key.
        """
        with self._database.read() as connection:
            return token_of_key(connection, key)

    def tokens(self, user: str, *, kind: TokenKind | None = None) -> tuple[Token, ...]:
        """Return a user's tokens that are good now, newest first."""
        query = (
            select(tokens)
            .where(tokens.c.user == user, tokens.c.expires.is_(None) | (tokens.c.expires > self._now()))
            .order_by(tokens.c.created.desc(), tokens.c.key)
        )
        if kind is not None:
            query = query.where(tokens.c.kind == kind.value)
        with self._database.read() as connection:
            user_row(connection, user)
            return tuple(token_of(row) for row in connection.execute(query))

    def revoke(self, key: str) -> None:
        """End a token, and those that it made, at once.

        Raises
        ------
        NotFoundError
            There is none of this key.
        """
        with self._database.write() as connection:
            found = connection.execute(delete(tokens).where(tokens.c.key == key))
            if found.rowcount == 0:
                raise NotFoundError(f"There is no token {key[:60]!r}")

    # How it is done

    def _exists(self, name: str) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(users.c.name).where(users.c.name == name)).first() is not None

    def _add(self, name: str, scopes: frozenset[Scope]) -> User:
        if self._exists(name):
            raise ConflictError(f"There is a user {name} already")
        make_folder(self._workspace / name)
        values = {"name": name, "scopes": joined(scopes), "created": self._now()}
        try:
            with self._database.write() as connection:
                connection.execute(users.insert().values(values))
                return user_of(user_row(connection, name))
        except IntegrityError:
            raise ConflictError(f"There is a user {name} already") from None
