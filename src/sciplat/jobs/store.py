"""Keeps jobs, and lets each go only the ways that UWS allows."""

from __future__ import annotations

import base64
import builtins
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, delete, select, update

from sciplat.database import Database, in_folder
from sciplat.errors import NotFoundError, UsageError
from sciplat.jobs.models import QUERY, Job, JobError, JobResult, Phase
from sciplat.jobs.queries import executing_of, first_queued, listing, waiting_users
from sciplat.jobs.rows import Pairs, checked, job_of, titled, values_of
from sciplat.jobs.tables import jobs

__all__ = ["RESTARTS", "JobStore"]

RESTARTS = 3
"""How often a job begins anew after what executed it went away; then it is an error."""

_ROOM = "sciplat.jobs"
_LONGEST_RUN_ID = 1000


_AFRESH: dict[str, Any] = {"started": None, "progress": None, "rows": None, "bytes": None}
"""What a job loses that begins anew."""


class JobStore:
    """The asynchronous jobs of all users.

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
            row = connection.execute(select(jobs).where(jobs.c.id == _plain(job_id))).one_or_none()
        return None if row is None else job_of(row)

    def list(
        self,
        owner: str,
        *,
        phases: Sequence[Phase] = (),
        after: datetime | None = None,
        last: int | None = None,
    ) -> list[Job]:
        """Return a user's jobs, newest first (UWS 1.1, section 2.2.2).

        Parameters
        ----------
        phases
            Only jobs in one of these.
        after
            Only jobs that were created later.
        last
            Only so many of the newest.
        """
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(listing(owner, phases, after, last))]

    def executing(self) -> builtins.list[Job]:
        """Return the jobs that are executing, the oldest first."""
        query = select(jobs).where(jobs.c.phase == Phase.EXECUTING.value).order_by(jobs.c.queued, jobs.c.id)
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def expired(self, now: datetime) -> builtins.list[Job]:
        """Return the jobs whose destruction has come."""
        query = select(jobs).where(jobs.c.destruction <= now).order_by(jobs.c.destruction, jobs.c.id)
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def version(self) -> int:
        """Return a number that differs after any process has changed a job, within microseconds.

        Take it before reading the job that you wait for, and compare it with later ones of this store.
        """
        return self._database.version()

    # What an owner does

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
        quote: datetime | None = None,
        run: bool = False,
    ) -> Job:
        """Make a job, pending or with ``run`` in the queue.

        Raises
        ------
        UsageError
            A parameter, or the run id, is no text that can be kept.
        """
        now = self._now()
        job = Job(
            id=_new_id(),
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
            quote=quote,
        )
        if run_id is not None and len(run_id) > _LONGEST_RUN_ID:
            raise UsageError(f"RUNID has {len(run_id)} characters; up to {_LONGEST_RUN_ID} are kept")
        with self._database.write() as connection:
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
            job = _required(connection, job_id)
            _require_phase(job, Phase.PENDING, do="change the parameters of")
            return _change(connection, job_id, **values)

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
            job = _required(connection, job_id)
            _require_phase(job, Phase.PENDING, Phase.QUEUED, do="change the execution duration of")
            return _change(connection, job_id, execution_duration=seconds)

    def set_destruction(self, job_id: str, when: datetime) -> Job:
        """Remove a job at ``when``.

        Raises
        ------
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            _required(connection, job_id)
            return _change(connection, job_id, destruction=when)

    def run(self, job_id: str) -> Job:
        """Put a pending job into the queue. One that is there, or executes, is left alone.

        Raises
        ------
        UsageError
            It is over.
        NotFoundError
            There is no such job.
        """
        with self._database.write() as connection:
            job = _required(connection, job_id)
            if job.phase in {Phase.QUEUED, Phase.EXECUTING}:
                return job
            _require_phase(job, Phase.PENDING, do="run")
            return _change(connection, job_id, phase=Phase.QUEUED.value, queued=self._now())

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
            job = _required(connection, job_id)
            if job.phase is Phase.ABORTED:
                return job
            _require_phase(job, Phase.PENDING, Phase.QUEUED, Phase.EXECUTING, do="abort")
            return _change(connection, job_id, phase=Phase.ABORTED.value, ended=self._now())

    def delete(self, job_id: str) -> None:
        """Remove a job in whichever phase; what executes it sees that and ends. No such job is no error."""
        with self._database.write() as connection:
            connection.execute(delete(jobs).where(jobs.c.id == _plain(job_id)))

    # What executes jobs does

    def claim(self, *, running_per_user: int) -> Job | None:
        """Take the job whose turn it is, which now executes; None where there is none.

        Turns go to the user with the fewest executing jobs, then to the job that waited longest.
        No two callers, in whichever processes, get the same. Everybody who did not sign in
        counts as one user together.

        Parameters
        ----------
        running_per_user
            A user with so many executing jobs waits.
        """
        with self._database.write() as connection:
            running = {who: count for who, count in connection.execute(executing_of())}  # noqa: C416
            waiting = [
                (running.get(who, 0), since, who)
                for who, since in connection.execute(waiting_users())
                if running.get(who, 0) < running_per_user
            ]
            if not waiting:
                return None
            _, _, who = min(waiting, key=lambda turn: turn[:2])
            found = connection.execute(first_queued(who)).scalar_one()
            return _change(
                connection, found, phase=Phase.EXECUTING.value, started=self._now(), progress=None, error=None
            )

    def set_progress(self, job_id: str, progress: float, *, rows: int | None = None) -> Job:
        """Note how much of an executing job is done, 0 to 1, and how many rows that gave.

        One that was stopped meanwhile stays as it is.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        return self._of_executing(
            job_id, "note the progress of", progress=min(max(progress, 0.0), 1.0), rows=rows
        )

    def complete(self, job_id: str, results: Sequence[JobResult], *, overflow: bool = False) -> Job:
        """Note that an executing job is done, its results being safe.

        One that was stopped meanwhile stays so, as the answer says.

        Parameters
        ----------
        overflow
            A limit cut one of the results.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        rows = [result.rows for result in results if result.rows is not None]
        return self._of_executing(
            job_id,
            "complete",
            phase=Phase.COMPLETED.value,
            ended=self._now(),
            progress=1.0,
            rows=sum(rows) if rows else None,
            bytes=sum(result.bytes or 0 for result in results),
            overflow=overflow,
            results=[asdict(result) for result in results],
        )

    def fail(self, job_id: str, error: JobError) -> Job:
        """Note that an executing job failed, and why. One that was stopped meanwhile stays so.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        return self._of_executing(
            job_id, "fail", phase=Phase.ERROR.value, ended=self._now(), error=asdict(error)
        )

    def requeue(self, job_id: str) -> Job:
        """Put an executing job back at its old place in the queue, because what executed it went away.

        After three times it is an error instead: it may be what takes everything down.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        with self._database.write() as connection:
            job = _required(connection, job_id)
            _require_phase(job, Phase.EXECUTING, do="queue again")
            return self._again(connection, job)

    def hand_back(self, job_id: str) -> Job:
        """Put an executing job back at its old place in the queue, because the instance stops as it should.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        with self._database.write() as connection:
            job = _required(connection, job_id)
            _require_phase(job, Phase.EXECUTING, do="hand back")
            return _change(connection, job.id, phase=Phase.QUEUED.value, **_AFRESH)

    def recover(self) -> builtins.list[Job]:
        """Queue every executing job again, as `requeue` does, and return them.

        It is for the start of what executes jobs, which is one process: nothing executes then.
        """
        with self._database.write() as connection:
            rows = connection.execute(select(jobs).where(jobs.c.phase == Phase.EXECUTING.value)).all()
            return [self._again(connection, job_of(row)) for row in rows]

    def _again(self, connection: Connection, job: Job) -> Job:
        if job.restarts < RESTARTS:
            return _change(connection, job.id, phase=Phase.QUEUED.value, restarts=job.restarts + 1, **_AFRESH)
        error = JobError(
            "unavailable",
            f"The server stopped {RESTARTS + 1} times while it executed this job, and does not try again. "
            "Ask for less at once, or tell the operator.",
        )
        return _change(connection, job.id, phase=Phase.ERROR.value, ended=self._now(), error=asdict(error))

    def _of_executing(self, job_id: str, do: str, **values: Any) -> Job:
        with self._database.write() as connection:
            job = _required(connection, job_id)
            if job.phase is Phase.ABORTED:
                return job
            _require_phase(job, Phase.EXECUTING, do=do)
            return _change(connection, job_id, **values)


def _required(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(jobs).where(jobs.c.id == _plain(job_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no job {job_id[:60]!r}")
    return job_of(row)


def _require_phase(job: Job, *phases: Phase, do: str) -> None:
    if job.phase not in phases:
        raise UsageError(f"Nobody can {do} a job that is {job.phase.value}: it must be {' or '.join(phases)}")


def _change(connection: Connection, job_id: str, **values: Any) -> Job:
    row = connection.execute(update(jobs).where(jobs.c.id == job_id).values(values).returning(jobs)).one()
    return job_of(row)


def _new_id() -> str:
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _plain(job_id: str) -> str:
    return job_id if job_id.isascii() else ""
