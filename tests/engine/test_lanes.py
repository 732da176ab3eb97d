"""Heavy queries beside short ones, and users beside each other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sciplat.engine.pool import QueryPool
from sciplat.engine.running import Running
from sciplat.engine.statement import State
from sciplat.errors import UnavailableError

ENDLESS = "SELECT count(*) AS n FROM g_1.main.data a, g_1.main.data b WHERE hash(a.id, b.id) % 7 = a.mag"
SOON = 60.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come"
        time.sleep(0.01)


def niceness(pid: int) -> set[int]:
    """Of every thread: Linux knows it of each."""
    tasks = [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
    return {os.getpriority(os.PRIO_PROCESS, task) for task in tasks}


OURS = os.getpriority(os.PRIO_PROCESS, 0)


@pytest.fixture(scope="module")
def pools(
    tmp_path_factory: pytest.TempPathFactory, make_pool: Callable[..., QueryPool]
) -> Iterator[dict[int, QueryPool]]:
    """One of each size for all tests: a worker imports for a while."""
    with (
        make_pool(tmp_path_factory.mktemp("one"), size=1) as one,
        make_pool(tmp_path_factory.mktemp("two"), size=2) as two,
    ):
        yield {1: one, 2: two}


@pytest.fixture
def busy(pools: dict[int, QueryPool], ask: Callable[..., Running]) -> Iterator[Callable[..., Running]]:
    """Ask an idle pool of one or two workers; what still runs afterwards is cancelled."""
    asked: list[Running] = []

    def run(sql: str, *, workers: int, **how: object) -> Running:
        pools[workers].warm()
        asked.append(ask(sql, on=pools[workers], **how))
        return asked[-1]

    yield run
    for each in asked:
        each.cancel()
    for each in asked:
        until(lambda each=each: each.progress.state in (State.DONE, State.FAILED))
    for size, pool in pools.items():
        until(lambda size=size, pool=pool: len(pool.worker_pids) == size)


def test_heavy_queries_leave_one_worker_to_the_others(busy) -> None:
    heavy = [busy(ENDLESS, workers=2, heavy=True) for _ in range(2)]
    heavy[0].wait_until_started()

    assert busy("SELECT 1 AS x", workers=2).wait().rows == 1
    assert heavy[1].progress.state is State.QUEUED
    heavy[0].cancel()
    heavy[1].wait_until_started(timeout_seconds=SOON)


def test_one_worker_is_not_kept_busy_by_a_heavy_query(busy) -> None:
    busy(ENDLESS, workers=1, heavy=True).wait_until_started()

    assert busy("SELECT 1 AS x", workers=1).wait(SOON).rows == 1


@pytest.mark.slow
def test_queries_that_turn_out_heavy_leave_a_place_too(ask, tmp_path, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=2, short_seconds=0.1) as pool:
        pool.warm()
        thought_short = [ask(ENDLESS, on=pool) for _ in range(2)]
        for each in thought_short:
            each.wait_until_started()

        assert ask("SELECT 1 AS x", on=pool).wait(SOON).rows == 1
        assert all(each.heavy for each in thought_short)
        until(lambda: len(pool.worker_pids) == 3)

        for each in thought_short:
            each.cancel()
        until(lambda: len(pool.worker_pids) == 2)
        assert ask("SELECT 1 AS x", on=pool).wait(SOON).rows == 1


@pytest.mark.slow
def test_places_are_opened_up_to_twice_the_usual_number(ask, tmp_path, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=1, short_seconds=0.05) as pool:
        pool.warm()
        running = [ask(ENDLESS, on=pool) for _ in range(3)]
        for each in running[:2]:
            each.wait_until_started(SOON)

        until(lambda: running[1].heavy)
        assert running[2].progress.state is State.QUEUED
        until(lambda: len(pool.worker_pids) == 2)


@pytest.mark.slow
def test_a_heavy_query_gives_way_in_all_its_threads_and_its_place_does_not(ask, tmp_path, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=2, short_seconds=0.1) as pool:
        pool.warm()
        ask("SELECT count(*) AS n FROM g_1.main.data", on=pool).wait()
        before = set(pool.worker_pids)
        heavy = ask(ENDLESS, on=pool)
        until(lambda: any(niceness(pid) == {min(19, OURS + 5)} for pid in before))
        heavy.cancel()

        until(lambda: len(pool.worker_pids) == 2)
        until(lambda: all(niceness(pid) == {OURS} for pid in pool.worker_pids))
        assert ask("SELECT 1 AS x", on=pool).wait(SOON).rows == 1


@pytest.mark.slow
def test_where_niceness_cannot_be_taken_back_a_new_worker_comes(
    ask, tmp_path, make_pool, monkeypatch
) -> None:
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        before = pool.worker_pids
        honest = os.setpriority

        def only_up(which: int, who: int, priority: int) -> None:
            if priority < os.getpriority(which, who):
                raise PermissionError
            honest(which, who, priority)

        monkeypatch.setattr(os, "setpriority", only_up)
        ask("SELECT 1 AS x", on=pool, heavy=True).wait()

        assert ask("SELECT 1 AS x", on=pool).wait(SOON).rows == 1
        pool.warm()
        assert not set(before) & set(pool.worker_pids)


def test_the_next_is_of_the_user_with_the_fewest_at_work(busy) -> None:
    first = [busy(ENDLESS, workers=2, owner="vera") for _ in range(2)]
    for each in first:
        each.wait_until_started()
    more = busy(ENDLESS, workers=2, owner="vera")
    other = busy(ENDLESS, workers=2, owner="henrietta")

    first[0].cancel()

    other.wait_until_started(SOON)
    assert more.progress.state is State.QUEUED


def test_one_user_cannot_fill_the_queue(busy) -> None:
    running = [busy(ENDLESS, workers=1, owner="vera", owner_most=3) for _ in range(3)]

    with pytest.raises(UnavailableError, match=r"You have 3 synchronous queries.*asynchronous job"):
        busy("SELECT 1 AS x", workers=1, owner="vera", owner_most=3)
    busy("SELECT 1 AS x", workers=1, owner="henrietta", owner_most=3)

    running[2].cancel()
    busy("SELECT 1 AS x", workers=1, owner="vera", owner_most=3)


def test_people_who_have_not_signed_in_take_turns_by_their_address(busy) -> None:
    first = [busy(ENDLESS, workers=2, address="crowd") for _ in range(2)]
    for each in first:
        each.wait_until_started()
    more = busy(ENDLESS, workers=2, address="crowd")
    other = busy(ENDLESS, workers=2, address="alone")

    first[0].cancel()

    other.wait_until_started(SOON)
    assert more.progress.state is State.QUEUED


def test_many_addresses_have_no_more_turns_than_one_user(busy) -> None:
    first = [busy(ENDLESS, workers=2, address=f"bot {number}") for number in range(2)]
    for each in first:
        each.wait_until_started()
    more = busy(ENDLESS, workers=2, address="bot 3")
    user = busy(ENDLESS, workers=2, owner="vera")

    first[0].cancel()

    user.wait_until_started(SOON)
    assert more.progress.state is State.QUEUED


def test_one_address_cannot_fill_the_queue_of_all_who_have_not_signed_in(busy) -> None:
    limits = {"owner_most": 3, "address_most": 2}
    for _ in range(2):
        busy(ENDLESS, workers=1, address="crowd", **limits)

    with pytest.raises(UnavailableError, match=r"2 synchronous queries from your address are at work"):
        busy("SELECT 1 AS x", workers=1, address="crowd", **limits)
    busy("SELECT 1 AS x", workers=1, address="alone", **limits)
    with pytest.raises(UnavailableError, match=r"People who have not signed in have 3 synchronous"):
        busy("SELECT 1 AS x", workers=1, address="third", **limits)


@pytest.mark.slow
def test_threads_are_shared_by_all_queries_that_take_longer_than_a_moment(ask, tmp_path, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=3) as pool:
        pool.warm()
        first = ask(ENDLESS, on=pool)
        first.wait_until_started()
        brief = ask("SELECT 1 AS x", on=pool, expected_seconds=0.001)
        brief.wait()
        second = ask(ENDLESS, on=pool)
        second.wait_until_started()
        assert [each.threads for each in (first, brief, second)] == [2, 1, 1]

        for each in (first, second):
            each.cancel()

        def threads() -> int:
            each = ask("SELECT 1 AS x", on=pool)
            each.wait()
            return each.threads

        until(lambda: threads() == 2)


@pytest.mark.slow
def test_what_queries_take_is_learned(ask, tmp_path, make_pool) -> None:
    with make_pool(tmp_path / "pool", size=1) as pool:
        pool.warm()
        assert pool.pace == 1.0

        for _ in range(20):
            ask("SELECT sum(sqrt(id)) AS x FROM g_1.main.data", on=pool, expected_seconds=1000.0).wait()
        until(lambda: pool.pace < 0.2)

        faster = pool.pace
        ask("SELECT 1 AS x", on=pool, expected_seconds=1e-6).wait()
        ask("SELECT 1 AS x", on=pool).wait()
        assert pool.pace == faster


def test_a_query_without_order_gives_its_rows_in_the_same_order_each_time(ask, pool: QueryPool) -> None:
    sql = "SELECT id FROM g_1.main.data WHERE mag > 50"

    found = [ask(sql).result().slice(0, 200_000)["id"].to_pylist() for _ in range(3)]

    assert found[0] == sorted(found[0])
    assert found[0] == found[1] == found[2]
