"""Clients of OAuth, and their codes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "clients",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("redirect_uri", sa.String, nullable=False),
    )
    op.create_table(
        "codes",
        sa.Column("code", sa.LargeBinary, primary_key=True),
        sa.Column("client", sa.String, sa.ForeignKey("clients.name", ondelete="CASCADE"), nullable=False),
        sa.Column("redirect_uri", sa.String, nullable=False),
        sa.Column("challenge", sa.String, nullable=False),
        sa.Column(
            "session",
            sa.String,
            sa.ForeignKey("tokens.key", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
        sa.Column("token", sa.String),
    )
