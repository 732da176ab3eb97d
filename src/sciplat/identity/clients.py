"""Programs that users sign in to by OAuth 2.0, and the codes that these get for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from sciplat.database import Database
from sciplat.errors import AuthenticationError, NotFoundError, OAuthError
from sciplat.identity.grants import issue
from sciplat.identity.models import IssuedToken, Token, TokenKind
from sciplat.identity.rows import token_of_key
from sciplat.identity.secrets import digest, new_code
from sciplat.identity.tables import clients, codes, tokens

__all__ = ["CODE_LIFETIME", "Client", "ClientStore"]

CODE_LIFETIME = timedelta(seconds=60)
"""RFC 6749, section 4.1.2, allows ten minutes; a client asks at once."""

_NO_CLIENT = "The name or the secret of the client is wrong"
_NO_CODE = "This code is unknown, was used before or has expired"
_OTHER_CODE = "This code was given for another client, redirect_uri or code_challenge; it is good no more"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that users sign in to."""

    name: str
    redirect_uri: str
    """Where it takes codes: this address to the letter."""


class ClientStore:
    """The clients of an instance (RFC 6749: confidential ones), their codes, and the tokens these become.

    Parameters
    ----------
    database
        Of the room.
    clock
        Tells the time, in UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._now = clock

    def register(self, name: str, *, redirect_uri: str) -> str:
        """Add a client, or give it another secret and address; return the secret, which is kept nowhere."""
        secret = new_code()
        values = {"secret": digest(secret), "redirect_uri": redirect_uri}
        with self._database.write() as connection:
            if not connection.execute(update(clients).where(clients.c.name == name).values(values)).rowcount:
                connection.execute(clients.insert().values(name=name, **values))
        return secret

    def client(self, name: str) -> Client:
        """Return a client.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        with self._database.read() as connection:
            row = connection.execute(select(clients).where(clients.c.name == name)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no client {name[:60]!r}")
        return Client(row.name, row.redirect_uri)

    def authenticate(self, name: str, secret: str) -> Client:
        """Return the client whose name and secret these are.

        Raises
        ------
        AuthenticationError
            They aren't; which of them, it doesn't say.
        """
        with self._database.read() as connection:
            row = connection.execute(select(clients).where(clients.c.name == name)).one_or_none()
        known = bytes(32) if row is None else row.secret
        if not hmac.compare_digest(digest(secret), known) or row is None:
            raise AuthenticationError(_NO_CLIENT)
        return Client(row.name, row.redirect_uri)

    def new_code(self, client: Client, *, challenge: str, session: Token) -> str:
        """Return a code with which ``client`` learns once, within a minute, whose session this is.

        Parameters
        ----------
        challenge
            The ``code_challenge`` of method S256 (RFC 7636, section 4.2).
        """
        code = new_code()
        with self._database.write() as connection:
            connection.execute(delete(codes).where(codes.c.expires <= self._now()))
            connection.execute(
                codes.insert().values(
                    code=digest(code),
                    client=client.name,
                    redirect_uri=client.redirect_uri,
                    challenge=challenge,
                    session=session.key,
                    expires=self._now() + CODE_LIFETIME,
                )
            )
        return code

    def redeem(self, client: Client, code: str, *, redirect_uri: str, verifier: str) -> IssuedToken:
        """Return a token that says who the user is; it ends with the session, and opens nothing.

        A code that comes again has been stolen, before or now: the token that it became ends
        (RFC 6749, section 4.1.2). One that comes with anything wrong is used up by that.

        Raises
        ------
        OAuthError
            The code is not good, or was not given for this.
        """
        with self._database.write() as connection:
            row = connection.execute(select(codes).where(codes.c.code == digest(code))).one_or_none()
            issued, wrong = None, _NO_CODE
            if row is not None and row.token is None and row.expires > self._now():
                wrong = _OTHER_CODE
                if _is_for(row, client, redirect_uri, verifier):
                    session = token_of_key(connection, row.session)
                    draft = Token(
                        *("", session.user, TokenKind.CLIENT, client.name, frozenset()),
                        *(self._now(), session.expires, session.key),
                    )
                    issued = issue(connection, draft)
                    connection.execute(
                        update(codes).where(codes.c.code == row.code).values(token=issued.token.key)
                    )
            if row is not None and issued is None:
                connection.execute(delete(codes).where(codes.c.code == row.code))
                connection.execute(delete(tokens).where(tokens.c.key == row.token))
        if issued is None:
            raise OAuthError(wrong, reason="invalid_grant")
        return issued


def _is_for(row: Row[Any], client: Client, redirect_uri: str, verifier: str) -> bool:
    hashed = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    return (
        row.client == client.name
        and row.redirect_uri == redirect_uri
        and hmac.compare_digest(challenge, row.challenge)
    )
