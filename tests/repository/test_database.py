"""A repository whose database is locked, damaged or gone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from support.sky_files import simple

from sciplat.errors import NotFoundError, UnavailableError
from sciplat.instance import Instance
from sciplat.repository import database
from sciplat.services.access import Visitor

pytestmark = pytest.mark.slow

NOBODY = Visitor.anonymous()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """Two public releases with an image each."""
    made = Instance.open(tmp_path / "home")
    for number, release in enumerate(("one", "two")):
        file = simple(tmp_path / release / "im.fits", number, FILTER="g", DATE_OBS="2026-03-01T20:00:00")
        made.images.ingest.ingest(release, [file], public=True)
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    return made


def file_of(instance: Instance, release: str) -> Path:
    return instance.images.repositories.folder_of(release) / "gen3.sqlite3"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("was_open", [False, True])
def test_a_locked_one_is_told_soon_and_keeps_nobody_from_another(
    instance: Instance, *, was_open: bool
) -> None:
    locate = instance.images.locate
    if was_open:
        with pytest.raises(NotFoundError):
            locate.dataset("one", uuid4(), visitor=NOBODY)
    told: list[object] = []

    def ask() -> None:
        with pytest.raises(UnavailableError, match="'one' are being changed at this moment; ask again soon"):
            locate.dataset("one", uuid4(), visitor=NOBODY)
        told.append(True)

    with locked(file_of(instance, "one")):
        asking = threading.Thread(target=ask)
        asking.start()
        with pytest.raises(NotFoundError):
            locate.dataset("two", uuid4(), visitor=NOBODY)
        asking.join(20)
    assert told
    with pytest.raises(NotFoundError):
        locate.dataset("one", uuid4(), visitor=NOBODY)


@pytest.mark.parametrize(("content", "said"), [(b"garbage" * 1000, "file is not a database"), (None, "gone")])
def test_a_damaged_or_removed_one_is_told(instance: Instance, content: bytes | None, said: str) -> None:
    file = file_of(instance, "one")
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(UnavailableError, match=said) as error:
        instance.images.locate.dataset("one", uuid4(), visitor=NOBODY)
    with pytest.raises(UnavailableError, match=said):
        instance.images.ingest.ingest("one", [file.parents[3] / "one"])

    assert str(file) not in str(error.value)
    assert file.exists() == (content is not None)
