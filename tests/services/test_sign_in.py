"""Signing in and out, and what a session may then do."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sciplat.errors import AuthenticationError, LimitError, PermissionDeniedError, UsageError
from sciplat.identity import IdentityStore, Scope
from sciplat.identity.passwords import Cost
from sciplat.services.access import Visitor
from sciplat.services.sign_in import SignInService

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = "192.0.2.1"
PASSWORD = "correct horse battery"


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[IdentityStore]:
    store = IdentityStore.open(tmp_path, cost=Cost(n=2, r=1, p=1), clock=lambda: NOON)
    yield store
    store.close()


@pytest.fixture
def service(identity: IdentityStore) -> SignInService:
    return SignInService(identity, session_days=30)


def test_without_a_token_the_visitor_is_nobody(service: SignInService) -> None:
    assert service.visitor(None) == Visitor.anonymous()
    with pytest.raises(AuthenticationError):
        service.visitor("")


def test_the_first_link_leads_to_a_session_and_a_password(service: SignInService) -> None:
    code = service.first_link()
    assert code is not None
    session = service.by_link(code, address=HERE)
    visitor = service.visitor(session.text)
    assert (visitor.name, visitor.scopes) == ("admin", frozenset(Scope))

    service.choose_password(visitor, PASSWORD)

    assert service.first_link() is None
    assert service.visitor(session.text).name == "admin"
    assert service.visitor(service.by_password("admin", PASSWORD, address=HERE).text).name == "admin"


def test_each_start_replaces_the_first_link(service: SignInService) -> None:
    first, second = service.first_link(), service.first_link()
    assert first is not None
    assert second is not None

    with pytest.raises(AuthenticationError):
        service.by_link(first, address=HERE)
    service.by_link(second, address=HERE)
    assert service.first_link() is not None, "the administrator still has no password"


def test_signing_in_makes_another_session_each_time(service: SignInService) -> None:
    sessions = {service.by_link(service.link("admin"), address=HERE).text for _ in range(3)}

    assert len(sessions) == 3


def test_signing_out_ends_this_session_only(service: SignInService) -> None:
    mine, other = (service.by_link(service.link("admin"), address=HERE) for _ in range(2))

    service.end(mine.text)
    service.end(mine.text)
    service.end("no token at all")

    with pytest.raises(AuthenticationError):
        service.visitor(mine.text)
    assert service.visitor(other.text).name == "admin"


def test_signing_out_does_not_end_a_token(service: SignInService, identity: IdentityStore) -> None:
    token = identity.create_token("admin", scopes={Scope.READ_TAP})

    service.end(token.text)

    assert service.visitor(token.text).name == "admin"


def test_a_password_is_changed_by_whoever_knows_it(service: SignInService) -> None:
    by_link = service.by_link(service.link("admin"), address=HERE)
    service.choose_password(service.visitor(by_link.text), PASSWORD)
    session = service.by_password("admin", PASSWORD, address=HERE)

    for text in (by_link.text, session.text):
        visitor = service.visitor(text)
        for current in (None, "wrong"):
            with pytest.raises(AuthenticationError):
                service.choose_password(visitor, "another password", current=current)
    service.choose_password(service.visitor(session.text), "another password", current=PASSWORD)

    with pytest.raises(AuthenticationError):
        service.visitor(by_link.text)
    assert service.visitor(session.text).name == "admin"
    with pytest.raises(AuthenticationError):
        service.by_password("admin", PASSWORD, address=HERE)


def test_a_new_link_is_the_way_back_in(service: SignInService) -> None:
    service.choose_password(
        service.visitor(service.by_link(service.link("admin"), address=HERE).text), PASSWORD
    )

    session = service.by_link(service.link("admin"), address=HERE)
    service.choose_password(service.visitor(session.text), "another password")

    service.by_password("admin", "another password", address=HERE)


def test_a_token_chooses_no_password(service: SignInService, identity: IdentityStore) -> None:
    token = identity.create_token("admin", scopes=frozenset(Scope))

    with pytest.raises(PermissionDeniedError):
        service.choose_password(service.visitor(token.text), PASSWORD)
    with pytest.raises(AuthenticationError):
        service.choose_password(Visitor.anonymous(), PASSWORD)
    with pytest.raises(UsageError):
        service.choose_password(
            service.visitor(service.by_link(service.link("admin"), address=HERE).text), "short"
        )


def test_guessing_is_slowed_down(service: SignInService) -> None:
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            service.by_password("admin", "wrong", address=HERE)

    with pytest.raises(LimitError) as caught:
        service.by_password("admin", "wrong", address=HERE)
    assert caught.value.retry_seconds == 1


def test_the_log_says_who_signed_in_and_nothing_secret(
    service: SignInService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = service.link("admin")
    session = service.by_link(code, address=HERE)
    service.choose_password(service.visitor(session.text), PASSWORD)
    service.by_password("admin", PASSWORD, address=HERE)
    with pytest.raises(AuthenticationError):
        service.by_password("a name\nthat forges a line", "wrong password", address=HERE)

    assert "admin signed in by a link from 192.0.2.1" in caplog.text
    assert "admin signed in by password from 192.0.2.1" in caplog.text
    for secret in (code, session.text.partition(".")[2], PASSWORD, "wrong password", "forges"):
        assert secret not in caplog.text
