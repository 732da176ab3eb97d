"""Queries, and the links by which their owners share them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "queries",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("is_job", sa.Boolean, nullable=False),
        sa.Column("aspect", sa.String),
        sa.Column("adql", sa.Text, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("maxrec", sa.BigInteger),
        sa.Column("format", sa.String),
        sa.Column("uploads", sa.JSON, nullable=False),
        sa.Column("tables", sa.JSON, nullable=False),
        sa.Column("table_names", sa.Text, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("overflow", sa.Boolean, nullable=False),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("error", sa.JSON),
    )
    op.create_index("queries_of_owner", "queries", ["owner", "created", "id"])
    op.create_index("queries_of_owner_in_phase", "queries", ["owner", "phase", "created", "id"])
    op.create_index("queries_by_age", "queries", ["created"])
    op.create_table(
        "links",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("query", sa.String, sa.ForeignKey("queries.id", ondelete="CASCADE"), nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_index("ix_links_query", "links", ["query"])
    op.create_index("links_of_owner", "links", ["owner", "created", "key"])
