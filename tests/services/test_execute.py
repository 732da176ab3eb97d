"""Queued jobs are executed whatever happens, and nothing of those that are over stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from sciplat.engine.spool import part_of, result_file
from sciplat.engine.statement import Outcome, Progress, State
from sciplat.errors import CancelledError, EngineError, UnavailableError
from sciplat.identity.models import Scope
from sciplat.identity.store import ADMIN, IdentityStore
from sciplat.jobs.models import Job, Phase
from sciplat.jobs.store import JobStore
from sciplat.services import execute
from sciplat.services.access import Visitor
from sciplat.services.estimate import Estimate
from sciplat.services.execute import ExecuteService
from sciplat.services.loader import Loader
from sciplat.services.plan import Query
from sciplat.services.query_work import query_verb
from sciplat.services.shelves import Spools
from sciplat.services.upload import UploadLimits, UploadService
from sciplat.uploads.store import UploadStore

LATER = datetime.now(UTC) + timedelta(days=1)


class Running:
    """A query that lasts until it is told to end, or is cancelled."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.end = Event()
        self.error: Exception | None = None
        self.progress = Progress(State.RUNNING, 0, 0, 0.0)

    def cancel(self) -> None:
        self.error = self.error or CancelledError("The query was cancelled.")
        self.end.set()

    def wait(self) -> Outcome:
        self.end.wait(10)
        if self.error is not None:
            raise self.error
        self.spool.write_bytes(b"rows")
        return Outcome(rows=1, bytes=4, overflow=False, seconds=0.1, spooled=True)


class Asked:
    """Stands for the verb that asks the catalogs."""

    def __init__(self) -> None:
        self.begun: list[Running] = []
        self.before: Callable[[], None] = lambda: None
        self.seconds = {"SELECT long": 100.0}

    def plan(self, query: object, *, visitor: Visitor) -> object:
        visitor.require(Scope.READ_TAP)
        return query

    def estimate(self, plan: Query) -> Estimate:
        seconds = self.seconds.get(plan.adql, 0.0)
        return Estimate(1, 1, 1, seconds=seconds, reckoned_seconds=seconds, heavy=False, readings=())

    def run(self, plan: object, *, spool: Path, **more: object) -> Running:
        self.before()
        self.begun.append(Running(spool))
        return self.begun[-1]


class Runner:
    """An `ExecuteService` at work in a thread."""

    def __init__(self, home: Path, jobs: JobStore) -> None:
        self.jobs, self.asked = jobs, Asked()
        self.identity = IdentityStore.open(home)
        self.spools = home / "spool"
        self.spools.mkdir()
        self.stop = Event()
        uploads = UploadService(
            UploadStore(home / "uploads"),
            Loader(at_once=1, seconds=1, memory_bytes=1 << 30),
            work=home / "tmp",
            limits=UploadLimits(1_000_000, 1_000_000, seconds=1, keep_seconds=60),
        )
        spools = Spools(self.spools)
        self.service = ExecuteService(
            jobs,
            self.identity,
            {"query": query_verb(self.asked, uploads, spools)},  # type: ignore[arg-type]
            uploads,
            shelves=(spools,),
            disk=home,
            spool_disk_fraction=0.9,
            slots=2,
            running_per_user=5,
        )
        self.thread = Thread(target=self.service.serve, args=(self.stop,))

    def submit(self, query: str = "SELECT 1", owner: str | None = ADMIN) -> Job:
        return self.jobs.create(
            owner=owner,
            parameters=[("QUERY", query)],
            destruction=LATER,
            execution_duration=60,
            run=True,
        )

    def phase(self, job: Job) -> Phase | None:
        found = self.jobs.get(job.id)
        return None if found is None else found.phase

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline, pause = monotonic() + 10, Event()
    while not condition():
        assert monotonic() < deadline
        pause.wait(0.01)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore.open(tmp_path)
    yield store
    store.close()


