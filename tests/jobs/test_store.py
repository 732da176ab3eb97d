"""Jobs keep their state, take turns, and go no way that UWS does not allow."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from sciplat.errors import LimitError, NotFoundError, UsageError
from sciplat.jobs import Job, JobError, JobResult, JobStore, Phase, queries
from sciplat.jobs.models import JobProgress
from sciplat.jobs.tables import jobs, metadata

LATER = datetime(2026, 11, 28, tzinfo=UTC)
ODD = (("QUERY", "SELECT 'ü\n'"), ("UPLOAD", "a,param:x"), ("MAXREC", "5"), ("UPLOAD", "b,param:y"))
"""In this order, and one name comes again."""

PHASES = (
    Phase.PENDING,
    Phase.QUEUED,
    Phase.EXECUTING,
    Phase.COMPLETED,
    Phase.ERROR,
    Phase.ABORTED,
)
"""Those that a job of ours can have; UWS knows more."""

QUERY = (("LANG", "ADQL"), ("QUERY", "SELECT 1"))


def make(store: JobStore, owner: str | None = "vera", **more: Any) -> Job:
    values = {"parameters": QUERY, "destruction": LATER, "execution_duration": 60, **more}
    return store.create(owner=owner, **values)


def executing(store: JobStore, owner: str | None = "vera") -> Job:
    make(store, owner, run=True)
    job = store.queue.claim(running_per_user=100)
    assert job is not None
    return job


def in_phase(store: JobStore, phase: Phase) -> Job:
    match phase:
        case Phase.PENDING:
            return make(store)
        case Phase.QUEUED:
            return make(store, run=True)
        case Phase.EXECUTING:
            return executing(store)
        case Phase.COMPLETED:
            return store.queue.complete(executing(store).id, [JobResult("result", 1, 100)])
        case Phase.ERROR:
            return store.queue.fail(executing(store).id, JobError("engine", "It broke"))
        case Phase.ABORTED:
            return store.abort(make(store).id)


def test_a_job_comes_back_as_it_was_made(store: JobStore) -> None:
    job = make(store, run_id="märz ☄", parameters=ODD)

    assert store.get(job.id) == job
    assert job.phase is Phase.PENDING
    assert (job.run_id, job.destruction) == ("märz ☄", LATER)
    assert job.parameters == ODD
    assert (job.kind, job.title) == ("query", "")
    assert job.created.tzinfo is UTC


def test_ids_are_long_plain_and_never_alike(store: JobStore) -> None:
    ids = {make(store).id for _ in range(50)}

    assert len(ids) == 50
    assert all(len(found) == 26 and found.isascii() and found.isalnum() for found in ids)


def test_a_job_from_start_to_end(store: JobStore) -> None:
    job = make(store)
    assert store.run(job.id).phase is Phase.QUEUED
    claimed = store.queue.claim(running_per_user=1)
    assert claimed is not None
    assert (claimed.id, claimed.phase) == (job.id, Phase.EXECUTING)
    store.queue.note_progress({job.id: JobProgress(rows=7, bytes=700, done=0.5)})
    halfway = store.get(job.id)
    assert halfway is not None
    assert (halfway.progress, halfway.rows, halfway.bytes) == (0.5, 7, 700)
    done = store.queue.complete(job.id, [JobResult("result", 14, 1000)], overflow=True)

    assert store.get(job.id) == done
    assert (done.phase, done.rows, done.bytes, done.overflow) == (Phase.COMPLETED, 14, 1000, True)
    assert done.queued is not None
    assert done.started is not None
    assert done.ended is not None
    assert done.created < done.queued < done.started < done.ended


def test_an_error_keeps_its_place(store: JobStore) -> None:
    error = JobError("adql", "Expected a table name", line=3, column=8, length=5)

    failed = store.queue.fail(executing(store).id, error)

    assert store.get(failed.id) == failed
    assert (failed.phase, failed.error) == (Phase.ERROR, error)


CHANGES: dict[str, tuple[Callable[[JobStore, str], Job], set[Phase]]] = {
    "run": (lambda store, name: store.run(name), {Phase.PENDING, Phase.QUEUED, Phase.EXECUTING}),
    "abort": (
        lambda store, name: store.abort(name),
        {Phase.PENDING, Phase.QUEUED, Phase.EXECUTING, Phase.ABORTED},
    ),
    "complete": (
        lambda store, name: store.queue.complete(name, []),
        {Phase.EXECUTING, Phase.ABORTED},
    ),
    "fail": (
        lambda store, name: store.queue.fail(name, JobError("engine", "")),
        {Phase.EXECUTING, Phase.ABORTED},
    ),
    "requeue": (lambda store, name: store.queue.requeue(name), {Phase.EXECUTING}),
    "set_parameters": (lambda store, name: store.set_parameters(name, [("MAXREC", "1")]), {Phase.PENDING}),
    "set_execution_duration": (
        lambda store, name: store.set_execution_duration(name, 5),
        {Phase.PENDING, Phase.QUEUED},
    ),
    "set_destruction": (lambda store, name: store.set_destruction(name, LATER), set(PHASES)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("phase", PHASES)
def test_only_the_ways_of_uws_are_open(store: JobStore, phase: Phase, change: str) -> None:
    job = in_phase(store, phase)
    do, allowed = CHANGES[change]

    if phase in allowed:
        assert do(store, job.id).id == job.id
    else:
        with pytest.raises(UsageError, match=phase.value):
            do(store, job.id)
        assert store.get(job.id) == job


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["", "nosuchjob", "\ud800", "x" * 100_000, "' OR 1=1 --"], ids=range(5))
def test_a_job_that_is_not_there_is_told(store: JobStore, change: str, name: str) -> None:
    assert store.get(name) is None
    with pytest.raises(NotFoundError) as caught:
        CHANGES[change][0](store, name)

    assert len(str(caught.value)) < 100
    store.delete(name)


def test_what_was_aborted_stays_aborted_whatever_its_executor_says(store: JobStore) -> None:
    job = executing(store)
    aborted = store.abort(job.id)

    assert store.queue.complete(job.id, [JobResult("result", 5, 5)]) == aborted
    assert store.queue.fail(job.id, JobError("cancelled", "")) == aborted
    store.queue.note_progress({job.id: JobProgress(done=0.9)})
    assert store.get(job.id) == aborted


def test_parameters_are_changed_while_pending(store: JobStore) -> None:
    job = make(store, title="SELECT 1")

    changed = store.set_parameters(job.id, [("MAXREC", "5"), ("QUERY", "SELECT 2")], title="SELECT 2")

    assert changed.parameters == (("MAXREC", "5"), ("QUERY", "SELECT 2"))
    assert changed.title == "SELECT 2"
    assert store.get(job.id) == changed


def test_text_that_is_none_is_refused(store: JobStore) -> None:
    with pytest.raises(UsageError, match="QUERY"):
        make(store, parameters=[("QUERY", "\ud800")])
    with pytest.raises(UsageError, match="RUNID"):
        make(store, run_id="\ud800")
    with pytest.raises(UsageError, match="RUNID"):
        make(store, run_id="x" * 1001)


def test_a_list_is_newest_first_and_of_one_owner(store: JobStore) -> None:
    mine = [make(store, run=number % 2 == 0) for number in range(4)]
    make(store, "ernest")
    make(store, None)
    newest_first = [job.id for job in reversed(mine)]

    def ids(**filters: Any) -> list[str]:
        return [job.id for job in store.references("vera", **filters)]

    assert ids() == newest_first
    assert ids(last=2) == newest_first[:2]
    assert ids(last=0) == []
    assert ids(phases=[Phase.PENDING]) == [mine[3].id, mine[1].id]
    assert ids(phases=[Phase.PENDING, Phase.QUEUED]) == newest_first
    assert ids(phases=[Phase.QUEUED], last=1) == [mine[2].id]
    assert ids(after=mine[1].created) == newest_first[:2]
    assert list(store.references("")) == []


def test_a_long_list_is_read_in_portions(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciplat.jobs.store._PORTION", 3)
    made = [make(store, run=number % 3 == 0) for number in range(20)]
    newest_first = [job.id for job in reversed(made)]
    of = {phase: [job.id for job in reversed(made) if job.phase is phase] for phase in PHASES}

    def ids(**filters: Any) -> list[str]:
        return [job.id for job in store.references("vera", **filters)]

    assert ids() == newest_first
    assert ids(last=7) == newest_first[:7]
    assert ids(phases=[Phase.PENDING]) == of[Phase.PENDING]
    assert ids(phases=[Phase.PENDING, Phase.QUEUED, Phase.PENDING]) == newest_first
    assert ids(phases=[Phase.PENDING, Phase.QUEUED], last=5) == newest_first[:5]
    assert ids(after=made[9].created) == newest_first[:10]


def test_jobs_made_at_the_same_moment_are_all_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciplat.jobs.store._PORTION", 2)
    store = JobStore.open(tmp_path, clock=lambda: LATER)
    made = {make(store).id for _ in range(7)}

    listed = [job.id for job in store.references("vera")]

    assert len(listed) == 7
    assert set(listed) == made
    store.close()


def test_pages_follow_one_another(store: JobStore) -> None:
    made = [make(store, title=f"SELECT {number}" + " " * 1000) for number in range(5)]

    first = store.page("vera", limit=3)
    second = store.page("vera", limit=3, before=(first[-1].created, first[-1].id))

    assert [job.id for job in (*first, *second)] == [job.id for job in reversed(made)]
    assert first[0].title == "SELECT 4".ljust(200)
    assert store.page("ernest", limit=3) == []


def test_a_deleted_job_is_gone_in_any_phase(store: JobStore) -> None:
    for phase in PHASES:
        job = in_phase(store, phase)
        store.delete(job.id)
        assert store.get(job.id) is None
    store.delete("nosuchjob")


def test_jobs_are_over_when_their_destruction_has_come(store: JobStore) -> None:
    early, late = make(store), make(store)
    store.set_destruction(early.id, LATER - timedelta(days=1))

    assert store.queue.expired(LATER - timedelta(days=1, seconds=1)) == []
    assert store.queue.expired(LATER - timedelta(days=1)) == [early.id]
    assert store.queue.expired(LATER) == [early.id, late.id]


# Turns


def claims(store: JobStore, count: int, running_per_user: int = 10) -> list[str | None]:
    found = [store.queue.claim(running_per_user=running_per_user) for _ in range(count)]
    return [None if job is None else job.owner or "nobody" for job in found]


def test_a_users_jobs_take_turns_in_order(store: JobStore) -> None:
    queued = [make(store, run=True).id for _ in range(3)]

    claimed = [store.queue.claim(running_per_user=10) for _ in range(4)]

    assert [job.id if job else None for job in claimed] == [*queued, None]


def test_somebody_with_many_jobs_does_not_keep_others_waiting(store: JobStore) -> None:
    for owner in ("vera", "vera", "vera", "vera", "ernest", None, "ernest"):
        make(store, owner, run=True)

    assert claims(store, 7) == ["vera", "ernest", "nobody", "vera", "ernest", "vera", "vera"]


def test_a_queued_job_knows_how_many_turns_come_before_its_own(store: JobStore) -> None:
    made = [make(store, owner, run=True) for owner in ("vera", "vera", "vera", "ernest", None, "vera")]

    order = sorted(made, key=lambda job: store.turns_before(job) or 0)
    told = [store.turns_before(job) for job in order]

    assert told == [0, 1, 2, 3, 4, 5]
    for job in order:
        claimed = store.queue.claim(running_per_user=10)
        assert claimed is not None
        assert claimed.id == job.id
    assert store.turns_before(store.queue.complete(order[0].id, [])) is None


def test_short_jobs_can_be_taken_before_their_turn(store: JobStore) -> None:
    long, unknown, short, other = (make(store, owner, run=True) for owner in ("vera", "vera", "vera", None))
    store.queue.note_estimates({long.id: (10**9, 500.0), short.id: (1, 0.1), other.id: (None, 0.2)})

    assert [job.id for job in store.queue.to_estimate(10)] == [unknown.id]
    assert store.seconds_before(short) == 60.0  # no job takes longer than it may
    taken = [store.queue.claim(running_per_user=5, longest_seconds=1.0) for _ in range(3)]

    assert [job and job.id for job in taken] == [short.id, other.id, None]
    last = store.queue.claim(running_per_user=5)
    assert last is not None
    assert (last.id, last.estimated_rows, last.estimated_seconds) == (long.id, 10**9, 500.0)


def test_the_queue_of_an_owner_can_be_full(store: JobStore) -> None:
    first = make(store, None, run=True, most=2)
    waits = make(store, None, most=2)
    executes = make(store, None, run=True, most=2)
    assert store.queue.claim(running_per_user=1) == store.get(first.id)

    for enter in (lambda: make(store, None, run=True, most=2), lambda: store.run(waits.id, most=2)):
        with pytest.raises(LimitError, match="2 jobs in the queue already of people who have not signed in"):
            enter()
    make(store, "vera", run=True)
    store.abort(executes.id)
    assert store.run(waits.id, most=2).phase is Phase.QUEUED


def test_of_many_pending_jobs_the_oldest_gives_way(store: JobStore) -> None:
    made = [make(store, None, most=3) for _ in range(5)]
    others = [make(store, "vera") for _ in range(5)]

    assert [job.id for job in made if store.get(job.id) is not None] == [job.id for job in made[2:]]
    assert all(store.get(job.id) == job for job in others)


def test_nobody_executes_more_than_the_limit(store: JobStore) -> None:
    for owner in ("vera", "vera", "vera", None, None, None):
        make(store, owner, run=True)

    assert claims(store, 5, running_per_user=2) == ["vera", "nobody", "vera", "nobody", None]
    store.queue.complete(store.queue.executing()[0], [])
    assert claims(store, 2, running_per_user=2) == ["vera", None]


@pytest.mark.slow
def test_no_two_processes_get_the_same_job(store: JobStore, tmp_path: Path) -> None:
    made = [make(store, f"user-{number % 7}", run=True).id for number in range(120)]
    program = """
