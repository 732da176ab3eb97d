"""Execute queued jobs, and clean up after those whose time has come."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from sciplat.errors import (
    CancelledError,
    EngineError,
    LimitError,
    NotFoundError,
    SciplatError,
    UsageError,
)
from sciplat.identity.store import IdentityStore
from sciplat.jobs.models import Job, JobError, JobProgress, Phase
from sciplat.jobs.store import JobStore
from sciplat.services.access import PART_OF_NOBODY, Visitor
from sciplat.services.note import NoteService
from sciplat.services.recall import RecallService
from sciplat.services.shelves import Shelf, bytes_on
from sciplat.services.upload import UploadService
from sciplat.services.work import Done, Verb, Work

__all__ = ["ExecuteService"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.02
"""How often a changed job is looked for: a change costs one cheap read of the database."""

_NOTE_SECONDS = 1.0
"""How often the progress of running jobs is noted."""

_ESTIMATES_AT_ONCE = 10
_SURPRISE = 10.0
"""What a job that proved to be long is expected to take, in times of a short one."""

_NOTHING = JobProgress(0, 0)

_WITHOUT_RESULTS = (None, Phase.ERROR, Phase.ABORTED)
"""The phases of jobs that have nothing to show; None is that of one that was deleted."""

_AGAIN_SECONDS = 5.0
_CLEAN_SECONDS = 60.0
_STOP_SECONDS = 5.0


class ExecuteService:
    """Takes up queued jobs of the kinds that it has verbs for, in turn; each runs in a thread of its own.

    Two that have no kind in common may serve at once, in one process or two.

    Parameters
    ----------
    verbs
        By the kinds of jobs.
    shelves
        Where results are: the first is that of these jobs, the others only count for the room on the disk.
    disk
        The folder with them.
    spool_disk_fraction
        Of the disk, what all results and uploads may take together.
    slots, running_per_user
        How many jobs may run, and how many of them may be one user's.
    short_seconds
        What is expected to take longer leaves a place to others.
    recall
        Keeps the history of users; who has it also removes uploads that nobody needs.
    """

    def __init__(
        self,
        jobs: JobStore,
        identity: IdentityStore,
        verbs: Mapping[str, Verb],
        uploads: UploadService,
        *,
        shelves: Sequence[Shelf],
        disk: Path,
        spool_disk_fraction: float,
        slots: int,
        running_per_user: int,
        short_seconds: float = 1.0,
        notes: NoteService | None = None,
        recall: RecallService | None = None,
    ) -> None:
        self._jobs = jobs
        self._queue = jobs.queue.only(verbs)
        self._notes = notes
        self._recall = recall
        self._identity = identity
        self._verbs = verbs
        self._uploads = uploads
        self._shelf = shelves[0]
        self._shelves = tuple(shelves)
        self._disk = disk
        self._spool_disk_fraction = spool_disk_fraction
        self._slots = slots
        self._running_per_user = running_per_user
        self._short_seconds = short_seconds
        self._long: dict[str, float] = {}
        """When each running job has become a long one, or will, on the clock of ``time.monotonic``."""
        self._put_back: set[str] = set()
        self._running: dict[str, Work] = {}
        self._threads: dict[str, Thread] = {}
        self._look_again = Event()
        self._stop = Event()
        self._seen: tuple[int, int] | None = None
        self._next_cleaning = 0.0
        self._next_noting = 0.0
        self._noted: dict[str, JobProgress] = {}

    def serve(self, stop: Event) -> None:
        """Execute jobs until ``stop`` is set.

        Jobs that a crash or a stop interrupted are taken up again by the next one to serve.
        """
        self._stop = stop
        recovered = False
        wait = 0.0
        while not stop.wait(wait):
            wait = _LOOK_SECONDS
            try:
                if not recovered:
                    self._queue.recover()
                    recovered = True
                self._look()
            except Exception:  # noqa: BLE001 - a full disk passes, and jobs must be taken up afterwards
                _log.exception("Jobs cannot be taken up now")
                self._seen = None
                wait = _AGAIN_SECONDS
        for running in tuple(self._running.values()):
            running.cancel()
        for thread in tuple(self._threads.values()):
            thread.join(timeout=_STOP_SECONDS)

    def _look(self) -> None:
        """Do what is to be done now: clean up, stop what was aborted, take up what waits."""
        if monotonic() > self._next_cleaning:
            self._next_cleaning = monotonic() + _CLEAN_SECONDS
            self.clean()
        if monotonic() > self._next_noting:
            self._next_noting = monotonic() + _NOTE_SECONDS
            self._note_progress()
        state = self._jobs.version(), self._long_now()
        if state != self._seen or self._look_again.is_set():
            self._look_again.clear()
            self._stop_aborted()
            self._put_back_surprises()
            self._take_up()
            self._estimate_some()
            self._seen = state

    def clean(self) -> None:
        """Remove what is over: jobs whose destruction has come, and results that belong to no job.

        A job that executes nowhere, because its end could not be noted, is queued again.
        """
        for job_id in self._queue.expired(datetime.now(UTC)):
            self._jobs.delete(job_id)
            self._shelf.remove(job_id)
        left = self._shelf.names()
        there = self._jobs.phases(left)
        for job_id in left:
            if job_id not in self._threads and there.get(job_id) in _WITHOUT_RESULTS:
                self._shelf.remove(job_id)
        if self._recall is not None:
            self._uploads.clean(self._living)
            self._recall.clean()
        for job_id in self._queue.executing():
            if job_id not in self._threads:
                with suppress(NotFoundError, UsageError):  # it has just ended well
                    self._queue.requeue(job_id)

    def _living(self, kind: str, ids: Collection[str]) -> Collection[str]:
        """Return those of the holders of uploads that are still there."""
        match kind:
            case "job":
                return self._jobs.phases(ids).keys()
            case "query" if self._recall is not None:
                return self._recall.kept(ids)
            case _:
                return ()

    @property
    def _most_long(self) -> int:
        """How many long jobs may run: they leave a place to short ones, where there is more than one."""
        return max(1, self._slots - 1)

    def _put_back_surprises(self) -> None:
        """Put jobs that prove to be long back into the queue, if there is no place for so many.

        Each has lost what it did in the time of a short one, and waits for a place from now on.
        """
        now = monotonic()
        long = [
            (since, name)
            for name, since in tuple(self._long.items())
            if since <= now and name not in self._put_back
        ]
        for _, name in sorted(long)[self._most_long :]:
            if (running := self._running.get(name)) is not None:
                self._put_back.add(name)
                self._queue.note_estimates({name: (None, _SURPRISE * self._short_seconds)})
                running.cancel()

    def _take_up(self) -> None:
        while True:
            long = self._long_now()
            # A long job that holds the only place is no reason to wait: the engine opens one more.
            if len(self._threads) < self._slots and long < self._most_long:
                longest = None
            elif len(self._threads) - long < max(1, self._slots - long):
                longest = self._short_seconds
            else:
                return
            job = self._queue.claim(running_per_user=self._running_per_user, longest_seconds=longest)
            if job is None:
                return
            seconds = job.estimated_seconds
            if seconds is None:
                seconds = self._estimate([job])
            self._long[job.id] = monotonic() + (
                self._short_seconds if seconds <= self._short_seconds else 0.0
            )
            thread = Thread(target=self._execute, args=(job,), name=f"job-{job.id[:6]}", daemon=True)
            self._threads[job.id] = thread
            thread.start()

    def _long_now(self) -> int:
        now = monotonic()
        return sum(since <= now for since in tuple(self._long.values()))

    def _estimate_some(self) -> None:
        """Find out how long jobs in the queue will take: owners ask, and turns depend on it."""
        self._estimate(self._queue.to_estimate(_ESTIMATES_AT_ONCE))

    def _estimate(self, jobs: Sequence[Job]) -> float:
        """Note what jobs will take, and return the seconds of the last one."""
        seconds, estimates = 0.0, {}
        for job in jobs:
            try:
                found = self._verb(job).expect(job, self._owner(job))
                rows, seconds = found.rows, found.seconds
            except SciplatError:
                rows, seconds = 0, 0.0  # its turn will tell what is wrong, and at once
            except Exception:  # noqa: BLE001 - an estimate keeps no job from its turn
                _log.exception("Job %s could not be estimated", job.id)
                rows, seconds = 0, 0.0
            estimates[job.id] = rows, seconds
        self._queue.note_estimates(estimates)
        return seconds

    def _verb(self, job: Job) -> Verb:
        verb = self._verbs.get(job.kind)
        if verb is None:
            raise UsageError(f"This instance has nothing that executes jobs of the kind {job.kind!r}.")
        return verb

    def _stop_aborted(self) -> None:
        ours = dict(self._running)
        phases = self._jobs.phases(ours) if ours else {}
        for job_id, running in ours.items():
            if phases.get(job_id) is not Phase.EXECUTING:
                running.cancel()

    def _note_progress(self) -> None:
        """Note how far the running jobs are, those that have come farther since the last time."""
        far = {name: running.progress for name, running in tuple(self._running.items())}
        news = {
            name: progress for name, progress in far.items() if progress != self._noted.get(name, _NOTHING)
        }
        self._queue.note_progress(news)
        self._noted = far

    def _execute(self, job: Job) -> None:
        try:
            self._bring_to_an_end(job)
        except (SciplatError, OSError):
            _log.exception("Job %s has ended, which could not be noted; it is queued again", job.id)
        finally:
            self._running.pop(job.id, None)
            self._long.pop(job.id, None)
            self._put_back.discard(job.id)
            self._threads.pop(job.id, None)
            self._look_again.set()

    def _bring_to_an_end(self, job: Job) -> None:
        try:
            done = self._run(job)
            ended = self._queue.complete(job.id, done.results, overflow=done.overflow)
            self._note(ended)
            if ended.phase is not Phase.COMPLETED:  # aborted in its last moment
                self._shelf.remove(job.id)
        except CancelledError:
            # Its owner aborted or deleted it; or the instance stops, and its next start takes it up again.
            try:
                self._queue.hand_back(job.id)
                stays = self._verb(job).resumes
            except (NotFoundError, UsageError):
                stays = False
            if not stays:
                self._shelf.remove(job.id)
        except SciplatError as error:
            self._fail(job, error)
        except Exception:  # noqa: BLE001 - whatever happens, a job must not stay EXECUTING
            _log.exception("Job %s ended unexpectedly", job.id)
            self._fail(job, EngineError("Something went wrong inside the server; see its log."))

    def _run(self, job: Job) -> Done:
        verb = self._verb(job)
        if not verb.resumes:
            self._shelf.remove(job.id)
        self._running[job.id] = running = verb.begin(job, self._owner(job), self._bytes_left(job))
        # It may have been aborted, or the instance stopped, before there was anything to cancel.
        self._stop_aborted()
        if self._stop.is_set():
            running.cancel()
        return running.wait()

    def _fail(self, job: Job, error: SciplatError) -> None:
        self._shelf.remove(job.id)
        with suppress(NotFoundError, UsageError):  # its owner was quicker: it is deleted or aborted
            self._note(self._queue.fail(job.id, JobError(**error.facts())))

    def _note(self, job: Job) -> None:
        if self._notes is not None:
            self._notes.job(job)

    def _owner(self, job: Job) -> Visitor:
        if job.owner is None:
            return Visitor.anonymous()
        user = self._identity.user(job.owner)
        return Visitor(user, user.scopes & self._verb(job).scopes)

    def _bytes_left(self, job: Job) -> int:
        """Return how many bytes of results the disk may still take from the owner of a job."""
        kept = self._uploads.bytes + bytes_on(self._shelves)
        room = shutil.disk_usage(self._disk).total * self._spool_disk_fraction
        left = int(room * (PART_OF_NOBODY if job.owner is None else 1)) - kept
        if left <= 0:
            raise LimitError(
                "The space for results is full. Delete jobs that you no longer need, or ask the operator to "
                "raise query.spool_disk_fraction."
            )
        return left
