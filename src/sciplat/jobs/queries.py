"""The two questions about jobs that are longer than a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from sciplat.jobs.models import Phase
from sciplat.jobs.tables import jobs

__all__ = ["listing", "next_in_turn"]

_NOBODY = ""


def listing(owner: str, phases: Sequence[Phase], after: datetime | None, last: int | None) -> Select[Any]:
    """Ask for a user's jobs, newest first."""
    query = select(jobs).where(jobs.c.owner == owner).order_by(jobs.c.created.desc(), jobs.c.id.desc())
    if phases:
        query = query.where(jobs.c.phase.in_([phase.value for phase in phases]))
    if after is not None:
        query = query.where(jobs.c.created > after)
    return query if last is None else query.limit(last)


def next_in_turn(running_per_user: int) -> Select[Any]:
    """Ask for the queued job whose turn it is: of whoever has the fewest executing, then the oldest."""
    busy = (
        select(func.coalesce(jobs.c.owner, _NOBODY).label("who"), func.count().label("running"))
        .where(jobs.c.phase == Phase.EXECUTING.value)
        .group_by(jobs.c.owner)
        .subquery()
    )
    running = func.coalesce(busy.c.running, 0)
    return (
        select(jobs.c.id)
        .join_from(jobs, busy, func.coalesce(jobs.c.owner, _NOBODY) == busy.c.who, isouter=True)
        .where(jobs.c.phase == Phase.QUEUED.value, running < running_per_user)
        .order_by(running, jobs.c.queued, jobs.c.id)
        .limit(1)
    )
