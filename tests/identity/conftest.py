import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sciplat.identity import IdentityStore
from sciplat.identity.passwords import Cost


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store: a migration takes longer than most tests."""
    folder = tmp_path_factory.mktemp("identity")
    IdentityStore.open(folder).close()
    return folder


@pytest.fixture
def store(empty: Path, tmp_path: Path, clock: Clock) -> Iterator[IdentityStore]:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    store = IdentityStore.open(tmp_path, cost=Cost(n=2, r=1, p=1), clock=clock)
    yield store
    store.close()
