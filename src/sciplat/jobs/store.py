"""Keeps jobs, and lets each go only the ways that UWS allows."""

from __future__ import annotations

import base64
import builtins
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, delete, select, update

from sciplat.database import Database, in_folder
from sciplat.errors import NotFoundError, UsageError
from sciplat.jobs.models import Job, JobError, Phase
from sciplat.jobs.queries import listing, next_in_turn
from sciplat.jobs.tables import jobs

__all__ = ["RESTARTS", "JobStore"]

RESTARTS = 3
"""How often a job begins anew after what executed it went away; then it is an error."""

_ROOM = "sciplat.jobs"
_LONGEST_RUN_ID = 1000


_AFRESH: dict[str, Any] = {"started": None, "progress": None, "rows": None}
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
        return None if row is None else _job(row)

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
            return [_job(row) for row in connection.execute(listing(owner, phases, after, last))]

    def executing(self) -> builtins.list[Job]:
        """Return the jobs that are executing, the oldest first."""
        query = select(jobs).where(jobs.c.phase == Phase.EXECUTING.value).order_by(jobs.c.queued, jobs.c.id)
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def expired(self, now: datetime) -> builtins.list[Job]:
        """Return the jobs whose destruction has come."""
        query = select(jobs).where(jobs.c.destruction <= now).order_by(jobs.c.destruction, jobs.c.id)
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

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
        parameters: Mapping[str, str],
        destruction: datetime,
        execution_duration: int,
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
            parameters=_checked(parameters),
            created=now,
            queued=now if run else None,
            destruction=destruction,
            execution_duration=execution_duration,
            run_id=_checked({"RUNID": run_id})["RUNID"] if run_id else None,
            quote=quote,
        )
        if run_id is not None and len(run_id) > _LONGEST_RUN_ID:
            raise UsageError(f"RUNID has {len(run_id)} characters; up to {_LONGEST_RUN_ID} are kept")
        with self._database.write() as connection:
            connection.execute(jobs.insert().values(_values(job)))
        return job

    def set_parameters(self, job_id: str, parameters: Mapping[str, str]) -> Job:
        """Add parameters to a pending job, or change them.

        Raises
        ------
        UsageError
            The job isn't pending any more.
        NotFoundError
            There is no such job.
        """
        checked = _checked(parameters)
        with self._database.write() as connection:
            job = _required(connection, job_id)
            _require_phase(job, Phase.PENDING, do="change the parameters of")
            return _change(connection, job_id, parameters={**job.parameters, **checked})

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
            found = connection.execute(next_in_turn(running_per_user)).scalar()
            if found is None:
                return None
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

    def complete(self, job_id: str, *, rows: int, size: int, overflow: bool) -> Job:
        """Note that an executing job is done, its result of ``rows`` and ``size`` bytes being safe.

        One that was stopped meanwhile stays so, as the answer says.

        Raises
        ------
        UsageError
            It does not execute.
        NotFoundError
            It was deleted.
        """
        return self._of_executing(
            job_id,
            "complete",
            phase=Phase.COMPLETED.value,
            ended=self._now(),
            progress=1.0,
            rows=rows,
            bytes=size,
            overflow=overflow,
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
            return [self._again(connection, _job(row)) for row in rows]

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
    return _job(row)


def _require_phase(job: Job, *phases: Phase, do: str) -> None:
    if job.phase not in phases:
        raise UsageError(f"Nobody can {do} a job that is {job.phase.value}: it must be {' or '.join(phases)}")


def _change(connection: Connection, job_id: str, **values: Any) -> Job:
    row = connection.execute(update(jobs).where(jobs.c.id == job_id).values(values).returning(jobs)).one()
    return _job(row)


def _new_id() -> str:
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _plain(job_id: str) -> str:
    return job_id if job_id.isascii() else ""


def _checked(parameters: Mapping[str, str]) -> dict[str, str]:
    for name, value in parameters.items():
        try:
            f"{name}={value}".encode()
        except UnicodeEncodeError:
            raise UsageError(f"The parameter {name[:60]!a} is no text: it has half of a character") from None
    return dict(parameters)


def _values(job: Job) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in jobs.columns.keys()}  # noqa: SIM118  # no mapping
    return {**values, "phase": job.phase.value, "error": None if job.error is None else asdict(job.error)}


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)  # noqa: SLF001  # its public name, underscored to keep clear of columns
    error = values["error"]
    return Job(**{**values, "phase": Phase(row.phase), "error": None if error is None else JobError(**error)})
