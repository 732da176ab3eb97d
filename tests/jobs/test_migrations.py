"""The jobs of an existing home survive."""

import sqlite3
from pathlib import Path

import pytest

from sciplat.jobs import JobError, JobResult, JobStore, Phase

FIRST_VERSION = Path(__file__).parent / "first_version.sql"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose jobs the first version kept."""
    (tmp_path / "state").mkdir()
    connection = sqlite3.connect(tmp_path / "state" / "jobs.sqlite")
    connection.executescript(FIRST_VERSION.read_text())
    connection.close()
    return tmp_path


def test_jobs_of_the_first_version_are_taken_over(home: Path) -> None:
    store = JobStore.open(home)

    done, wrong, waits, nobodys = (store.get(name) for name in ("done", "wrong", "waits", "nobodys"))

    assert done is not None
    assert done.parameters == (("LANG", "ADQL"), ("QUERY", "SELECT 'ü\n'"))
    assert (done.kind, done.title, done.run_id, done.owner) == ("query", "SELECT 'ü '", "märz ☄", "vera")
    assert done.results == (JobResult("result", 7, 800),)
    assert (done.rows, done.bytes, done.overflow, done.restarts) == (7, 800, True, 1)
    assert wrong is not None
    assert (wrong.error, wrong.results) == (JobError("adql", "No", 1, 2, 3), ())
    assert waits is not None
    assert (waits.phase, waits.parameter("MAXREC"), waits.results) == (Phase.QUEUED, "5", ())
    assert nobodys is not None
    assert (nobodys.owner, nobodys.parameters, nobodys.title) == (None, (), "")
    assert store.queue.claim(running_per_user=1) == store.get("waits")
    store.close()


def test_many_jobs_are_taken_over_in_portions(home: Path) -> None:
    connection = sqlite3.connect(home / "state" / "jobs.sqlite")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234) "
        "INSERT INTO jobs SELECT 'job' || i, 'many', phase, parameters, run_id, created + i, queued, "
        "started, ended, destruction, execution_duration, quote, restarts, progress, rows, bytes, "
        "overflow, error FROM jobs, n WHERE id = 'done'"
    )
    connection.commit()
    connection.close()

    store = JobStore.open(home)

    assert len(list(store.references("many"))) == 1234
    assert len(list(store.references("vera"))) == 3
    store.close()
