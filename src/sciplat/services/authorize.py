"""Let a program know who a user is: the authorization code flow of OAuth 2.0.

RFC 6749, section 4.1, as RFC 9700 has it today: PKCE with S256 is required (RFC 7636), addresses are
compared to the letter, a code is good once and for a minute, and what it becomes opens nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from sciplat.errors import NotFoundError, OAuthError, PermissionDeniedError
from sciplat.identity.clients import Client, ClientStore
from sciplat.identity.models import TokenKind
from sciplat.services.access import Visitor

__all__ = ["HUB", "AuthorizeService", "Granted"]

HUB = "hub"
"""The client that starts notebooks."""

_log = logging.getLogger(__name__)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_STATE = 4000


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code became."""

    token: str
    seconds: int | None
    """For how long it is good; None: until it is revoked."""


class AuthorizeService:
    """Answers clients of OAuth.

    Parameters
    ----------
    clients
        The programs that are known.
    rules
        For each of them what lets a visitor in, or raises PermissionDeniedError with the reason.
    """

    def __init__(self, clients: ClientStore, rules: Mapping[str, Callable[[Visitor], None]]) -> None:
        self._clients = clients
        self._rules = rules

    def authorize(self, visitor: Visitor, asked: Mapping[str, str]) -> str:
        """Return where the visitor's browser goes: to the client, with a code or with what is wrong.

        Parameters
        ----------
        asked
            The parameters of the request, each sent once.

        Raises
        ------
        OAuthError
            It comes from no client, or would lead where that has no address: the browser goes nowhere.
        AuthenticationError
            The visitor has to sign in first.
        PermissionDeniedError
            A token asks: only a session may.
        """
        client = self._client(asked)
        back = {"state": asked["state"]} if "state" in asked else {}
        try:
            challenge = _challenge(asked)
        except OAuthError as error:
            return _address(client, {"error": error.reason, "error_description": str(error), **back})
        user = visitor.signed_in()
        if visitor.token is None or visitor.token.kind is not TokenKind.SESSION:
            raise PermissionDeniedError("A token can't sign in to another program: sign in to the Portal")
        try:
            self._rules[client.name](visitor)
        except PermissionDeniedError as error:
            return _address(client, {"error": "access_denied", "error_description": str(error), **back})
        code = self._clients.new_code(client, challenge=challenge, session=visitor.token)
        _log.info("%s signs in to %s", user.name, client.name)
        return _address(client, {"code": code, **back})

    def redeem(self, client: str, secret: str, asked: Mapping[str, str]) -> Granted:
        """Return the token for a code (RFC 6749, section 4.1.3).

        Raises
        ------
        AuthenticationError
            The client does not say who it is.
        OAuthError
            Something is missing, or the code is not good.
        """
        if "grant_type" not in asked:
            raise OAuthError("grant_type is missing")
        known = self._clients.authenticate(client, secret)
        if asked["grant_type"] != "authorization_code":
            raise OAuthError("grant_type must be authorization_code", reason="unsupported_grant_type")
        for name in ("code", "redirect_uri", "code_verifier"):
            if name not in asked:
                raise OAuthError(f"{name} is missing")
        try:
            issued = self._clients.redeem(
                known, asked["code"], redirect_uri=asked["redirect_uri"], verifier=asked["code_verifier"]
            )
        except OAuthError as error:
            _log.warning("%s sent a code that is not good: %s", known.name, error)
            raise
        expires = issued.token.expires
        left = None if expires is None else max(0, int((expires - datetime.now(UTC)).total_seconds()))
        return Granted(issued.text, left)

    def _client(self, asked: Mapping[str, str]) -> Client:
        try:
            client = self._clients.client(asked["client_id"])
        except KeyError:
            raise OAuthError("client_id is missing") from None
        except NotFoundError as error:
            raise OAuthError(str(error)) from None
        if client.name not in self._rules:
            raise OAuthError(f"There is no client {client.name!r}")
        if asked.get("redirect_uri") != client.redirect_uri:
            raise OAuthError("The redirect_uri is not the one that this client has")
        return client


def _challenge(asked: Mapping[str, str]) -> str:
    """Return the challenge of a request that asks for a code as it must."""
    if asked.get("response_type") != "code":
        raise OAuthError("response_type must be code", reason="unsupported_response_type")
    if not 0 < len(asked.get("state", "")) <= _LONGEST_STATE:
        raise OAuthError(f"state must be sent, with up to {_LONGEST_STATE} characters")
    if asked.get("code_challenge_method") != "S256":
        raise OAuthError("code_challenge_method must be S256")
    challenge = asked.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("code_challenge must be 43 characters of URL-safe base64")
    return challenge


def _address(client: Client, parameters: Mapping[str, str]) -> str:
    return f"{client.redirect_uri}?{urlencode(parameters)}"
