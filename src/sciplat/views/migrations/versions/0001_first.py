"""Views, who may see them, what was done to them, and states on the way."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "views",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("view", sa.String, sa.ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user", sa.String, primary_key=True),
        sa.Column("role", sa.String, nullable=False),
    )
    op.create_index("members_by_user", "members", ["user", "view"])
    op.create_table(
        "operations",
        sa.Column("view", sa.String, sa.ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.JSON, nullable=False),
        sa.Column("patch", sa.JSON, nullable=False),
        sa.Column("back", sa.JSON, nullable=False),
        sa.Column("of", sa.BigInteger),
    )
    op.create_index("operations_by_id", "operations", ["view", "id"], unique=True)
    op.create_table(
        "states",
        sa.Column("view", sa.String, sa.ForeignKey("views.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("state", sa.JSON, nullable=False),
    )
