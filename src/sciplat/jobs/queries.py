"""The questions about jobs that are longer than a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from sciplat.jobs.models import Phase
from sciplat.jobs.tables import jobs

__all__ = ["executing_of", "first_queued", "listing", "waiting_users"]


def listing(owner: str, phases: Sequence[Phase], after: datetime | None, last: int | None) -> Select[Any]:
    """Ask for a user's jobs, newest first."""
    query = select(jobs).where(jobs.c.owner == owner).order_by(jobs.c.created.desc(), jobs.c.id.desc())
    if phases:
        query = query.where(jobs.c.phase.in_([phase.value for phase in phases]))
    if after is not None:
        query = query.where(jobs.c.created > after)
    return query if last is None else query.limit(last)


def executing_of() -> Select[Any]:
    """Ask how many jobs of each user execute."""
    return (
        select(jobs.c.owner, func.count()).where(jobs.c.phase == Phase.EXECUTING.value).group_by(jobs.c.owner)
    )


def waiting_users() -> Select[Any]:
    """Ask since when each user has waited, who has a job in the queue."""
    return (
        select(jobs.c.owner, func.min(jobs.c.queued))
        .where(jobs.c.phase == Phase.QUEUED.value)
        .group_by(jobs.c.owner)
    )


def first_queued(owner: str | None) -> Select[Any]:
    """Ask for a user's job that was queued first."""
    return (
        select(jobs.c.id)
        .where(
            jobs.c.phase == Phase.QUEUED.value,
            jobs.c.owner.is_(None) if owner is None else jobs.c.owner == owner,
        )
        .order_by(jobs.c.queued, jobs.c.id)
        .limit(1)
    )
