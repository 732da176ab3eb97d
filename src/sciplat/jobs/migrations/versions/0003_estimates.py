"""The queue is also asked by how long jobs are expected to take; their end is told from that."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index of the queue anew, and one of the jobs in it that are still to be estimated."""
    op.drop_column("jobs", "quote")
    op.drop_index("jobs_in_phase", "jobs")
    op.create_index("jobs_in_phase", "jobs", ["phase", "owner", "queued", "id", "estimated_seconds"])
    to_estimate = sa.text("phase = 'QUEUED' AND estimated_seconds IS NULL")
    op.create_index(
        "jobs_to_estimate", "jobs", ["queued", "id"], sqlite_where=to_estimate, postgresql_where=to_estimate
    )
