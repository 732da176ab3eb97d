"""Parameters may come again, jobs are of several kinds, and have any number of results."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TITLE_LENGTH = 200
ROWS_AT_ONCE = 500

KEPT = (
    "id",
    "owner",
    "phase",
    "run_id",
    "created",
    "queued",
    "started",
    "ended",
    "destruction",
    "execution_duration",
    "quote",
    "restarts",
    "progress",
    "rows",
    "bytes",
    "overflow",
)
"""The columns that stay as they are."""


def upgrade() -> None:
    """Make the table anew, with what can be long in its last columns, and take every job over."""
    for index in ("jobs_of_owner", "jobs_of_owner_in_phase", "jobs_in_phase", "jobs_by_destruction"):
        op.drop_index(index, "jobs")
    op.rename_table("jobs", "jobs_before")
    made = op.create_table(
        "jobs",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("owner", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
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
        sa.Column("estimated_rows", sa.BigInteger),
        sa.Column("estimated_seconds", sa.Float),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("results", sa.JSON, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        # The first table's constraint has the name that PostgreSQL would choose.
        sa.PrimaryKeyConstraint("id", name="jobs_id"),
    )
    before = sa.table(
        "jobs_before",
        *(sa.column(name) for name in KEPT),
        sa.column("error", sa.JSON(none_as_null=True)),
        sa.column("parameters", sa.JSON),
    )
    connection = op.get_bind()
    for rows in _in_portions(connection, before):
        connection.execute(made.insert(), [_taken_over(row) for row in rows])
    op.drop_table("jobs_before")
    op.create_index("jobs_of_owner", "jobs", ["owner", "created", "id"])
    op.create_index("jobs_of_owner_in_phase", "jobs", ["owner", "phase", "created", "id"])
    op.create_index("jobs_in_phase", "jobs", ["phase", "owner", "queued", "id"])
    op.create_index("jobs_by_destruction", "jobs", ["destruction"])


def _in_portions(connection: sa.Connection, before: sa.TableClause) -> Iterator[list[dict[str, Any]]]:
    last = ""
    while True:
        query = sa.select(before).where(before.c.id > last).order_by(before.c.id).limit(ROWS_AT_ONCE)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def _taken_over(row: dict[str, Any]) -> dict[str, Any]:
    completed = row["phase"] == "COMPLETED"
    result = {"name": "result", "rows": row["rows"], "bytes": row["bytes"], "mime": None}
    return {
        **row,
        "overflow": bool(row["overflow"]),
        "kind": "query",
        "title": " ".join(row["parameters"].get("QUERY", "").split())[:TITLE_LENGTH],
        "results": [result] if completed else [],
        "parameters": [list(pair) for pair in row["parameters"].items()],
    }
