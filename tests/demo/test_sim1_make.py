from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from support.running import copy_home

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")
pytest.importorskip("galsim", reason="needs the [demo] extra")

from support.small_disk import filled, small_disk
from support.small_sim1 import NIGHTS, chosen

from sciplat.demo import State, state
from sciplat.demo.sim1.make import TABLES, make_sim1
from sciplat.demo.sim1.process import Step
from sciplat.demo.sim1.schema import sim1_table
from sciplat.errors import ConflictError, LimitError
from sciplat.instance import Instance
from sciplat.repository.provenance import read_quanta

pytestmark = pytest.mark.slow


def rows(home: Path, table: str, columns: str = "*") -> list[tuple]:
    file = Instance.open(home).catalogs.snapshot().file("sim1", table)
    with duckdb.connect(str(file), read_only=True) as opened:
        ((name,),) = opened.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        return opened.sql(f"SELECT {columns} FROM {name}").fetchall()


def test_all_tables_are_public_and_have_rows(small_sim1: Path) -> None:
    schema = Instance.open(small_sim1).catalogs.snapshot().schema("sim1")

    assert schema.public
    assert "SIMULATED" in schema.description
    found = {table.name: table for table in schema.tables}
    assert set(found) == set(TABLES)
    assert found["Visit"].rows == found["CcdVisit"].rows == 6
    assert found["Object"].rows > 150
    assert found["ForcedSource"].rows > 3 * found["Object"].rows
    assert found["DiaSource"].rows >= found["DiaObject"].rows > 0
    for name, table in found.items():
        assert table.primary_key == sim1_table(name, "gr").primary_key
        assert table.keys == sim1_table(name, "gr").keys
    assert state(Instance.open(small_sim1), ("sim1",)) is State.READY


def test_its_images_are_announced(small_sim1: Path) -> None:
    release = Instance.open(small_sim1).catalogs.manifest().release("sim1")
    described = pq.read_table(small_sim1 / "catalogs" / "sim1" / release.observations)

    kinds = described["dataproduct_subtype"].to_pylist()
    expected = {"raw": 6, "visit_image": 6, "difference_image": 6, "deep_coadd": 2}
    assert {kind: kinds.count(kind) for kind in set(kinds)} == expected


def test_tables_images_and_truth_agree(small_sim1: Path) -> None:
    from sciplat.demo.sim1.scene import light

    visit = next(visit for visit in chosen() if visit.band == "r")
    true = light(visit)
    bright = np.flatnonzero((true.identity // 1_000_000 == 1) & (true.flux > 2e4) & (true.flux < 5e5))
    found = np.array(rows(small_sim1, "Object", "coord_ra, coord_dec, r_psfFlux"), float)
    ratios = []
    for k in bright:
        distance = 3600 * np.hypot(found[:, 0] - true.ra[k], found[:, 1] - true.dec[k])
        if distance.min() < 0.3:
            ratios.append(found[distance.argmin(), 2] / true.flux[k])
    assert np.isfinite(ratios).sum() >= 5
    assert np.nanmedian(ratios) == pytest.approx(1, abs=0.02)


def test_what_was_made_of_what_is_recorded(small_sim1: Path) -> None:
    quanta = read_quanta(small_sim1 / "repositories" / "sim1").to_pylist()

    tasks = {row["quantum"]: row["task"] for row in quanta}
    counts = {task: list(tasks.values()).count(task) for task in set(tasks.values())}
    assert counts == {
        **dict.fromkeys(("calibrate", "difference", "forcedPhotometry"), 6),
        "coadd": 2,
        "measureObjects": 1,
        "associate": 1,
    }


def test_what_is_there_is_not_made_again(small_sim1: Path, tmp_path: Path) -> None:
    instance = Instance.open(copy_home(small_sim1, tmp_path / "home"))
    before = instance.catalogs.snapshot().revision
    quanta = read_quanta(tmp_path / "home" / "repositories" / "sim1").num_rows

    make_sim1(instance, lambda _what, _part: None, chosen=chosen(), workers=0)

    assert instance.catalogs.snapshot().revision == before
    assert read_quanta(tmp_path / "home" / "repositories" / "sim1").num_rows == quanta


def test_a_full_disk_is_noticed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"total": 10**9, "used": 0, "free": 10_000_000})
    instance = Instance.open(tmp_path / "home")
    monkeypatch.setattr("sciplat.demo.sim1.make.shutil.disk_usage", lambda _path: usage)

    with pytest.raises(LimitError, match="has 10 MB free; sim1 needs about 148 MB"):
        make_sim1(instance, lambda _what, _part: None, chosen=chosen(), workers=0)


