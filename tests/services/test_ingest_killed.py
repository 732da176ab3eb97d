"""What is left of an ingest that dies in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
    import os, signal, sys
    from pathlib import Path
    from sciplat.catalogs import store as module
    from sciplat.catalogs.store import CatalogStore
    from sciplat.services.ingest import IngestService

    home, file, where = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    class Dying(CatalogStore):
        def _write(self, manifest):
            if where == "before the switch":
                die()
            super()._write(manifest)
            if where == "after the switch":
                die()

    service = IngestService(Dying(home / "catalogs"), home / "work")
    (home / "work" / "sort-g9999").mkdir(parents=True)
    service.ingest("dr1", "stars", [file], progress=lambda stage, _: die() if stage == where else None)
"""


def killed(home, file, where) -> None:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(SCRIPT), home, file, where], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def file(tmp_path):
    def write(number: int):
        path = tmp_path / f"v{number}.parquet"
        pq.write_table(pa.table({"v": [number] * 10, "ra": [1.0] * 10, "dec": [2.0] * 10}), path)
        return path

    return write


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("sorting", 1),
        ("writing Parquet", 1),
        ("publishing", 1),
        ("before the switch", 1),
        ("after the switch", 2),
    ],
)
def test_a_killed_ingest_leaves_the_old_table_or_the_new_one(service, store, tmp_path, file, where, expected):
    service.ingest("dr1", "stars", [file(1)])

    killed(tmp_path / "home", file(2), where)

    path = store.snapshot().file("dr1", "stars")
    assert path.exists()
    service.prepare()
    assert store.snapshot().file("dr1", "stars") == path
    found = pq.read_table(next(path.parent.glob(f"hats-{path.stem}")) / "dataset")["v"].to_pylist()
    assert found == [expected] * 10


def test_what_a_killed_ingest_left_is_removed_at_the_next(service, store, tmp_path, file):
    service.ingest("dr1", "stars", [file(1)])
    before = sorted((store.folder / "dr1" / "stars").iterdir())
    killed(tmp_path / "home", file(2), "sorting")
    killed(tmp_path / "home", file(2), "before the switch")
    assert sorted((store.folder / "dr1" / "stars").iterdir()) != before
    assert any((store.folder / "unfinished").iterdir())

    service.prepare()

    assert sorted((store.folder / "dr1" / "stars").iterdir()) == before
    assert not any((store.folder / "unfinished").iterdir())
    assert not any((tmp_path / "home" / "work").iterdir())


def test_the_next_ingest_succeeds(service, store, tmp_path, file):
    killed(tmp_path / "home", file(1), "before the switch")

    service.ingest("dr1", "stars", [file(3)])

    assert len(list((store.folder / "dr1" / "stars").glob("*.duckdb"))) == 1
