# SPDX-License-Identifier: BSD-3-Clause
"""A query of the past, and what is needed to ask it again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sciplat.wire.jobs import ErrorResponse

__all__ = [
    "ChangeFacts",
    "DeletedResponse",
    "QueryLinks",
    "QueryListResponse",
    "QueryResponse",
    "QuerySpecification",
    "TableFacts",
    "UploadFacts",
]


class TableFacts(BaseModel):
    """A table that a query read."""

    release: str
    table: str
    generation: str
    """Another generation has other rows."""


class UploadFacts(BaseModel):
    """A table that was sent along; its rows are kept for a while."""

    name: str
    sha256: str
    rows: int


class ChangeFacts(BaseModel):
    """A table that has other rows now than when a query read it."""

    table: str
    then: str
    now: str | None
    """None where you can see no such table any more."""


class QueryLinks(BaseModel):
    """Where the rest is."""

    query: str
    specification: str
    job: str | None
    """While the job is kept."""
    result: str | None
    """While the result is kept; add ``?RESPONSEFORMAT=csv`` or another format."""


class QueryResponse(BaseModel):
    """One query of a user's history."""

    id: str
    aspect: str
    """``portal``, ``notebook`` or ``api``: by which way it came."""
    kind: str
    """``sync`` or ``async``."""
    phase: str
    query: str
    """To the letter."""
    language: str
    maxrec: int | None
    format: str | None
    """RESPONSEFORMAT as it was sent."""
    created: datetime
    started: datetime | None
    ended: datetime | None
    rows: int | None
    bytes: int | None
    """Of the result, as Arrow."""
    overflow: bool
    cached: bool
    """The rows were those of an earlier run, on the same tables."""
    error: ErrorResponse | None
    uploads: list[UploadFacts]
    tables: list[TableFacts]
    changes: list[ChangeFacts]
    """Which of these tables have other rows now; in lists always empty."""
    version: str
    """Of sciplat, when it was asked."""
    links: QueryLinks


class QueryListResponse(BaseModel):
    """A part of the asker's history, newest first."""

    queries: list[QueryResponse]
    next: str | None
    """Send it as ``before`` for older ones; None where there are none."""


class DeletedResponse(BaseModel):
    """How many were removed."""

    deleted: int


class QuerySpecification(BaseModel):
    """All that is needed to ask a query again, here or elsewhere, now or in years."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    sciplat_query: Literal[1] = 1
    """The version of this form."""
    query: str
    """ADQL, to the letter."""
    language: str = "ADQL"
    maxrec: int | None = Field(default=None, ge=0, lt=10**18)
    format: str | None = Field(default=None, max_length=200)
    """RESPONSEFORMAT of the result."""
    uploads: list[UploadFacts] = Field(default=[], max_length=100)

    # What follows says how it was asked the first time; it is not needed to ask it again.
    id: str | None = None
    created: datetime | None = None
    tables: list[TableFacts] = Field(default=[], max_length=1000)
    """On which rows it ran."""
    version: str | None = None
    """Of sciplat."""
