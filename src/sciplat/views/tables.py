"""The tables of the room, as its newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, MetaData, String, Table

from sciplat.database import Instant

__all__ = ["members", "metadata", "operations", "states", "views"]

metadata = MetaData()

views = Table(
    "views",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("title", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("view", ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
    Column("user", String, primary_key=True),
    Column("role", String, nullable=False),
    Index("members_by_user", "user", "view"),
)

operations = Table(
    "operations",
    metadata,
    Column("view", ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("id", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("moment", Instant, nullable=False),
    Column("operation", JSON, nullable=False),
    Column("patch", JSON, nullable=False),
    Column("back", JSON, nullable=False),
    Column("of", BigInteger),
    Index("operations_by_id", "view", "id", unique=True),
)

states = Table(
    "states",
    metadata,
    Column("view", ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("state", JSON, nullable=False),
)
