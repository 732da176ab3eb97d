"""One job, read and changed inside a transaction of the room's writer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from sciplat.errors import NotFoundError, UsageError
from sciplat.jobs.models import Job, Phase
from sciplat.jobs.rows import job_of
from sciplat.jobs.tables import jobs

__all__ = ["change", "plain", "require_phase", "required"]


def required(connection: Connection, job_id: str) -> Job:
    """Return a job.

    Raises
    ------
    NotFoundError
        There is none of this id.
    """
    row = connection.execute(select(jobs).where(jobs.c.id == plain(job_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no job {job_id[:60]!r}")
    return job_of(row)


def require_phase(job: Job, *phases: Phase, do: str) -> None:
    """Refuse to ``do`` something to a job that is in none of these phases.

    Raises
    ------
    UsageError
        It is in another.
    """
    if job.phase not in phases:
        raise UsageError(f"Nobody can {do} a job that is {job.phase.value}: it must be {' or '.join(phases)}")


def change(connection: Connection, job_id: str, **values: Any) -> Job:
    """Set columns of a job, and return it as it is then."""
    row = connection.execute(update(jobs).where(jobs.c.id == job_id).values(values).returning(jobs)).one()
    return job_of(row)


def plain(job_id: str) -> str:
    """Return an id that can be asked for: one that is no ASCII text is no job's."""
    return job_id if job_id.isascii() else ""
