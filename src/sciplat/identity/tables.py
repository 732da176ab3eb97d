"""The tables of the room, as its newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from sciplat.database import Instant

__all__ = ["clients", "codes", "failed_sign_ins", "metadata", "sign_in_links", "tokens", "users"]

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("scopes", String, nullable=False),
    Column("password", String),
    Column("created", Instant, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("key", String, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, index=True),
    Column("parent", ForeignKey("tokens.key", ondelete="CASCADE"), index=True),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("code", LargeBinary, nullable=False, unique=True),
    Column("expires", Instant),
)

failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("subject", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", Instant, nullable=False, index=True),
)

clients = Table(
    "clients",
    metadata,
    Column("name", String, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("redirect_uri", String, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    Column("code", LargeBinary, primary_key=True),
    Column("client", ForeignKey("clients.name", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", String, nullable=False),
    Column("challenge", String, nullable=False),
    Column("session", ForeignKey("tokens.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires", Instant, nullable=False, index=True),
    Column("token", String),
)
