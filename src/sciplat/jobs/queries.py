"""The questions about jobs that are longer than a line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Tuple, case, func, literal, literal_column, select, true, tuple_

from sciplat.jobs.models import JobBrief, JobReference, Phase
from sciplat.jobs.tables import jobs

__all__ = [
    "Kinds",
    "Place",
    "briefs",
    "executing_of",
    "first_queued",
    "number_of",
    "of_kinds",
    "oldest_pending",
    "phases_of",
    "references",
    "seconds_before",
    "to_estimate",
    "turns_before",
    "waiting",
]

Place = tuple[datetime, str]
"""Where a job stands among those of its owner: when it was created, and its id."""

Kinds = Collection[str]
"""Kinds of jobs that a question is about; none are all."""

_REFERENCE = [jobs.c[field.name] for field in fields(JobReference)]
_BRIEF = [jobs.c[field.name] for field in fields(JobBrief)]


def references(
    owner: str,
    *,
    phase: Phase | None,
    after: datetime | None,
    before: Place | None,
    limit: int,
    kinds: Kinds = (),
) -> Select[Any]:
    """Ask for a portion of the list of a user's jobs, newest first."""
    query = _newest_first(select(*_REFERENCE).where(of_kinds(kinds)), owner, before, limit)
    if phase is not None:
        query = query.where(jobs.c.phase == phase.value)
    if after is not None:
        query = query.where(jobs.c.created > after)
    return query


def briefs(owner: str, *, before: Place | None, limit: int, kinds: Kinds = ()) -> Select[Any]:
    """Ask for a page of a user's jobs, newest first."""
    return _newest_first(select(*_BRIEF).where(of_kinds(kinds)), owner, before, limit)


def _newest_first(query: Select[Any], owner: str, before: Place | None, limit: int) -> Select[Any]:
    place = (jobs.c.created, jobs.c.id)
    query = query.where(jobs.c.owner == owner).order_by(*(column.desc() for column in place)).limit(limit)
    if before is None:
        return query
    # The first condition says nothing new, but with it SQLite begins at the right place of the index.
    return query.where(jobs.c.created <= before[0], tuple_(*place) < _tuple(before))


def phases_of(ids: Iterable[str]) -> Select[Any]:
    """Ask for the phases of some jobs."""
    return select(jobs.c.id, jobs.c.phase).where(jobs.c.id.in_(list(ids)))


def of_kinds(kinds: Kinds) -> ColumnElement[bool]:
    """Return the condition that a job is of one of some kinds."""
    return jobs.c.kind.in_(sorted(kinds)) if kinds else true()


def executing_of(kinds: Kinds = ()) -> Select[Any]:
    """Ask how many jobs of each user execute."""
    query = select(jobs.c.owner, func.count()).where(jobs.c.phase == Phase.EXECUTING.value)
    return query.where(of_kinds(kinds)).group_by(jobs.c.owner)


def waiting(longest_seconds: float | None = None, kinds: Kinds = ()) -> Select[Any]:
    """Ask how many jobs of each user are in the queue, and since when the first of them is.

    Parameters
    ----------
    longest_seconds
        Only jobs that are expected to take no longer.
    """
    query = select(jobs.c.owner, func.count(), func.min(jobs.c.queued)).group_by(jobs.c.owner)
    return _queued(query, longest_seconds, kinds)


def first_queued(owner: str | None, longest_seconds: float | None = None, kinds: Kinds = ()) -> Select[Any]:
    """Ask for a user's job that was queued first, of those that are expected to take no longer."""
    query = _queued(select(jobs.c.id), longest_seconds, kinds).where(_of(owner))
    return query.order_by(jobs.c.queued, jobs.c.id).limit(1)


def to_estimate(limit: int, kinds: Kinds = ()) -> Select[Any]:
    """Ask for so many of the jobs in the queue of which nobody knows how long they will take."""
    query = select(jobs).where(jobs.c.phase == literal_column("'QUEUED'"), jobs.c.estimated_seconds.is_(None))
    return query.where(of_kinds(kinds)).order_by(jobs.c.queued, jobs.c.id).limit(limit)


def seconds_before(queued: datetime, job_id: str, kinds: Kinds = ()) -> Select[Any]:
    """Ask how many seconds all jobs that were queued before one are expected to take, as far as they may."""
    earlier = tuple_(jobs.c.queued, jobs.c.id) < _tuple((queued, job_id))
    estimate, limit = jobs.c.estimated_seconds, jobs.c.execution_duration
    seconds = case((estimate < limit, estimate), (estimate.is_not(None), limit), else_=0)
    return _queued(select(func.coalesce(func.sum(seconds), 0.0)), None, kinds).where(earlier)


def turns_before(owner: str | None, queued: datetime, job_id: str, kinds: Kinds = ()) -> Select[Any]:
    """Ask how many of the owner's jobs in the queue have their turn before one of them."""
    earlier = tuple_(jobs.c.queued, jobs.c.id) < _tuple((queued, job_id))
    query = _queued(select(func.count()).select_from(jobs), None, kinds)
    return query.where(_of(owner), jobs.c.queued <= queued, earlier)


def number_of(owner: str | None, *phases: Phase) -> Select[Any]:
    """Ask how many jobs of a user are in one of some phases."""
    query = select(func.count()).select_from(jobs).where(_of(owner))
    return query.where(jobs.c.phase.in_([phase.value for phase in phases]))


def oldest_pending(owner: str | None) -> Select[Any]:
    """Ask for the job that has been pending for the longest time, of a user."""
    query = select(jobs.c.id).where(jobs.c.phase == Phase.PENDING.value, _of(owner))
    return query.order_by(jobs.c.created, jobs.c.id).limit(1)


def _queued(query: Select[Any], longest_seconds: float | None, kinds: Kinds) -> Select[Any]:
    query = query.where(jobs.c.phase == Phase.QUEUED.value, of_kinds(kinds))
    return query if longest_seconds is None else query.where(jobs.c.estimated_seconds <= longest_seconds)


def _of(owner: str | None) -> ColumnElement[bool]:
    return jobs.c.owner.is_(None) if owner is None else jobs.c.owner == owner


def _tuple(place: Place) -> Tuple:
    return tuple_(literal(place[0], jobs.c.created.type), literal(place[1]))
