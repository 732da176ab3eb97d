"""The queue is asked by the kinds of jobs that one process executes."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index of the queue anew, so that it says the kind of a job too."""
    op.drop_index("jobs_in_phase", "jobs")
    op.create_index("jobs_in_phase", "jobs", ["phase", "owner", "queued", "id", "estimated_seconds", "kind"])
