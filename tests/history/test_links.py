"""A link opens one query until it expires or is revoked; of its secret, only a hash is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from history.conftest import NOON, record

from sciplat.errors import LimitError
from sciplat.history import HistoryStore
from sciplat.history.links import MOST_LINKS


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(store: HistoryStore, clock: Clock) -> HistoryStore:
    opened = HistoryStore(store.database, clock=clock)
    opened.keep([record(1), record(2), record(1, owner="ada")])
    return opened


def test_a_link_opens_its_query_until_it_is_revoked(history: HistoryStore) -> None:
    link, secret = history.links.create(record(1).id, owner="vera", expires=None)
    other, _ = history.links.create(record(2).id, owner="vera", expires=None)

    assert history.links.opened(secret) == (link, record(1))
    assert set(history.links.list("vera")) == {link, other}
    assert history.links.list("vera", record(1).id) == [link]
    assert history.links.list("ada") == []
    assert not history.links.revoke(link.key, owner="ada")
    assert history.links.revoke(link.key, owner="vera")
    assert not history.links.revoke(link.key, owner="vera")
    assert history.links.opened(secret) is None


def test_a_link_expires(history: HistoryStore, clock: Clock) -> None:
    link, secret = history.links.create(record(1).id, owner="vera", expires=NOON + timedelta(days=1))
    clock.now += timedelta(days=1) - timedelta(microseconds=1)
    assert history.links.opened(secret) == (link, record(1))

    clock.now += timedelta(microseconds=1)

    assert history.links.opened(secret) is None
    assert history.links.list("vera") == []


def test_a_link_goes_with_its_query(history: HistoryStore) -> None:
    _, secret = history.links.create(record(1).id, owner="vera", expires=None)
    history.delete("vera", record(1).id)

    assert history.links.opened(secret) is None
    assert history.links.list("vera") == []


def test_a_query_has_so_many_links_and_expired_ones_do_not_count(history: HistoryStore, clock: Clock) -> None:
    for _ in range(MOST_LINKS):
        history.links.create(record(1).id, owner="vera", expires=NOON + timedelta(days=1))
    with pytest.raises(LimitError, match="revoke one"):
        history.links.create(record(1).id, owner="vera", expires=None)
    history.links.create(record(2).id, owner="vera", expires=None)
    clock.now += timedelta(days=1)

    history.links.create(record(1).id, owner="vera", expires=None)


@pytest.mark.parametrize(
    "secret", ["", "sq-", "sq-" + "A" * 22, "sq-" + "A" * 23, "é", "sq-' OR 1=1 --", "\ud800"]
)
def test_anything_else_opens_nothing(history: HistoryStore, secret: str) -> None:
    history.links.create(record(1).id, owner="vera", expires=None)

    assert history.links.opened(secret) is None


def test_the_secret_is_nowhere_in_the_database(history: HistoryStore) -> None:
    _, secret = history.links.create(record(1).id, owner="vera", expires=None)
    with history.database.read() as connection:
        kept = b"".join(repr(row).encode() for row in connection.exec_driver_sql("SELECT * FROM links"))

    assert secret.encode() not in kept
    assert secret.removeprefix("sq-").encode() not in kept
