"""Whatever happens in whichever order, jobs stay true to UWS."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.jobs import Job, JobError, JobResult, JobStore, Phase

LATER = datetime(2030, 1, 1, tzinfo=UTC)
LIMIT = 2

NEXT = {
    Phase.PENDING: {Phase.QUEUED, Phase.ABORTED},
    Phase.QUEUED: {Phase.EXECUTING, Phase.ABORTED},
    Phase.EXECUTING: {Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.QUEUED},
    Phase.COMPLETED: set(),
    Phase.ERROR: set(),
    Phase.ABORTED: set(),
}


class Jobs(RuleBasedStateMachine):
    """Owners, an executor and crashes act on a few jobs."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = JobStore.open(Path(self.folder.name))
        self.known: dict[str, Job] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def attempt(self, change: object, *given: object) -> None:
        try:
            change(*given)  # type: ignore[operator]
        except UsageError:
            name = given[0]
            assert self.store.get(name) == self.known[name]  # type: ignore[arg-type, index]

    @rule(target=names, owner=st.sampled_from(["vera", "ernest", None]), run=st.booleans())
    def create(self, owner: str | None, run: bool) -> str:
        job = self.store.create(owner=owner, parameters=[], destruction=LATER, execution_duration=60, run=run)
        self.known[job.id] = job
        return job.id

    @rule(name=names)
    def run_it(self, name: str) -> None:
        self.attempt(self.store.run, name)

    @rule(name=names)
    def abort(self, name: str) -> None:
        self.attempt(self.store.abort, name)

    @rule(name=names)
    def set_parameters(self, name: str) -> None:
        self.attempt(self.store.set_parameters, name, [("MAXREC", "1")])

    @rule(name=names)
    def complete(self, name: str) -> None:
        self.attempt(lambda name: self.store.queue.complete(name, [JobResult("result", 1, 1)]), name)

    @rule(name=names)
    def fail(self, name: str) -> None:
        self.attempt(self.store.queue.fail, name, JobError("engine", "It broke"))

    @rule()
    def claim(self) -> None:
        running = [job.owner for job in self.known.values() if job.phase is Phase.EXECUTING]
        waiting = [job.owner for job in self.known.values() if job.phase is Phase.QUEUED]
        job = self.store.queue.claim(running_per_user=LIMIT)
        if job is None:
            assert all(running.count(owner) >= LIMIT for owner in waiting)
        else:
            assert self.known[job.id].phase is Phase.QUEUED
            assert running.count(job.owner) == min(running.count(owner) for owner in waiting)

    @rule()
    def crash(self) -> None:
        self.store.queue.recover()
        assert self.store.queue.executing() == []

    @rule(name=consumes(names))
    def delete(self, name: str) -> None:
        self.store.delete(name)
        assert self.store.get(name) is None
        del self.known[name]

    @invariant()
    def every_step_is_allowed(self) -> None:
        for name, before in list(self.known.items()):
            now = self.store.get(name)
            assert now is not None
            if now.phase is not before.phase:
                assert now.phase in NEXT[before.phase], (before.phase, now.phase)
            assert (now.ended is None) == now.phase.is_active
            assert (now.error is not None) == (now.phase is Phase.ERROR)
            if now.phase in {Phase.QUEUED, Phase.EXECUTING}:
                assert now.queued is not None
            if now.phase in {Phase.EXECUTING, Phase.COMPLETED}:
                assert now.started is not None
            if before.phase is not Phase.PENDING:
                assert now.parameters == before.parameters
            self.known[name] = now

    @invariant()
    def lists_hold_each_job_of_their_owner(self) -> None:
        for owner in ("vera", "ernest"):
            listed = {job.id for job in self.store.references(owner)}
            assert listed == {name for name, job in self.known.items() if job.owner == owner}


TestJobs = Jobs.TestCase
TestJobs.settings = settings(max_examples=examples(18), stateful_step_count=25, deadline=None)
