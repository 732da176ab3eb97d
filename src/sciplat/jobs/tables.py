"""The table of the room, as its newest migration leaves it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, text

from sciplat.database import Instant

__all__ = ["jobs", "metadata"]

metadata = MetaData()

_TO_ESTIMATE = text("phase = 'QUEUED' AND estimated_seconds IS NULL")

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String),
    Column("kind", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("title", String, nullable=False),
    Column("run_id", String),
    Column("created", Instant, nullable=False),
    Column("queued", Instant),
    Column("started", Instant),
    Column("ended", Instant),
    Column("destruction", Instant, nullable=False),
    Column("execution_duration", Integer, nullable=False),
    Column("restarts", Integer, nullable=False),
    Column("progress", Float),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("overflow", Boolean, nullable=False),
    Column("estimated_rows", BigInteger),
    Column("estimated_seconds", Float),
    # What can be long stands last: SQLite reads a row from its start, and lists need none of it.
    Column("error", JSON(none_as_null=True)),
    Column("results", JSON, nullable=False),
    Column("parameters", JSON, nullable=False),
    # One index a question: a user's newest jobs, turns in the queue, what is unknown of it, what is over.
    Index("jobs_of_owner", "owner", "created", "id"),
    Index("jobs_of_owner_in_phase", "owner", "phase", "created", "id"),
    Index("jobs_in_phase", "phase", "owner", "queued", "id", "estimated_seconds", "kind"),
    Index("jobs_to_estimate", "queued", "id", sqlite_where=_TO_ESTIMATE, postgresql_where=_TO_ESTIMATE),
    Index("jobs_by_destruction", "destruction"),
)
