"""Who may do what with a view, and what everybody who follows it hears."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sciplat.errors import (
    AuthenticationError,
    ConflictError,
    LimitError,
    NotFoundError,
    PermissionDeniedError,
    TooManyAttemptsError,
    UsageError,
)
from sciplat.identity import IdentityStore, Scope
from sciplat.services import view as verbs
from sciplat.services.access import Visitor
from sciplat.services.pace import Pace
from sciplat.services.view import Ended, NewRole, Shown, ViewService
from sciplat.views.log import RECENT, Entry
from sciplat.views.models import Role
from sciplat.views.state import applied, fingerprint
from sciplat.views.store import ViewStore
from sciplat.wire.operations import OPERATION

JOB = {"kind": "job", "job": "abc"}


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityStore]:
    store = IdentityStore.open(tmp_path_factory.mktemp("identity"))
    for name in ("ada", "bob", "eve"):
        store.create_user(name)
    yield store
    store.close()


@pytest.fixture(scope="module")
def who(identity: IdentityStore) -> Callable[[str], Visitor]:
    def visitor(name: str) -> Visitor:
        issued = identity.create_session(name, lifetime=timedelta(days=1), began="password")
        return Visitor.of(identity.authenticate(issued.text))

    known = {name: visitor(name) for name in ("ada", "bob", "eve")}
    return known.__getitem__


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ViewStore]:
    store = ViewStore.open(tmp_path)
    yield store
    store.close()


@pytest.fixture
def service(store: ViewStore, identity: IdentityStore) -> ViewService:
    return ViewService(store, identity)


@pytest.fixture
def view(service: ViewService, who: Any) -> str:
    """A view of ada's, which bob may change and eve does not know."""
    made = service.create(visitor=who("ada"), title="Light curves").id
    service.invite(made, "bob", Role.EDITOR, visitor=who("ada"))
    return made


def do(service: ViewService, view: str, visitor: Visitor, name: str, **said: object) -> Entry:
    return service.perform(view, name, OPERATION.validate_python(said), visitor=visitor)


def test_a_view_of_somebody_else_does_not_exist(service: ViewService, who: Any, view: str) -> None:
    eve = who("eve")
    said = []
    for name in (view, "a" * 26):
        for ask in (
            lambda name=name: service.see(name, visitor=eve),
            lambda name=name: do(service, name, eve, "x", op="undo"),
            lambda name=name: service.entries(name, visitor=eve, after=0, limit=1),
            lambda name=name: service.following(name, print, visitor=eve).__enter__(),
            lambda name=name: service.members(name, visitor=eve),
            lambda name=name: service.invite(name, "eve", Role.EDITOR, visitor=eve),
            lambda name=name: service.dismiss(name, "eve", visitor=eve),
            lambda name=name: service.dismiss(name, "bob", visitor=eve),
            lambda name=name: service.delete(name, visitor=eve),
        ):
            with pytest.raises(NotFoundError) as found:
                ask()
            said.append(str(found.value).replace(name, "ID"))

    assert set(said) == {"There is no view 'ID'."}
    assert service.seen_by(visitor=eve, limit=10) == []


def test_roles_open_what_they_say(service: ViewService, who: Any, view: str) -> None:
    ada, bob, eve = who("ada"), who("bob"), who("eve")
    service.invite(view, "eve", Role.VIEWER, visitor=ada)

    do(service, view, bob, "1", op="view.rename", title="Ours")
    assert service.see(view, visitor=eve).state["title"] == "Ours"
    assert service.see(view, visitor=eve).view.title == "Ours"
    with pytest.raises(PermissionDeniedError, match="its owner can let you"):
        do(service, view, eve, "2", op="view.rename", title="Mine")
    with service.following(view, print, visitor=eve) as looking, pytest.raises(PermissionDeniedError):
        looking.show({})
    for visitor in (bob, eve):
        for owners in (
            lambda visitor=visitor: service.invite(view, "eve", Role.EDITOR, visitor=visitor),
            lambda visitor=visitor: service.dismiss(view, "ada", visitor=visitor),
            lambda visitor=visitor: service.delete(view, visitor=visitor),
        ):
            with pytest.raises(PermissionDeniedError, match="Only the owner"):
                owners()
    assert service.members(view, visitor=eve) == {"ada": "owner", "bob": "editor", "eve": "viewer"}
    service.dismiss(view, "eve", visitor=eve)
    with pytest.raises(NotFoundError):
        service.see(view, visitor=eve)
    with pytest.raises(NotFoundError, match="'ada' is no member"):
        service.dismiss(view, "ada", visitor=ada)
    with pytest.raises(ConflictError, match="one owner"):
        service.invite(view, "bob", Role.OWNER, visitor=ada)
    with pytest.raises(NotFoundError, match="nobody"):
        service.invite(view, "nobody", Role.VIEWER, visitor=ada)


