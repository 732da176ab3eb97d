"""Who may start notebooks, and the token that a lab works with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sciplat.errors import AuthenticationError, PermissionDeniedError
from sciplat.identity import IdentityStore, Scope, TokenKind
from sciplat.services.access import Visitor
from sciplat.services.notebook import NotebookService


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[IdentityStore]:
    store = IdentityStore.open(tmp_path)
    store.create_user("vera")
    store.create_user("rosa", scopes=[Scope.READ_TAP])
    yield store
    store.close()


def visitor(identity: IdentityStore, name: str) -> Visitor:
    made = identity.create_session(name, lifetime=timedelta(days=1), began="link")
    return Visitor.of(identity.authenticate(made.text))


def test_on_ones_own_machine_notebooks_are_for_the_administrator(identity: IdentityStore) -> None:
    notebooks = NotebookService(identity, same_user=True, days=1)

    assert notebooks.why_not(visitor(identity, "admin")) is None
    why = notebooks.why_not(visitor(identity, "vera"))
    assert why is not None
    assert "only admin" in why
    with pytest.raises(PermissionDeniedError, match="only admin"):
        notebooks.start("vera")
    identity.set_scopes("vera", frozenset(Scope))  # another administrator has no right to the owner's account
    with pytest.raises(PermissionDeniedError, match="only admin"):
        notebooks.start("vera")


def test_with_accounts_they_are_for_who_has_the_scope(identity: IdentityStore) -> None:
    notebooks = NotebookService(identity, same_user=False, days=1)

    assert notebooks.why_not(visitor(identity, "vera")) is None
    assert "exec:notebook" in str(notebooks.why_not(visitor(identity, "rosa")))
    assert "Sign in" in str(notebooks.why_not(Visitor.anonymous()))
    narrow = identity.create_token("vera", scopes=[Scope.READ_TAP])
    assert "exec:notebook" in str(notebooks.why_not(Visitor.of(identity.authenticate(narrow.text))))
    with pytest.raises(PermissionDeniedError, match="exec:notebook"):
        notebooks.start("rosa")


def test_a_labs_token_does_not_administer_and_ends_with_the_lab(identity: IdentityStore) -> None:
    notebooks = NotebookService(identity, same_user=True, days=1)
    first = notebooks.start("admin")
    second = notebooks.start("admin")

    found = identity.authenticate(second.text)
    assert found.scopes == frozenset(Scope) - {Scope.ADMIN_INSTANCE}
    assert found.token.kind is TokenKind.NOTEBOOK
    assert found.token.expires is not None
    with pytest.raises(AuthenticationError):
        identity.authenticate(first.text)
    notebooks.end("admin")
    with pytest.raises(AuthenticationError):
        identity.authenticate(second.text)


def test_tokens_of_labs_that_nobody_saw_end_are_ended(identity: IdentityStore) -> None:
    notebooks = NotebookService(identity, same_user=False, days=1)
    vera, admin = notebooks.start("vera"), notebooks.start("admin")
    own = identity.create_token("admin", scopes=[Scope.READ_TAP])

    notebooks.end_all_but(["vera"])

    assert identity.authenticate(vera.text).user.name == "vera"
    assert identity.authenticate(own.text).user.name == "admin"
    with pytest.raises(AuthenticationError):
        identity.authenticate(admin.text)
