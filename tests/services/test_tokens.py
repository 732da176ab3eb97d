"""Who may make, see and revoke which token."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sciplat.errors import AuthenticationError, NotFoundError, PermissionDeniedError, UsageError
from sciplat.identity import IdentityStore, Scope
from sciplat.services.access import Visitor
from sciplat.services.tokens import TokenService


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[IdentityStore]:
    store = IdentityStore.open(tmp_path)
    for name in ("vera", "ernest"):
        store.create_user(name)
    yield store
    store.close()


@pytest.fixture
def service(identity: IdentityStore) -> TokenService:
    return TokenService(identity)


def session(identity: IdentityStore, name: str) -> Visitor:
    issued = identity.create_session(name, lifetime=timedelta(days=1), began="password")
    return Visitor.of(identity.authenticate(issued.text))


def made(
    identity: IdentityStore, service: TokenService, maker: Visitor, *scopes: str, name: str = ""
) -> Visitor:
    return Visitor.of(identity.authenticate(service.create(maker, name=name, scopes=scopes).text))


def key(visitor: Visitor) -> str:
    assert visitor.token is not None
    return visitor.token.key


def test_a_session_makes_tokens_that_outlive_it(identity: IdentityStore, service: TokenService) -> None:
    vera = session(identity, "vera")
    issued = service.create(vera, name="script", scopes=["read:tap"], expires_days=30)

    identity.revoke(key(vera))

    assert identity.authenticate(issued.text).scopes == {Scope.READ_TAP}
    assert issued.token.expires is not None


def test_a_token_makes_none_that_is_wider_or_lives_longer(
    identity: IdentityStore, service: TokenService
) -> None:
    narrow = made(identity, service, session(identity, "vera"), "read:tap")

    with pytest.raises(PermissionDeniedError, match="write:files"):
        service.create(narrow, name="", scopes=["read:tap", "write:files"])
    child = made(identity, service, narrow, "read:tap")
    service.revoke(narrow, key(narrow))

    with pytest.raises(NotFoundError):
        identity.token(key(child))


def test_nobody_gets_a_scope_that_the_user_lacks(identity: IdentityStore, service: TokenService) -> None:
    with pytest.raises(PermissionDeniedError, match="admin:instance"):
        service.create(session(identity, "vera"), name="", scopes=["admin:instance"])


def test_scopes_and_times_are_checked(identity: IdentityStore, service: TokenService) -> None:
    vera = session(identity, "vera")

    with pytest.raises(UsageError, match="did you mean read:tap"):
        service.create(vera, name="", scopes=["read:tab"])
    with pytest.raises(UsageError, match="a scope at least"):
        service.create(vera, name="", scopes=[])
    for days in (0, -1, 4000, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="3650 days"):
            service.create(vera, name="", scopes=["read:tap"], expires_days=days)


def test_a_session_reaches_all_of_its_users_tokens_and_no_others(
    identity: IdentityStore, service: TokenService
) -> None:
    vera, ernest = session(identity, "vera"), session(identity, "ernest")
    first = made(identity, service, vera, "read:tap", name="first")
    foreign = made(identity, service, ernest, "read:tap", name="foreign")

    assert [token.name for token in service.tokens(vera)] == ["first"]
    for reach in (
        lambda: service.tokens(vera, user="ernest"),
        lambda: service.tokens(vera, user="nosuchuser"),
        lambda: service.revoke(vera, key(foreign)),
        lambda: service.revoke(vera, key(ernest)),
        lambda: service.revoke(vera, "nosuchkey"),
    ):
        with pytest.raises(NotFoundError):
            reach()
    service.revoke(vera, key(first))
    assert service.tokens(vera) == ()


def test_somebody_elses_token_and_none_are_told_alike(identity: IdentityStore, service: TokenService) -> None:
    foreign = key(made(identity, service, session(identity, "ernest"), "read:tap"))
    vera = session(identity, "vera")

    messages = []
    for name in (foreign, "nosuchkey"):
        with pytest.raises(NotFoundError) as caught:
            service.revoke(vera, name)
        messages.append(str(caught.value).replace(name, "KEY"))

    assert messages[0] == messages[1]


def test_a_token_reaches_only_itself_and_what_it_made(identity: IdentityStore, service: TokenService) -> None:
    vera = session(identity, "vera")
    one, two = (made(identity, service, vera, "read:tap", name=name) for name in ("one", "two"))
    child = made(identity, service, one, "read:tap", name="child")
    grandchild = made(identity, service, child, "read:tap", name="grandchild")

    assert {token.name for token in service.tokens(one)} == {"one", "child", "grandchild"}
    assert {token.name for token in service.tokens(child)} == {"child", "grandchild"}
    for beyond in (key(two), key(vera)):
        with pytest.raises(NotFoundError):
            service.revoke(one, beyond)
    with pytest.raises(NotFoundError):
        service.revoke(grandchild, key(one))
    service.revoke(one, key(grandchild))
    assert {token.name for token in service.tokens(one)} == {"one", "child"}


def test_an_administrator_reaches_everybodys(identity: IdentityStore, service: TokenService) -> None:
    token = made(identity, service, session(identity, "vera"), "read:tap", name="script")
    admin = session(identity, "admin")
    narrow = made(identity, service, admin, "read:tap")

    with pytest.raises(NotFoundError):
        service.tokens(narrow, user="vera")
    assert [one.name for one in service.tokens(admin, user="vera")] == ["script"]
    service.revoke(admin, key(token))
    assert service.tokens(admin, user="vera") == ()


def test_nobody_is_asked_to_sign_in(service: TokenService) -> None:
    for attempt in (
        lambda: service.create(Visitor.anonymous(), name="", scopes=["read:tap"]),
        lambda: service.tokens(Visitor.anonymous()),
        lambda: service.revoke(Visitor.anonymous(), "key"),
    ):
        with pytest.raises(AuthenticationError):
            attempt()
