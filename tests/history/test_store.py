"""What is kept of queries, and how it is found again."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from history.conftest import NOON, record
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.history import Aspect, Filters, HistoryStore, Mark, TableRead, Upload
from sciplat.jobs import Phase


def test_a_record_comes_back_as_it_was(store: HistoryStore) -> None:
    whole = record(
        1,
        adql="SELECT 'ü'\n\t-- 星",
        maxrec=0,
        format="csv",
        uploads=(Upload("mine", "ab" * 32, 5),),
        started=NOON,
        ended=NOON + timedelta(microseconds=1),
        rows=2**40,
        bytes=2**41,
        overflow=True,
        cached=True,
        phase=Phase.ERROR,
        error={"code": "adql", "message": "No", "line": 1, "column": 2, "length": 3},
    )
    store.keep([whole, record(2)])

    assert store.get(whole.id, owner="vera") == whole
    assert store.list("vera", limit=10) == [record(2), whole]


def test_of_somebody_else_there_is_nothing(store: HistoryStore) -> None:
    store.keep([record(1), record(1, owner="ada")])

    assert store.get(record(1).id, owner="ada") is None
    assert store.list("ada", limit=10) == [record(1, owner="ada")]
    assert store.list("ada", filters=Filters(words=("SELECT",)), limit=10) == [record(1, owner="ada")]
    assert store.delete("ada", record(1).id) == 0
    assert store.get(record(1).id, owner="vera") is not None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_whatever_order_two_processes_tell_of_a_job_in_the_end_counts(
    store: HistoryStore, order: tuple[int, ...]
) -> None:
    queued = record(1, is_job=True, phase=Phase.QUEUED, tables=(), aspect=Aspect.PORTAL)
    begun = record(1, is_job=True, phase=Phase.EXECUTING, aspect=None)
    done = replace(begun, phase=Phase.COMPLETED, rows=5, tables=())
    for each in order:
        store.keep([(queued, begun, done)[each]])

    assert store.list("vera", limit=10) == [replace(done, aspect=Aspect.PORTAL, tables=begun.tables)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [5, 4, 3, 2, 1]),
        (Filters(words=("object",)), [2, 1]),
        (Filters(words=("OBJECT", "cone")), [2]),
        (Filters(words=("100%",)), [4]),
        (Filters(words=("a_b",)), [4]),
        (Filters(aspect=Aspect.PORTAL), [3]),
        (Filters(phase=Phase.ERROR), [4]),
        (Filters(table="DP1.object"), [2, 1]),
        (Filters(table="dp1"), [2, 1]),
        (Filters(table="dp1.obj"), []),
        (Filters(table="dp1.obj%"), []),
        (Filters(table="p1"), []),
    ],
)
def test_records_are_found_by_what_they_are(store: HistoryStore, filters: Filters, found: list[int]) -> None:
    table = (TableRead("dp1", "Object", "g0002"),)
    store.keep(
        [
            record(1, adql="SELECT * FROM dp1.Object", tables=table),
            record(2, adql="SELECT cone FROM dp1.Object", tables=table),
            record(3, aspect=Aspect.PORTAL),
            record(4, adql="SELECT '100%', 'a_b'", phase=Phase.ERROR),
            record(5, adql="SELECT '1000', 'aXb'"),
        ]
    )

    assert store.list("vera", filters=filters, limit=10) == [
        found_one for number in found if (found_one := store.get(record(number).id, owner="vera"))
    ]


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=40),
    st.integers(1, 7),
)
def test_pages_give_each_record_once_in_order_and_end(seconds: list[int], limit: int) -> None:
    """Many are of the same moment; others are added while somebody turns the pages."""
    with tempfile.TemporaryDirectory() as folder:
        store = HistoryStore.open(Path(folder))
        records = [replace(record(s), id=f"q{n:03d}") for n, s in enumerate(seconds)]
        store.keep([*records, *(record(s, owner="ada") for s in range(3))])
        got, mark = [], None
        while page := store.list("vera", before=mark, limit=limit):
            assert len(page) <= limit
            got += page
            mark = Mark.parse(str(page[-1].mark))
            store.keep([record(100 + len(got))])
        store.close()

    assert got == sorted(records, key=lambda r: (r.created, r.id), reverse=True)


@pytest.mark.parametrize("text", ["", "1", "-1-a", "1-", "1-A", "1 -a", "9" * 17 + "-a", "1-é", "१-a"])
def test_a_mark_that_no_page_gave_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no place in a history"):
        Mark.parse(text)


def test_deleting_all_leaves_what_is_not_over(store: HistoryStore) -> None:
    active = record(2, phase=Phase.EXECUTING)
    store.keep([record(1), active, record(3), record(1, owner="ada")])

    assert store.delete("vera") == 2
    assert store.list("vera", limit=10) == [active]
    assert store.active("vera") == [active]
    assert len(store.list("ada", limit=10)) == 1


def test_what_is_too_old_or_too_much_is_forgotten(store: HistoryStore) -> None:
    store.keep([record(number) for number in range(20)])
    store.keep([record(number, owner="ada") for number in range(5)])

    assert store.forget(before=NOON + timedelta(seconds=3), most=10) == 3 + 3 + 7
    assert [r.created for r in store.list("vera", limit=100)] == [
        NOON + timedelta(seconds=number) for number in range(19, 9, -1)
    ]
    assert len(store.list("ada", limit=100)) == 2
    assert store.forget(before=NOON, most=10) == 0


@pytest.mark.slow
def test_a_history_of_100_000_queries_is_quick(store: HistoryStore) -> None:
    adql = "SELECT TOP 10 * FROM gaia.gaia_source WHERE phot_g_mean_mag < {} AND parallax > 5 -- {}"
    for start in range(0, 100_000, 10_000):
        store.keep(record(n, adql=adql.format(n % 20, n)) for n in range(start, start + 10_000))

    def cost(filters: Filters | None = None, before: Mark | None = None) -> float:
        began = process_time()
        store.list("vera", filters=filters, before=before, limit=100)
        return process_time() - began

    cost()
    assert cost() < 0.05
    assert cost(before=record(500).mark) < 0.05
    assert cost(Filters(table="gaia.gaia_source", aspect=Aspect.API)) < 0.05
    assert cost(Filters(words=("-- 77",))) < 1.0
    assert cost(Filters(words=("no such word",))) < 1.0
    assert cost(Filters(phase=Phase.ERROR)) < 0.05
