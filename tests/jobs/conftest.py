import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sciplat.jobs import JobStore


class Clock:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store: a migration takes longer than most tests."""
    folder = tmp_path_factory.mktemp("jobs")
    JobStore.open(folder).close()
    return folder


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[JobStore]:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    store = JobStore.open(tmp_path, clock=Clock())
    yield store
    store.close()
