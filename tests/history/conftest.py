"""An empty history, and records to put into it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sciplat.history import Aspect, HistoryStore, Record, TableRead
from sciplat.jobs import Phase

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def record(number: int, *, owner: str = "vera", **other: Any) -> Record:
    """A query of the second ``number`` after noon."""
    values: dict[str, Any] = {
        "id": f"{owner}{number:010d}",
        "owner": owner,
        "is_job": False,
        "aspect": Aspect.API,
        "adql": f"SELECT {number}",
        "language": "ADQL",
        "maxrec": None,
        "format": None,
        "created": NOON + timedelta(seconds=number),
        "phase": Phase.COMPLETED,
        "version": "0.1.0",
        "tables": (TableRead("gaia", "gaia_source", "g0001"),),
    }
    return Record(**values | other)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store: a migration takes longer than most tests."""
    folder = tmp_path_factory.mktemp("history")
    HistoryStore.open(folder).close()
    return folder


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[HistoryStore]:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    store = HistoryStore.open(tmp_path)
    yield store
    store.close()
