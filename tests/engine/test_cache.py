"""A result is given again to who asked for it, for a while, on the same files, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sciplat.engine.cache import ResultCache
from sciplat.engine.running import Running
from sciplat.engine.statement import Statement
from sciplat.vo.schema import Column

FEW = "SELECT id FROM g_1.main.data WHERE id < 3 ORDER BY id"
MANY = "SELECT * FROM g_1.main.data"
Ask = Callable[..., Running]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> ResultCache:
    return ResultCache(seconds=60, memory_bytes=20_000, disk_bytes=40_000_000, clock=clock)


def rows(cache: ResultCache, who: str | None, statement: Statement) -> int | None:
    kept = cache.find(who, statement)
    if kept is None:
        return None
    return pa.Table.from_batches(kept.result.stream().batches, schema=kept.result.schema).num_rows


def test_a_small_result_is_given_again_and_says_its_age(cache: ResultCache, ask: Ask, clock: Clock) -> None:
    running = ask(FEW)
    assert cache.find("ada", running.statement) is None
    assert not cache.keep("ada", running, running.wait())
    clock.now += 59

    kept = cache.find("ada", running.statement)

    assert kept is not None
    assert kept.result.slice(0, 10).to_pydict() == {"id": [0, 1, 2]}
    assert (kept.age, kept.outcome) == (59, running.wait())
    clock.now += 1
    assert cache.find("ada", running.statement) is None


def test_another_visitor_file_limit_or_description_has_another_result(
    cache: ResultCache, ask: Ask, stars: Path
) -> None:
    running = ask(FEW, maxrec=2)
    cache.keep("ada", running, running.wait())
    same = running.statement

    assert rows(cache, "ada", replace(same)) == 2
    assert rows(cache, "ada", replace(same, time_limit_seconds=5)) == 2
    for who, other in (
        ("vera", same),
        (None, same),
        ("ada", replace(same, sql=FEW + " ")),
        ("ada", replace(same, maxrec=3)),
        ("ada", replace(same, byte_limit=1000)),
        ("ada", replace(same, attachments=(("g_1", stars.with_name("stars.g0002.duckdb")),))),
        ("ada", replace(same, columns=(Column("other"),))),
    ):
        assert rows(cache, who, other) is None


def test_a_large_result_is_a_file_that_readers_keep_when_the_cache_lets_go(
    cache: ResultCache, ask: Ask, clock: Clock
) -> None:
    running = ask(MANY)
    outcome = running.wait()
    assert outcome.spooled
    assert cache.keep("ada", running, outcome)
    assert running.spool.exists()

    kept = cache.find("ada", running.statement)
    assert kept is not None
    batches = kept.result.stream().batches
    first = next(iter(batches))
    clock.now += 60
    assert cache.find("ada", running.statement) is None

    assert not running.spool.exists()
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 300_000


def test_the_oldest_go_when_there_is_no_room(cache: ResultCache, ask: Ask) -> None:
    runs = [ask(f"SELECT id, name FROM g_1.main.data WHERE id < {n}") for n in (301, 302, 303)]
    size = runs[0].wait().bytes
    assert 20_000 / 3 < size < 10_000
    for running in runs[:2]:
        cache.keep(None, running, running.wait())
    assert rows(cache, None, runs[0].statement) == 301
    cache.keep(None, runs[2], runs[2].wait())

    assert [rows(cache, None, running.statement) for running in runs] == [301, None, 303]


def test_files_have_room_of_their_own_and_leave_none_behind(ask: Ask) -> None:
    runs = [ask(f"SELECT *, {n} AS n FROM g_1.main.data") for n in range(3)]
    size = max(running.wait().bytes for running in runs)
    cache = ResultCache(seconds=60, memory_bytes=0, disk_bytes=2 * size)
    for running in runs:
        assert cache.keep("ada", running, running.wait())

    assert [running.spool.exists() for running in runs] == [False, True, True]
    assert rows(cache, "ada", runs[2].statement) == 300_000


def test_what_is_too_large_for_the_cache_is_not_kept(ask: Ask) -> None:
    small, large = ask(FEW), ask(MANY)
    cache = ResultCache(seconds=60, memory_bytes=10, disk_bytes=10)

    assert not cache.keep("ada", small, small.wait())
    assert not cache.keep("ada", large, large.wait())
    assert rows(cache, "ada", small.statement) is None


def test_the_same_kept_again_replaces_the_old(cache: ResultCache, ask: Ask, clock: Clock) -> None:
    first, second = ask(MANY), ask(MANY)
    for running in (first, second):
        assert cache.keep("ada", running, running.wait())
        clock.now += 50

    assert [first.spool.exists(), second.spool.exists()] == [False, True]
    assert rows(cache, "ada", first.statement) == 300_000


def test_a_cache_of_no_seconds_is_off(ask: Ask) -> None:
    cache = ResultCache(seconds=0, memory_bytes=10**9, disk_bytes=10**9)
    running = ask(FEW)

    assert not cache.is_on
    assert not cache.keep("ada", running, running.wait())
    assert cache.find("ada", running.statement) is None


@pytest.mark.parametrize(
    ("sql", "repeatable"),
    [
        ("SELECT random_index, now, uuid FROM t WHERE \"today\" = 'current'", True),
        ("SELECT RANDOM()", False),
        ("SELECT 1 + random ( )", False),
        ("SELECT CURRENT_TIMESTAMP", False),
        ("SELECT CAST(CURRENT_TIMESTAMP AS DATE)", False),
        ("SELECT NOW()", False),
        ("SELECT GEN_RANDOM_UUID()", False),
        ("SELECT 'random('", False),
    ],
)
def test_what_asks_for_chance_or_the_clock_is_not_kept(sql: str, *, repeatable: bool) -> None:
    assert Statement(sql).is_repeatable is repeatable
