"""What was done to a view is kept, and opened again as it was."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from views.doing import ACTORS, operation

from sciplat.errors import ConflictError, NotFoundError, SciplatError
from sciplat.views.log import RECENT, Log
from sciplat.views.models import Role
from sciplat.views.state import EMPTY, applied, fingerprint
from sciplat.views.store import ViewStore
from sciplat.wire.operations import OPERATION


def do(store: ViewStore, view: str, log: Log, number: int, actor: str = "ada", **said: object) -> None:
    entry = log.next(f"id-{number}", OPERATION.validate_python(said), actor=actor, moment=store.now())
    store.append(view, entry, applied(log.state, entry.patch))
    log.append(entry)


def test_a_view_is_opened_as_it_was_left(store: ViewStore, home: Path) -> None:
    rng = random.Random(7)
    view = store.create("ada", title="Light curves")
    log = store.load(view.id)
    assert log.state == {**EMPTY, "title": "Light curves"}
    for number in range(200):
        try:
            entry = log.next(
                str(number), operation(rng, log.state), actor=rng.choice(ACTORS), moment=store.now()
            )
        except SciplatError:
            continue
        store.append(view.id, entry, applied(log.state, entry.patch))
        log.append(entry)
    store.close()

    again = ViewStore.open(home)
    opened = again.load(view.id)
    assert (opened.revision, fingerprint(opened.state)) == (log.revision, fingerprint(log.state))
    assert opened.after(0) == log.after(0)
    assert again.entries(view.id, after=3, limit=2) == (log.after(3) or [])[:2]
    assert again.done(view.id, str(0)) == log.known("0")
    again.close()


@pytest.mark.slow
def test_a_long_log_is_opened_from_a_state_on_the_way(store: ViewStore) -> None:
    view = store.create("ada")
    log = store.load(view.id)
    for number in range(2 * RECENT + 3):
        do(store, view.id, log, number, op="view.rename", title=str(number))

    opened = store.load(view.id)

    assert (opened.revision, opened.state) == (log.revision, log.state)
    assert opened.after(RECENT + 2) is None
    assert len(opened.after(RECENT + 3) or ()) == RECENT
    assert store.get(view.id) is not None
    assert store.get(view.id).title == str(2 * RECENT + 2)  # type: ignore[union-attr]
    assert store.done(view.id, "id-0") is not None


def test_what_another_process_has_appended_is_found_out(store: ViewStore) -> None:
    view = store.create("ada")
    one, other = store.load(view.id), store.load(view.id)
    do(store, view.id, one, 1, op="view.rename", title="a")

    with pytest.raises(ConflictError, match="changed elsewhere"):
        do(store, view.id, other, 2, op="view.rename", title="b")
    again = store.load(view.id)
    with pytest.raises(ConflictError, match="done before"):
        do(store, view.id, again, 1, op="view.rename", title="b")
    assert store.load(view.id).state["title"] == "a"


def test_a_view_is_seen_by_its_members_alone(store: ViewStore) -> None:
    view, _ = store.create("ada", title="mine"), store.create("bob", title="his")
    store.invite(view.id, "bob", Role.VIEWER)

    assert {(each.title, role) for each, role in store.list("bob", limit=10)} == {
        ("mine", Role.VIEWER),
        ("his", Role.OWNER),
    }
    store.invite(view.id, "bob", Role.EDITOR)
    assert store.members(view.id) == {"ada": Role.OWNER, "bob": Role.EDITOR}
    assert store.role(view.id, "eve") is None
    assert store.role("nothing\0", "eve") is None
    with pytest.raises(ConflictError, match="one owner"):
        store.invite(view.id, "bob", Role.OWNER)
    with pytest.raises(ConflictError, match="one owner"):
        store.invite(view.id, "ada", Role.VIEWER)
    assert store.dismiss(view.id, "bob")
    assert not store.dismiss(view.id, "ada")
    assert store.members(view.id) == {"ada": Role.OWNER}


def test_a_deleted_view_is_gone_with_its_log(store: ViewStore) -> None:
    view = store.create("ada")
    log = store.load(view.id)
    do(store, view.id, log, 1, op="view.rename", title="a")

    assert store.count("ada") == 1
    assert store.delete(view.id)
    assert not store.delete(view.id)
    assert store.get(view.id) is None
    assert store.done(view.id, "id-1") is None
    with pytest.raises(NotFoundError, match="no view"):
        store.load(view.id)
    with pytest.raises(NotFoundError, match="any more"):
        do(store, view.id, log, 2, op="view.rename", title="b")
