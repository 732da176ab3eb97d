"""Keeps jobs, and lets each go only the ways that UWS allows."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, delete, select

from sciplat.database import Database, in_folder
from sciplat.errors import LimitError, UsageError
from sciplat.jobs import queries
from sciplat.jobs.change import change, plain, require_phase, required
from sciplat.jobs.models import QUERY, Job, JobBrief, JobReference, Phase, lane_of
from sciplat.jobs.queries import Kinds, Place
from sciplat.jobs.queue import JobQueue
from sciplat.jobs.rows import Pairs, brief_of, checked, job_of, titled, values_of
from sciplat.jobs.tables import jobs
from sciplat.system import new_id

__all__ = ["JobStore"]

_ROOM = "sciplat.jobs"
_LONGEST_RUN_ID = 1000
_PORTION = 2000


class JobStore:
    """The asynchronous jobs of all users, for their owners; `JobStore.queue` is for what executes them.

    Whoever asks for a job by its id gets it: services decide who may. Every change is on the
    disk when its method returns.

    Parameters
    ----------
    database
        Where they are kept.
    clock
        Tells the time, in UTC.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._now = clock
        self.queue = JobQueue(database, clock=clock)
        """For what executes jobs."""

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        database: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """Open the jobs of the instance at ``home``.

        Parameters
        ----------
        database
            The address of a PostgreSQL database, instead of a file in ``home``.
        """
        return cls(Database.open(database or in_folder(home / "state", _ROOM), room=_ROOM), clock=clock)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    # Asking

    def get(self, job_id: str) -> Job | None:
        """Return one job, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == plain(job_id))).one_or_none()
        return None if row is None else job_of(row)

    def references(
        self,
        owner: str,
        *,
        kinds: Kinds = (),
        phases: Sequence[Phase] = (),
        after: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[JobReference]:
        """Return a user's jobs as UWS lists them (1.1, section 2.2.2.1), newest first.

        They are read in portions while the list is walked through, however many they are.

        Parameters
        ----------
        kinds
            Only jobs of one of these.
        phases
            Only jobs in one of these.
        after
            Only jobs that were created later.
        last
            Only so many of the newest.
        """
        lists = (
            self._in_portions(owner, kinds, phase, after, last) for phase in dict.fromkeys(phases) or (None,)
        )
        newest_first = heapq.merge(*lists, key=lambda job: (job.created, job.id), reverse=True)
        return islice(newest_first, last)

    def _in_portions(
        self, owner: str, kinds: Kinds, phase: Phase | None, after: datetime | None, last: int | None
    ) -> Iterator[JobReference]:
        before: Place | None = None
        limit = _PORTION if last is None else min(last, _PORTION)
        while limit:
            query = queries.references(
                owner, kinds=kinds, phase=phase, after=after, before=before, limit=limit
            )
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for id_, phase_, created, run_id in rows:
                yield JobReference(id_, Phase(phase_), created, run_id)
            if len(rows) < limit:
                return
            before = (rows[-1].created, rows[-1].id)

    def page(
        self, owner: str, *, limit: int, before: Place | None = None, kinds: Kinds = ()
    ) -> list[JobBrief]:
        """Return so many of a user's jobs, newest first.

        Parameters
        ----------
        before
            Where the page before this one ended: only jobs that were created earlier.
        kinds
            Only jobs of one of these.
        """
        with self._database.read() as connection:
            rows = connection.execute(queries.briefs(owner, before=before, limit=limit, kinds=kinds))
            return [brief_of(row) for row in rows]

    def phases(self, ids: Iterable[str]) -> dict[str, Phase]:
        """Return the phases of those jobs that are there."""
        wanted = [name for name in ids if name.isascii()]
        with self._database.read() as connection:
            return {name: Phase(phase) for name, phase in connection.execute(queries.phases_of(wanted))}

    def turns_before(self, job: Job) -> int | None:
        """Return how many jobs in the queue have their turn before ``job``; None if it isn't in the queue.

        Turns are taken as `claim` gives them, if every job took as long as any other; jobs of another lane
        take none.
        """
        kinds = lane_of(job.kind)
        if job.phase is not Phase.QUEUED or job.queued is None:
            return None
        with self._database.read() as connection:
            rows = connection.execute(queries.executing_of(kinds))
            executing = {who: count for who, count in rows}  # noqa: C416
            own = connection.execute(queries.turns_before(job.owner, job.queued, job.id, kinds)).scalar_one()
            turn = own + executing.get(job.owner, 0)
            before: int = own
            for who, count, since in connection.execute(queries.waiting(kinds=kinds)):
                if who != job.owner:
                    earlier = turn - executing.get(who, 0) + (since < job.queued)
                    before += min(max(earlier, 0), count)
        return before

    def seconds_before(self, job: Job) -> float:
        """Return how many seconds all jobs that were queued before a queued job are expected to take."""
        assert job.queued is not None
        with self._database.read() as connection:
            query = queries.seconds_before(job.queued, job.id, lane_of(job.kind))
            return float(connection.execute(query).scalar_one())

    def version(self) -> int:
        """Return a number that differs after any process has changed a job, within microseconds.

        Take it before reading the job that you wait for, and compare it with later ones of this store.
        """
        return self._database.version()

    # Changing

    def create(
        self,
        *,
        owner: str | None,
        parameters: Pairs,
        destruction: datetime,
        execution_duration: int,
        kind: str = QUERY,
        title: str = "",
        run_id: str | None = None,
        run: bool = False,
        most: int | None = None,
    ) -> Job:
        """Make a job, pending or with ``run`` in the queue.

        Parameters
        ----------
        most
            How many jobs of this owner may wait or execute; and how many may be pending, of which the
            oldest gives way.

        Raises
        ------
        UsageError
            A parameter, or the run id, is no text that can be kept.
        LimitError
            There are ``most`` jobs in the queue already.
        """
        now = self._now()
        job = Job(
            id=new_id(),
            owner=owner,
            phase=Phase.QUEUED if run else Phase.PENDING,
            parameters=checked(parameters),
            kind=kind,
            title=titled(title),
            created=now,
            queued=now if run else None,
            destruction=destruction,
            execution_duration=execution_duration,
            run_id=checked([("RUNID", run_id)])[0][1] if run_id else None,
        )
        if run_id is not None and len(run_id) > _LONGEST_RUN_ID:
            raise UsageError(f"RUNID has {len(run_id)} characters; up to {_LONGEST_RUN_ID} are kept")
        with self._database.write() as connection:
            if run:
                _require_room(connection, owner, most)
            elif most is not None and _number(connection, owner, Phase.PENDING) >= max(1, most):
                connection.execute(
                    delete(jobs).where(jobs.c.id == queries.oldest_pending(owner).scalar_subquery())
                )
            connection.execute(jobs.insert().values(values_of(job)))
        return job

    def set_parameters(self, job_id: str, parameters: Pairs, *, title: str | None = None) -> Job:
        """Give a pending job these parameters instead of those it has.

        Raises
        ------
        UsageError
            The job isn't pending any more.
        NotFoundError
            There is no such job.
        """
        values: dict[str, Any] = {"parameters": checked(parameters)}
        if title is not None:
            values["title"] = titled(title)
        with self._database.write() as connection:
            job = required(connection, job_id)
            require_phase(job, Phase.PENDING, do="change the parameters of")
            return change(connection, job_id, **values)

    def set_execution_duration(self, job_id: str, seconds: int) -> Job:
        """Let a job that doesn't execute yet do so for ``seconds``.

        Raises
        ------
        UsageError
            It executes already, or is over.
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            job = required(connection, job_id)
            require_phase(job, Phase.PENDING, Phase.QUEUED, do="change the execution duration of")
            return change(connection, job_id, execution_duration=seconds)

    def set_destruction(self, job_id: str, when: datetime) -> Job:
        """Remove a job at ``when``.

        Raises
        ------
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            required(connection, job_id)
            return change(connection, job_id, destruction=when)

    def run(self, job_id: str, *, most: int | None = None) -> Job:
        """Put a pending job into the queue. One that is there, or executes, is left alone.

        Parameters
        ----------
        most
            How many jobs of its owner may wait or execute.

        Raises
        ------
        UsageError
            It is over.
        LimitError
            There are ``most`` jobs in the queue already.
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            job = required(connection, job_id)
            if job.phase in {Phase.QUEUED, Phase.EXECUTING}:
                return job
            require_phase(job, Phase.PENDING, do="run")
            _require_room(connection, job.owner, most)
            return change(connection, job_id, phase=Phase.QUEUED.value, queued=self._now())

    def abort(self, job_id: str) -> Job:
        """Stop a job; what executes it sees that and ends. One that is aborted is left alone.

        Raises
        ------
        UsageError
            It has ended otherwise.
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            job = required(connection, job_id)
            if job.phase is Phase.ABORTED:
                return job
            require_phase(job, Phase.PENDING, Phase.QUEUED, Phase.EXECUTING, do="abort")
            return change(connection, job_id, phase=Phase.ABORTED.value, ended=self._now())

    def delete(self, job_id: str) -> None:
        """Remove a job in whichever phase; what executes it sees that and ends. No such job is no error."""
        with self._database.write() as connection:
            connection.execute(delete(jobs).where(jobs.c.id == plain(job_id)))


def _number(connection: Connection, owner: str | None, *phases: Phase) -> int:
    return int(connection.execute(queries.number_of(owner, *phases)).scalar_one())


def _require_room(connection: Connection, owner: str | None, most: int | None) -> None:
    if most is not None and _number(connection, owner, Phase.QUEUED, Phase.EXECUTING) >= most:
        who = "people who have not signed in: sign in, or" if owner is None else f"{owner}:"
        raise LimitError(f"There are {most} jobs in the queue already of {who} try again later")
