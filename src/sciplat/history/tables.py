"""The tables of the room, as its newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from sciplat.database import Instant

__all__ = ["links", "metadata", "queries"]

metadata = MetaData()

queries = Table(
    "queries",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("is_job", Boolean, nullable=False),
    Column("aspect", String),
    Column("adql", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("maxrec", BigInteger),
    Column("format", String),
    Column("uploads", JSON, nullable=False),
    Column("tables", JSON, nullable=False),
    # The names of the tables once more, for searching: each on a line, in lower case.
    Column("table_names", Text, nullable=False),
    Column("version", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("started", Instant),
    Column("ended", Instant),
    Column("phase", String, nullable=False),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("overflow", Boolean, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("error", JSON(none_as_null=True)),
    # One index a question: a user's newest, those in a phase, what is too old.
    Index("queries_of_owner", "owner", "created", "id"),
    Index("queries_of_owner_in_phase", "owner", "phase", "created", "id"),
    Index("queries_by_age", "created"),
)

links = Table(
    "links",
    metadata,
    Column("key", String, primary_key=True),
    Column("secret", LargeBinary, nullable=False, unique=True),
    Column("query", ForeignKey("queries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("owner", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant),
    Index("links_of_owner", "owner", "created", "key"),
)