def test_views_are_for_those_who_may_use_the_portal(
    service: ViewService, identity: IdentityStore, view: str
) -> None:
    token = identity.create_token("ada", scopes=[Scope.READ_TAP])
    narrow = Visitor.of(identity.authenticate(token.text))

    with pytest.raises(PermissionDeniedError, match="exec:portal"):
        service.see(view, visitor=narrow)
    with pytest.raises(AuthenticationError):
        service.create(visitor=Visitor.anonymous())


def test_an_operation_that_is_sent_again_is_done_once(service: ViewService, who: Any, view: str) -> None:
    ada = who("ada")
    first = do(service, view, ada, "one", op="table.open", target="T1", source=JOB)

    assert do(service, view, ada, "one", op="table.open", target="T1", source=JOB) == first
    with pytest.raises(ConflictError, match="another operation 'one'"):
        do(service, view, ada, "one", op="table.open", target="T2", source=JOB)
    with pytest.raises(ConflictError, match="another operation 'one'"):
        do(service, view, who("bob"), "one", op="table.open", target="T1", source=JOB)
    assert service.see(view, visitor=ada).revision == 1


def test_what_is_refused_changes_nothing(service: ViewService, who: Any, view: str) -> None:
    heard: list[object] = []
    with service.following(view, heard.append, visitor=who("ada")):
        with pytest.raises(NotFoundError, match="no table 'T1'"):
            do(service, view, who("ada"), "1", op="table.filter", target="T1", condition="ra > 5")
        do(service, view, who("ada"), "1", op="sky.open", target="S1")
        with pytest.raises(UsageError, match="'S1' is a sky"):
            do(service, view, who("ada"), "2", op="table.filter", target="S1", condition="ra > 5")

    assert [entry.id for entry in heard] == ["1"]  # type: ignore[attr-defined]
    assert service.see(view, visitor=who("ada")).revision == 1


def test_undo_and_redo_are_operations_of_ones_own(service: ViewService, who: Any, view: str) -> None:
    ada, bob = who("ada"), who("bob")
    do(service, view, ada, "1", op="table.open", target="T1", source=JOB)
    before = fingerprint(service.see(view, visitor=ada).state)
    do(service, view, ada, "2", op="table.filter", target="T1", condition="ra > 5")
    after = fingerprint(service.see(view, visitor=ada).state)

    with pytest.raises(ConflictError, match="nothing of yours"):
        do(service, view, bob, "3", op="undo")
    assert do(service, view, ada, "4", op="undo").of == 2
    assert do(service, view, ada, "4", op="undo").revision == 3
    assert fingerprint(service.see(view, visitor=ada).state) == before
    do(service, view, ada, "5", op="redo")
    assert fingerprint(service.see(view, visitor=ada).state) == after


def test_who_follows_hears_everything_once_and_in_order(service: ViewService, who: Any, view: str) -> None:
    ada, bob = who("ada"), who("bob")
    states = []

    def work(visitor: Visitor) -> None:
        for number in range(30):
            title = f"{visitor.name} {number}"
            do(service, view, visitor, f"{visitor.name}-{number}", op="view.rename", title=title)

    def follow() -> None:
        heard: list[Any] = []
        with service.following(view, heard.append, visitor=bob, revision=0) as following:
            seen = following.seen
            for thread in threads:
                thread.join()
        assert [entry.revision for entry in following.tail or ()] == list(range(1, seen.revision + 1))
        assert [entry.revision for entry in heard] == list(range(seen.revision + 1, 61))
        state = seen.state
        for entry in heard:
            state = applied(state, entry.patch)
        states.append(fingerprint(state))

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in (ada, bob)]
    threads[0].start()
    followers = [threading.Thread(target=follow) for _ in range(3)]
    threads[1].start()
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join()

    assert states == [fingerprint(service.see(view, visitor=ada).state)] * 3


@pytest.mark.slow
def test_what_is_too_long_ago_is_told_by_the_state(
    service: ViewService, who: Any, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "OPERATIONS_AT_ONCE", 10**6)
    for number in range(RECENT + 1):
        do(service, view, who("ada"), str(number), op="view.rename", title=str(number))

    for known, told in ((0, None), (RECENT, 1), (RECENT + 1, 0), (RECENT + 2, None)):
        with service.following(view, print, visitor=who("ada"), revision=known) as following:
            assert (following.tail if told is None else len(following.tail or ())) == told
    assert do(service, view, who("ada"), "0", op="view.rename", title="0").revision == 1
    assert len(service.entries(view, visitor=who("ada"), after=3, limit=5)) == 5