@pytest.fixture
def runner(tmp_path: Path, jobs: JobStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    monkeypatch.setattr(execute, "_AGAIN_SECONDS", 0.02)
    made = Runner(tmp_path, jobs)
    yield made
    for running in made.asked.begun:
        running.end.set()
    made.stop.set()
    if made.thread.ident is not None:
        made.thread.join(10)


def test_a_job_is_taken_up_and_completed(runner: Runner) -> None:
    runner.thread.start()
    job = runner.submit()
    until(lambda: len(runner.asked.begun) == 1)

    runner.asked.begun[0].end.set()

    until(lambda: runner.phase(job) is Phase.COMPLETED)
    assert result_file(runner.spools, job.id).exists()


def test_the_progress_of_a_job_can_be_seen(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_NOTE_SECONDS", 0.0)
    runner.thread.start()
    job = runner.submit()
    until(lambda: len(runner.asked.begun) == 1)

    runner.asked.begun[0].progress = Progress(State.RUNNING, 1000, 50_000, 0.5)

    until(lambda: (found := runner.jobs.get(job.id)) is not None and found.rows == 1000)
    assert (found := runner.jobs.get(job.id)) is not None
    assert (found.bytes, found.phase) == (50_000, Phase.EXECUTING)


def test_results_of_people_who_have_not_signed_in_leave_room_to_users(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute.shutil, "disk_usage", lambda _: SimpleNamespace(total=1000))
    kept = runner.jobs.create(
        owner=None, parameters=[], destruction=LATER, execution_duration=60
    )  # pending, so that its file is nobody's mistake
    result_file(runner.spools, kept.id).write_bytes(bytes(500))
    runner.thread.start()

    nobodys, users = runner.submit(owner=None), runner.submit()

    until(lambda: runner.phase(nobodys) is Phase.ERROR)
    assert (found := runner.jobs.get(nobodys.id)) is not None
    assert found.error is not None
    assert "The space for results is full" in found.error.message
    until(lambda: runner.phase(users) is Phase.EXECUTING)


def test_a_job_that_waits_is_estimated(runner: Runner) -> None:
    runner.thread.start()
    made = [runner.submit("SELECT long") for _ in range(3)]

    def estimated() -> list[float | None]:
        return [found.estimated_seconds for job in made if (found := runner.jobs.get(job.id)) is not None]

    until(lambda: estimated() == [100.0, 100.0, 100.0])


def test_long_jobs_leave_a_place_to_short_ones(runner: Runner) -> None:
    long = [runner.submit("SELECT long") for _ in range(2)]
    runner.thread.start()
    until(lambda: runner.phase(long[0]) is Phase.EXECUTING)

    short = runner.submit()

    until(lambda: runner.phase(short) is Phase.EXECUTING)
    assert runner.phase(long[1]) is Phase.QUEUED
    runner.asked.begun[0].end.set()
    until(lambda: runner.phase(long[1]) is Phase.EXECUTING)


def test_a_job_that_proves_long_where_there_is_no_place_for_it_waits(runner: Runner) -> None:
    runner.service._short_seconds = 0.5
    surprises = [runner.submit() for _ in range(2)]
    runner.thread.start()
    until(lambda: all(runner.phase(job) is Phase.EXECUTING for job in surprises))

    until(lambda: runner.phase(surprises[1]) is Phase.QUEUED)
    short = runner.submit()
    until(lambda: runner.phase(short) is not Phase.QUEUED)

    assert runner.phase(surprises[0]) is Phase.EXECUTING
    waits = runner.jobs.get(surprises[1].id)
    assert waits is not None
    assert (waits.restarts, waits.estimated_seconds) == (0, 5.0)
    runner.asked.begun[0].end.set()
    until(lambda: runner.phase(surprises[1]) is Phase.EXECUTING)


def test_jobs_go_on_after_the_database_could_not_be_used(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, failures = (
        runner.service._queue.claim,
        iter([UnavailableError("The disk is full"), OSError("too")]),
    )

    def claim(**limits: Any) -> Job | None:
        if (failure := next(failures, None)) is not None:
            raise failure
        return whole(**limits)

    monkeypatch.setattr(runner.service._queue, "claim", claim)
    job = runner.submit()

    runner.thread.start()

    until(lambda: runner.phase(job) is Phase.EXECUTING)


def test_a_job_whose_end_could_not_be_noted_is_queued_again(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Job:
        raise UnavailableError("The disk is full")

    runner.thread.start()
    job = runner.submit()
    until(lambda: len(runner.asked.begun) == 1)
    with monkeypatch.context() as patch:
        patch.setattr(runner.service._queue, "complete", full)
        patch.setattr(runner.service._queue, "fail", full)
        runner.asked.begun[0].end.set()
        until(lambda: not runner.service._threads)
    assert runner.phase(job) is Phase.EXECUTING

    runner.service.clean()

    until(lambda: len(runner.asked.begun) == 2)


def test_a_job_that_begins_while_the_instance_stops_waits_for_its_next_start(runner: Runner) -> None:
    runner.asked.before = runner.stop.set
    job = runner.submit()

    runner.thread.start()
    runner.thread.join(10)

    assert runner.phase(job) is Phase.QUEUED


def test_a_job_aborted_in_its_last_moment_leaves_no_result(runner: Runner) -> None:
    runner.thread.start()
    job = runner.submit()
    until(lambda: len(runner.asked.begun) == 1)
    running = runner.asked.begun[0]
    running.cancel = lambda: None  # type: ignore[method-assign]  # it has finished already
    runner.jobs.abort(job.id)

    running.end.set()

    until(lambda: not runner.service._threads)
    assert runner.phase(job) is Phase.ABORTED
    assert not any(runner.spools.iterdir())


def test_a_failed_query_is_a_failed_job(runner: Runner) -> None:
    runner.thread.start()
    job = runner.submit()
    until(lambda: len(runner.asked.begun) == 1)
    runner.asked.begun[0].error = EngineError("It broke")

    runner.asked.begun[0].end.set()

    until(lambda: runner.phase(job) is Phase.ERROR)


def test_a_job_runs_with_what_its_owner_may_do_now(runner: Runner) -> None:
    job = runner.submit()
    runner.identity.set_scopes(ADMIN, {Scope.READ_IMAGE})

    runner.thread.start()

    until(lambda: runner.phase(job) is Phase.ERROR)
    assert runner.asked.begun == []


def test_results_without_a_job_are_removed_finished_or_not(runner: Runner) -> None:
    kept = runner.submit()
    for name in (kept.id, "gone"):
        result_file(runner.spools, name).touch()
        part_of(result_file(runner.spools, name)).touch()

    runner.service.clean()

    assert {file.name.split(".")[0] for file in runner.spools.iterdir()} == {kept.id}
