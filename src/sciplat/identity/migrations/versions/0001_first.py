"""Users, tokens, sign-in links and failed sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("password", sa.String),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column(
            "user", sa.String, sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, index=True),
        sa.Column("parent", sa.String, sa.ForeignKey("tokens.key", ondelete="CASCADE"), index=True),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("user", sa.String, sa.ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("code", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False, index=True),
    )