def test_what_is_shown_comes_to_the_others_and_is_kept_nowhere(
    service: ViewService, who: Any, view: str
) -> None:
    mine: list[object] = []
    others: list[object] = []
    with (
        service.following(view, mine.append, visitor=who("ada")) as following,
        service.following(view, others.append, visitor=who("bob")),
    ):
        following.show("a brush")

    assert (mine, others) == ([], [Shown("ada", "a brush")])
    assert service.see(view, visitor=who("ada")).revision == 0


def test_who_follows_hears_of_a_new_role_and_of_the_end(service: ViewService, who: Any, view: str) -> None:
    ada, bob = who("ada"), who("bob")
    heard: list[Any] = []
    owners: list[Any] = []
    with (
        service.following(view, owners.append, visitor=ada),
        service.following(view, heard.append, visitor=bob) as following,
    ):
        service.invite(view, "bob", Role.VIEWER, visitor=ada)
        assert heard == [NewRole(Role.VIEWER)]
        with pytest.raises(PermissionDeniedError):
            following.show({})
        service.dismiss(view, "bob", visitor=ada)
        assert isinstance(heard[-1], Ended)
        assert owners == []
        service.delete(view, visitor=ada)
        assert isinstance(owners[-1], Ended)
    with pytest.raises(NotFoundError):
        service.see(view, visitor=ada)


def test_a_view_that_is_opened_again_is_as_it_was(
    service: ViewService, store: ViewStore, identity: IdentityStore, who: Any, view: str
) -> None:
    do(service, view, who("ada"), "1", op="table.open", target="T1", source=JOB)
    other = ViewService(store, identity)

    assert other.see(view, visitor=who("ada")).state == service.see(view, visitor=who("ada")).state
    do(other, view, who("bob"), "2", op="table.filter", target="T1", condition="ra > 5")
    with pytest.raises(ConflictError, match="changed elsewhere"):
        do(service, view, who("ada"), "3", op="view.rename", title="x")
    assert do(service, view, who("ada"), "3", op="view.rename", title="x").revision == 3


def test_limits_are_announced(
    service: ViewService, who: Any, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = who("ada")
    for name, most, ask, message in (
        ("MOST_VIEWS", 1, lambda: service.create(visitor=ada), "You have 1 views"),
        (
            "MOST_MEMBERS",
            2,
            lambda: service.invite(view, "eve", Role.VIEWER, visitor=ada),
            "at most 2 members",
        ),
        (
            "MOST_FOLLOWED",
            0,
            lambda: service.following(view, print, visitor=ada).__enter__(),
            "0 times already",
        ),
    ):
        monkeypatch.setattr(verbs, name, most)
        with pytest.raises(LimitError, match=message):
            ask()
    monkeypatch.setattr(verbs, "OPERATIONS_AT_ONCE", 2)
    monkeypatch.setattr(verbs, "OPERATIONS_A_SECOND", 0.001)
    for number in range(2):
        do(service, view, ada, str(number), op="view.rename", title="x")
    with pytest.raises(TooManyAttemptsError, match="wait a little"):
        do(service, view, ada, "2", op="view.rename", title="x")
    assert do(service, view, ada, "1", op="view.rename", title="x").revision == 2
    do(service, view, who("bob"), "3", op="view.rename", title="y")


def test_views_that_nobody_looks_at_leave_the_memory(
    service: ViewService, who: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "_MOST_IDLE", 2)
    views = [service.create(visitor=who("ada")).id for _ in range(5)]
    with service.following(views[0], print, visitor=who("ada")):
        for each in views:
            service.see(each, visitor=who("ada"))
        assert views[0] in service._open
    assert len(service._open) <= 4
    with pytest.raises(NotFoundError), service._held("a" * 26):
        pass
    assert "a" * 26 not in service._open


def test_a_pace_is_kept() -> None:
    now = 0.0
    pace = Pace(10, 3, clock=lambda: now)

    assert [pace.wait() for _ in range(3)] == [0, 0, 0]
    assert pace.wait() == pytest.approx(0.1)
    now = 0.1
    assert pace.wait() == 0
    assert pace.wait() > 0
    now = 100.0
    assert [pace.wait() > 0 for _ in range(4)] == [False, False, False, True]
