"""Codes of OAuth: good once, for a minute, for whom they were given, and no longer than the session."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest

from sciplat.errors import AuthenticationError, NotFoundError, OAuthError
from sciplat.identity import IdentityStore, Token, TokenKind
from sciplat.identity.clients import CODE_LIFETIME, Client

BACK = "http://nb.localhost:8080/hub/oauth_callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def hub(store: IdentityStore) -> Client:
    store.clients.register("hub", redirect_uri=BACK)
    return store.clients.client("hub")


@pytest.fixture
def session(store: IdentityStore) -> Token:
    store.create_user("vera")
    return store.create_session("vera", lifetime=timedelta(days=30), began="link").token


@pytest.fixture
def code(store: IdentityStore, hub: Client, session: Token) -> str:
    return store.clients.new_code(hub, challenge=CHALLENGE, session=session)


def redeem(store: IdentityStore, hub: Client, code: str, **other: str) -> str:
    wanted = {"redirect_uri": BACK, "verifier": VERIFIER} | other
    return store.clients.redeem(hub, code, **wanted).text


def test_a_code_becomes_a_token_that_says_who_and_opens_nothing(
    store: IdentityStore, hub: Client, session: Token, code: str
) -> None:
    found = store.authenticate(redeem(store, hub, code))

    assert (found.user.name, found.scopes, found.token.kind) == ("vera", frozenset(), TokenKind.CLIENT)
    assert (found.token.parent, found.token.expires) == (session.key, session.expires)


def test_a_code_that_comes_again_ends_the_token_that_it_became(
    store: IdentityStore, hub: Client, code: str
) -> None:
    token = redeem(store, hub, code)

    with pytest.raises(OAuthError, match="used before") as refused:
        redeem(store, hub, code)

    assert refused.value.reason == "invalid_grant"
    with pytest.raises(AuthenticationError):
        store.authenticate(token)


@pytest.mark.parametrize(
    "wrong", [{"verifier": "w" * 43}, {"verifier": CHALLENGE}, {"redirect_uri": BACK + "/"}]
)
def test_a_code_is_used_up_by_whoever_sends_it_wrongly(
    store: IdentityStore, hub: Client, code: str, wrong: dict[str, str]
) -> None:
    with pytest.raises(OAuthError, match="given for another"):
        redeem(store, hub, code, **wrong)
    with pytest.raises(OAuthError, match="unknown"):
        redeem(store, hub, code)


def test_a_code_is_good_for_its_client_alone(store: IdentityStore, code: str) -> None:
    store.clients.register("other", redirect_uri=BACK)

    with pytest.raises(OAuthError, match="another client"):
        redeem(store, store.clients.client("other"), code)


def test_a_code_is_good_for_a_minute(store: IdentityStore, hub: Client, code: str, clock) -> None:
    clock.advance(seconds=CODE_LIFETIME.total_seconds())

    with pytest.raises(OAuthError, match="expired"):
        redeem(store, hub, code)


def test_who_signs_out_takes_codes_and_tokens_along(
    store: IdentityStore, hub: Client, session: Token, code: str
) -> None:
    again = store.clients.new_code(hub, challenge=CHALLENGE, session=session)
    token = redeem(store, hub, code)

    store.revoke(session.key)

    with pytest.raises(OAuthError, match="unknown"):
        redeem(store, hub, again)
    with pytest.raises(AuthenticationError):
        store.authenticate(token)


def test_a_client_that_registers_again_has_another_secret(store: IdentityStore) -> None:
    first = store.clients.register("hub", redirect_uri=BACK)
    second = store.clients.register("hub", redirect_uri=BACK + "2")

    assert store.clients.authenticate("hub", second) == Client("hub", BACK + "2")
    for name, secret in (("hub", first), ("hub", ""), ("nobody", second)):
        with pytest.raises(AuthenticationError, match="name or the secret"):
            store.clients.authenticate(name, secret)
    with pytest.raises(NotFoundError):
        store.clients.client("nobody")
