"""Jobs as what executes them sees them: whose turn it is, how far one is, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from sciplat.database import Database
from sciplat.jobs import queries
from sciplat.jobs.change import change, require_phase, required
from sciplat.jobs.models import Job, JobError, JobProgress, JobResult, Phase
from sciplat.jobs.rows import job_of
from sciplat.jobs.tables import jobs

__all__ = ["RESTARTS", "JobQueue"]

RESTARTS = 3
"""How often a job begins anew after what executed it went away; then it is an error."""

_NOBODY = ""
"""No user's name; None stands for those who did not sign in."""

_AFRESH: dict[str, Any] = {"started": None, "progress": None, "rows": None, "bytes": None}
"""What a job loses that begins anew."""


class JobQueue:
    """The jobs of all users, for what executes them. Every change but progress is on the disk at once.

    Parameters
    ----------
    kinds
        Of the jobs that are looked at; none are all.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], kinds: Collection[str] = ()
    ) -> None:
        self._database = database
        self._now = clock
        self._kinds = frozenset(kinds)

    def only(self, kinds: Collection[str]) -> JobQueue:
        """Return the queue of jobs of these kinds alone: another process executes the others."""
        return JobQueue(self._database, clock=self._now, kinds=kinds)

    def executing(self) -> list[str]:
        """Return the ids of the jobs that are executing, the oldest first."""
        query = select(jobs.c.id).where(jobs.c.phase == Phase.EXECUTING.value, self._ours)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(jobs.c.queued, jobs.c.id)))

    def expired(self, now: datetime) -> list[str]:
        """Return the ids of the jobs whose destruction has come."""
        query = select(jobs.c.id).where(jobs.c.destruction <= now, self._ours)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(jobs.c.destruction, jobs.c.id)))

    def claim(self, *, running_per_user: int, longest_seconds: float | None = None) -> Job | None:
        """Take the job whose turn it is, which now executes; None where there is none.

        Turns go to the user with the fewest executing jobs, then to the job that waited longest.
        No two callers, in whichever processes, get the same. Everybody who did not sign in
        counts as one user together.

        Parameters
        ----------
        running_per_user
            A user with so many executing jobs waits.
        longest_seconds
            Only of the jobs that are known to take no longer.
        """
        with self._database.read() as connection:
            if self._whose_turn(connection, running_per_user, longest_seconds) == _NOBODY:
                return None  # nobody else has to wait for that
        with self._database.write() as connection:
            who = self._whose_turn(connection, running_per_user, longest_seconds)
            if who == _NOBODY:
                return None
            found = connection.execute(queries.first_queued(who, longest_seconds, self._kinds)).scalar_one()
            return change(
                connection, found, phase=Phase.EXECUTING.value, started=self._now(), progress=None, error=None
            )

    def to_estimate(self, limit: int) -> list[Job]:
        """Return so many of the jobs in the queue of which nobody knows how long they will take."""
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(queries.to_estimate(limit, self._kinds))]

    def note_estimates(self, estimates: Mapping[str, tuple[int | None, float]]) -> None:
        """Note how many rows jobs are expected to give, and how many seconds they take, by their ids.

        This may be forgotten when the power goes, and is found out again then.
        """
        values = [
            {"job": name, "estimated_rows": rows, "estimated_seconds": seconds}
            for name, (rows, seconds) in estimates.items()
        ]
        if values:
            with self._database.write(durable=False) as connection:
                connection.execute(update(jobs).where(jobs.c.id == bindparam("job")), values)

    def note_progress(self, progress: Mapping[str, JobProgress]) -> None:
        """Note how far jobs are, by their ids; one that does not execute any more stays as it is.

        Unlike all else this may be forgotten when the power goes: jobs begin anew then.
        """
        values = [
            {"job": name, "rows": far.rows, "bytes": far.bytes, "progress": far.done}
            for name, far in progress.items()
        ]
        expected = [
            {"job": name, "estimated_rows": far.of} for name, far in progress.items() if far.of is not None
        ]
        update_one = update(jobs).where(jobs.c.id == bindparam("job"), jobs.c.phase == Phase.EXECUTING.value)
        if values:
            with self._database.write(durable=False) as connection:
                connection.execute(update_one, values)
                if expected:
                    connection.execute(update_one, expected)

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
            job = required(connection, job_id)
            require_phase(job, Phase.EXECUTING, do="queue again")
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
            job = required(connection, job_id)
            require_phase(job, Phase.EXECUTING, do="hand back")
            return change(connection, job.id, phase=Phase.QUEUED.value, **_AFRESH)

    def recover(self) -> list[Job]:
        """Queue every executing job again, as `requeue` does, and return them.

        It is for the start of what executes jobs of these kinds, which is one process: none executes then.
        """
        with self._database.write() as connection:
            query = select(jobs).where(jobs.c.phase == Phase.EXECUTING.value, self._ours)
            rows = connection.execute(query).all()
            return [self._again(connection, job_of(row)) for row in rows]

    @property
    def _ours(self) -> ColumnElement[bool]:
        return queries.of_kinds(self._kinds)

    def _whose_turn(
        self, connection: Connection, running_per_user: int, longest_seconds: float | None
    ) -> str | None:
        """Return the user with the fewest executing jobs of those who wait, or ``_NOBODY``."""
        rows = connection.execute(queries.executing_of(self._kinds))
        executing = {who: count for who, count in rows}  # noqa: C416
        turns = [
            (executing.get(who, 0), since, who)
            for who, _, since in connection.execute(queries.waiting(longest_seconds, self._kinds))
            if executing.get(who, 0) < running_per_user
        ]
        return min(turns, key=lambda turn: turn[:2])[2] if turns else _NOBODY

    def _again(self, connection: Connection, job: Job) -> Job:
        if job.restarts < RESTARTS:
            return change(connection, job.id, phase=Phase.QUEUED.value, restarts=job.restarts + 1, **_AFRESH)
        error = JobError(
            "unavailable",
            f"The server stopped {RESTARTS + 1} times while it executed this job, and does not try again. "
            "Ask for less at once, or tell the operator.",
        )
        return change(connection, job.id, phase=Phase.ERROR.value, ended=self._now(), error=asdict(error))

    def _of_executing(self, job_id: str, do: str, **values: Any) -> Job:
        with self._database.write() as connection:
            job = required(connection, job_id)
            if job.phase is Phase.ABORTED:
                return job
            require_phase(job, Phase.EXECUTING, do=do)
            return change(connection, job_id, **values)