import sys
from pathlib import Path
from sciplat.jobs import JobStore
store = JobStore.open(Path(sys.argv[1]))
sys.stdin.read()
while job := store.queue.claim(running_per_user=1000):
    print(job.id)
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    got = [process.stdout.read().split() for process in processes if process.stdout]
    assert [process.wait() for process in processes] == [0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()

    assert Counter(got[0] + got[1]) == Counter(made)


# Restarts


def test_what_was_executing_is_queued_again_at_its_old_place(store: JobStore) -> None:
    first = executing(store)
    make(store, run=True)

    (again,) = store.queue.recover()

    assert (again.id, again.phase, again.restarts, again.started) == (first.id, Phase.QUEUED, 1, None)
    claimed = store.queue.claim(running_per_user=10)
    assert claimed is not None
    assert claimed.id == first.id


def test_a_job_that_takes_everything_down_is_not_tried_for_ever(store: JobStore) -> None:
    job = executing(store)
    for _ in range(3):
        assert store.queue.requeue(job.id).phase is Phase.QUEUED
        store.queue.claim(running_per_user=10)

    ended = store.queue.requeue(job.id)

    assert (ended.phase, ended.restarts) == (Phase.ERROR, 3)
    assert ended.error is not None
    assert "stopped 4 times" in ended.error.message
    assert store.queue.recover() == []


@pytest.mark.slow
def test_a_queued_job_survives_kill_9(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sciplat.jobs import JobStore
store = JobStore.open(Path(sys.argv[1]))
values = {"parameters": [("QUERY", "SELECT 1")], "destruction": datetime(2030, 1, 1, tzinfo=UTC)}
job = store.create(owner="vera", execution_duration=60, run=True, **values)
print(job.id, flush=True)
print(store.queue.claim(running_per_user=1).id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    created, claimed = ended.stdout.split()
    assert created == claimed

    store = JobStore.open(tmp_path)
    assert store.queue.executing() == [created]
    assert [(job.id, job.phase) for job in store.queue.recover()] == [(created, Phase.QUEUED)]
    store.close()


# Cost


def test_the_version_changes_with_any_change_of_any_process(store: JobStore, tmp_path: Path) -> None:
    job = make(store)
    before = store.version()
    store.get(job.id)
    assert store.version() == before

    other = JobStore.open(tmp_path)
    other.run(job.id)
    other.close()

    assert store.version() != before
    between = store.version()
    store.abort(job.id)
    assert store.version() != between


def plan(tmp_path: Path, query: Any) -> str:
    from sqlalchemy.dialects import sqlite

    text = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with sqlite3.connect(tmp_path / "state" / "jobs.sqlite") as connection:
        steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + text)]
    connection.close()
    return "; ".join(steps)


def test_no_question_reads_all_jobs(store: JobStore, tmp_path: Path) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    portion = {"phase": None, "after": None, "before": None, "limit": 10}
    newest = plan(tmp_path, queries.references("vera", **portion))
    assert newest == "SEARCH jobs USING INDEX jobs_of_owner (owner=?)"
    since = plan(tmp_path, queries.references("vera", **{**portion, "after": moment}))
    assert since == "SEARCH jobs USING INDEX jobs_of_owner (owner=? AND created>?)"
    next_portion = plan(tmp_path, queries.references("vera", **{**portion, "before": (moment, "id")}))
    assert next_portion == "SEARCH jobs USING INDEX jobs_of_owner (owner=? AND created<?)"
    one = plan(tmp_path, queries.references("vera", **{**portion, "phase": Phase.QUEUED}))
    assert one == "SEARCH jobs USING INDEX jobs_of_owner_in_phase (owner=? AND phase=?)"
    page = plan(tmp_path, queries.briefs("vera", before=(moment, "id"), limit=10))
    assert page == "SEARCH jobs USING INDEX jobs_of_owner (owner=? AND created<?)"
    waiting = plan(tmp_path, queries.waiting(1.0))
    assert waiting == "SEARCH jobs USING COVERING INDEX jobs_in_phase (phase=?)"
    turns = [
        plan(tmp_path, query)
        for query in (
            queries.executing_of(),
            queries.first_queued("vera"),
            queries.first_queued("vera", 1.0),
            queries.seconds_before(moment, "id"),
            queries.to_estimate(10),
            queries.number_of(None, Phase.QUEUED, Phase.EXECUTING),
            queries.oldest_pending(None),
            queries.first_queued(None),
            queries.turns_before("vera", moment, "id"),
            queries.phases_of(["id"]),
        )
    ]
    over = plan(tmp_path, jobs.select().where(jobs.c.destruction <= moment).order_by(jobs.c.destruction))

    for steps in (newest, since, next_portion, one, page, waiting, over, *turns):
        assert "SCAN jobs" not in steps, steps


def test_the_table_is_what_the_migrations_make(store: JobStore) -> None:
    with store._database.read() as connection:
        found = inspect(connection)
        (table,) = metadata.sorted_tables
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert columns.keys() == set(table.columns.keys())
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, column
        assert {index["name"]: index["column_names"] for index in found.get_indexes(table.name)} == {
            index.name: index.columns.keys() for index in table.indexes
        }


def test_the_room_is_private(store: JobStore, tmp_path: Path) -> None:
    assert (tmp_path / "state" / "jobs.sqlite").stat().st_mode & 0o077 == 0
