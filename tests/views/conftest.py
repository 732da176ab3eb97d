import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciplat.views.store import ViewStore


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store: a migration takes longer than most tests."""
    folder = tmp_path_factory.mktemp("views")
    ViewStore.open(folder).close()
    return folder


@pytest.fixture
def home(empty: Path, tmp_path: Path) -> Path:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[ViewStore]:
    store = ViewStore.open(home)
    yield store
    store.close()