def test_a_disk_that_fills_up_is_told_and_what_was_made_is_gone_on_with(tmp_path: Path) -> None:
    few = tuple(visit for visit in chosen() if visit.index // 5 == NIGHTS[-1])
    with small_disk(tmp_path / "disk", 400) as disk:
        instance = Instance.open(disk / "home")
        instance.ingest.prepare()
        with contextlib.ExitStack() as ballast:

            def fill(what: str, _part: float) -> None:
                if what == f"{Step.VISITS} ({len(few)} of {len(few)})":
                    ballast.enter_context(filled(disk, 100_000))

            with pytest.raises(LimitError, match=r"is full\. What has been made of sim1 is kept"):
                make_sim1(instance, fill, chosen=few, workers=0)
        made = {path: path.stat().st_mtime_ns for path in disk.rglob("visit_image*.fits")}
        assert len(made) == len(few)

        def stop(what: str, _part: float) -> None:
            if what.startswith(Step.FOLLOWED):
                raise KeyboardInterrupt  # changes of so few visits are none

        with pytest.raises(KeyboardInterrupt):
            make_sim1(instance, stop, chosen=few, workers=0)

        assert {path: path.stat().st_mtime_ns for path in made} == made
        tables = {table.name for table in instance.catalogs.snapshot().schema("sim1").tables}
        assert {"Visit", "Source", "Object"} <= tables


def test_images_of_somebody_else_under_its_name_stay(tmp_path: Path) -> None:
    instance = Instance.open(tmp_path / "home")
    repository = instance.images.repositories.create("sim1")
    repository.run("mine")
    repository.close()

    with pytest.raises(ConflictError, match="not the demo's"):
        make_sim1(instance, lambda _what, _part: None, chosen=chosen(), workers=0)


MAKE = """
import sys
from pathlib import Path
from support.small_sim1 import chosen
from sciplat.demo.sim1.make import make_sim1
from sciplat.instance import Instance
if __name__ == "__main__":
    instance = Instance.open(Path(sys.argv[1]))
    make_sim1(instance, lambda what, part: print(what, flush=True), chosen=chosen(), workers=1)
"""


def test_killed_in_any_step_it_leaves_no_process_and_goes_on_where_it_was(
    small_sim1: Path, tmp_path: Path
) -> None:
    home, script = tmp_path / "home", tmp_path / "make.py"
    instance = Instance.open(home)
    instance.ingest.prepare()
    script.write_text(MAKE)
    for at in (Step.VISITS, Step.COADD, Step.FOLLOWED, "table ForcedSource"):
        _killed(script, home, at)
        assert _announced(home) <= _kept(home)

    make_sim1(Instance.open(home), lambda _what, _part: None, chosen=chosen(), workers=0)

    whole = small_sim1 / "repositories" / "sim1"
    assert len(_kept(home)) == len(_kept(small_sim1)) == len(_announced(home))
    assert read_quanta(home / "repositories" / "sim1").num_rows == read_quanta(whole).num_rows
    for name in ("Source", "Object", "ForcedSource", "DiaSource"):
        place = "ra, dec" if name in ("Source", "DiaSource") else "coord_ra, coord_dec"
        columns = f"{place}, {'g_psfFlux' if name == 'Object' else 'psfFlux'}"
        assert sorted(rows(home, name, columns), key=str) == sorted(rows(small_sim1, name, columns), key=str)


def _killed(script: Path, home: Path, at: str) -> None:
    """Go on making, and kill it when it begins to tell of a step."""
    with subprocess.Popen(
        (sys.executable, script, home),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as making:
        for line in making.stdout:
            if line.startswith(at):
                workers = psutil.Process(making.pid).children(recursive=True)
                making.send_signal(signal.SIGKILL)
                break
        else:
            pytest.fail(f"it ended without telling of {at}")
    _, left = psutil.wait_procs(workers, timeout=10)
    assert not left


def _announced(home: Path) -> set[str]:
    """The files of the images that are described to others."""
    release = Instance.open(home).catalogs.manifest().release("sim1")
    if release is None or release.observations is None:
        return set()
    described = pq.read_table(home / "catalogs" / "sim1" / release.observations)
    return {did.partition("?")[2] for did in described["obs_publisher_did"].to_pylist()}


def _kept(home: Path) -> set[str]:
    """The images that can be read."""
    from lsst.daf.butler import MissingDatasetTypeError

    repository = Instance.open(home).images.repositories.open("sim1")
    found = set()
    for name in ("raw", "visit_image", "difference_image", "deep_coadd"):
        try:
            refs = repository.butler.query_datasets(name, collections="sim1", explain=False)
        except MissingDatasetTypeError:  # nothing of it has been made yet
            continue
        for ref in refs:
            repository.butler.get(ref.makeComponentRef("wcs"))
            found.add(str(ref.id))
    repository.close()
    return found
