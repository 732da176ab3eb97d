import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FIRST = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("stars", sa.Column("name", sa.String, primary_key=True), sa.Column("seen", sa.BigInteger))
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package ``observatory.stars`` with one migration; returns the folder of its versions."""
    versions = tmp_path / "code" / "observatory" / "stars" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "code" / "observatory" / "__init__.py").touch()
    (tmp_path / "code" / "observatory" / "stars" / "__init__.py").touch()
    (versions / "0001_first.py").write_text(FIRST)
    monkeypatch.syspath_prepend(tmp_path / "code")
    importlib.invalidate_caches()
    yield versions
    for name in ("observatory", "observatory.stars"):
        sys.modules.pop(name, None)
