# SPDX-License-Identifier: BSD-3-Clause
"""A job as the Portal and the client see it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

__all__ = ["ErrorResponse", "JobLinks", "JobListResponse", "JobResponse"]


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
    """Add ``?RESPONSEFORMAT=csv`` or another format."""


class JobResponse(BaseModel):
    """One asynchronous query."""

    id: str
    phase: str
    """UWS 1.1: PENDING, QUEUED, EXECUTING, COMPLETED, ERROR, ABORTED."""
    query: str
    maxrec: int | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    destruction: datetime
    """When the job and its result are removed."""
    rows: int | None
    bytes: int | None
    """Of the kept result, as Arrow."""
    overflow: bool
    """The result was cut at MAXREC or at a limit of the service."""
    error: ErrorResponse | None
    links: JobLinks


class JobListResponse(BaseModel):
    """The asker's jobs, newest first."""

    jobs: list[JobResponse]
