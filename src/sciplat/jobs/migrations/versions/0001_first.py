"""Jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner", sa.String),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("run_id", sa.String),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("queued", sa.BigInteger),
        sa.Column("started", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("destruction", sa.BigInteger, nullable=False),
        sa.Column("execution_duration", sa.Integer, nullable=False),
        sa.Column("quote", sa.BigInteger),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("progress", sa.Float),
        sa.Column("rows", sa.BigInteger),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("overflow", sa.Boolean, nullable=False),
        sa.Column("error", sa.JSON),
    )
    op.create_index("jobs_of_owner", "jobs", ["owner", "created", "id"])
    op.create_index("jobs_of_owner_in_phase", "jobs", ["owner", "phase", "created", "id"])
    op.create_index("jobs_in_phase", "jobs", ["phase", "queued", "id"])
    op.create_index("jobs_by_destruction", "jobs", ["destruction"])
