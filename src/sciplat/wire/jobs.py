# SPDX-License-Identifier: BSD-3-Clause
"""A job as the Portal and the client see it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

__all__ = [
    "ErrorResponse",
    "JobBriefResponse",
    "JobLinks",
    "JobListResponse",
    "JobResponse",
    "ResultResponse",
]


class ErrorResponse(BaseModel):
    """What went wrong; for a query also where."""

    code: str
    """The kind of error; never changes its name."""
    message: str
    line: int | None = None
    """From 1, in the text of the query."""
    column: int | None = None
    length: int | None = None
    """How many characters are wrong; 0 where only the place is known."""


class JobLinks(BaseModel):
    """Where a job and its result are; both are what TAP itself uses."""

    job: str
    result: str
    """Of a query: add ``?RESPONSEFORMAT=csv`` or another format."""


class ResultResponse(BaseModel):
    """One result of a completed job."""

    name: str
    url: str
    media_type: str | None
    """None for a table, which is written in the form that is asked for."""
    file: str
    """What to call it on a disk."""
    bytes: int | None
    rows: int | None
    """Of a table; of an archive, how many cutouts it was to have."""
    failed: int
    """How many of them could not be made; 1 for a text that is there in place of a result."""


class JobBriefResponse(BaseModel):
    """One job as lists show it."""

    id: str
    phase: str
    """UWS 1.1: PENDING, QUEUED, EXECUTING, COMPLETED, ERROR, ABORTED."""
    kind: str
    """``query``, ``cutout`` or ``bulk_cutout``."""
    title: str
    """The first 200 characters of the query, or of what is cut out of what."""
    run_id: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    destruction: datetime
    """When the job and its result are removed."""
    rows: int | None
    """So far, and in the end all; of other jobs the cutouts that have been tried."""
    bytes: int | None
    """Of the kept result, as Arrow."""
    overflow: bool
    """The result was cut at MAXREC or at a limit of the service."""
    error: ErrorResponse | None
    links: JobLinks


class JobResponse(JobBriefResponse):
    """One job."""

    query: str
    """Empty where it has none."""
    maxrec: int | None
    progress: float | None
    """How much is done, 0 to 1, where that is known."""
    turns_before: int | None
    """How many jobs have their turn before this one, while it is QUEUED."""
    estimated_rows: int | None
    estimated_seconds: float | None
    """At work, without the time in the queue."""
    quote: datetime | None
    """When it is expected to end."""
    results: list[ResultResponse]
    """Empty before it is completed."""


class JobListResponse(BaseModel):
    """The asker's jobs, newest first."""

    jobs: list[JobBriefResponse]
    next: str | None
    """Send it as ``before`` for the jobs that follow; null at the end of the list."""
