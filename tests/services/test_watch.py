"""Datasets that others put into a repository are announced."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
import uuid

import pytest
from support.sky_files import simple

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

import pyarrow as pa
import pyarrow.parquet as pq

from sciplat.catalogs.models import Release
from sciplat.instance import Instance
from sciplat.repository.provenance import QUANTA, write_quanta


def rows(instance: Instance, name: str = "observations") -> list[dict[str, object]]:
    """What lies beside the images of release ``dr1``."""
    release = instance.catalogs.manifest().release("dr1")
    assert isinstance(release, Release)
    return pq.read_table(instance.catalogs.folder / "dr1" / getattr(release, name)).to_pylist()


@pytest.fixture
def instance(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    simple(folder / "im.fits", 1, ra=10.0, FILTER="g", INSTRUME="CDK17", EXPTIME=60.0)
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    made.images.ingest.ingest("dr1", [folder / "im.fits"], public=True)
    return made


def until_seen(instance: Instance) -> tuple[str, ...]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := instance.images.watch.look():
            return found
    raise AssertionError("nothing was announced")


def put(home, run: str) -> None:
    """Put a difference image, made of the visit image, into the repository, as a task would."""
    import uuid
    from pathlib import Path

    from lsst.daf.butler import DatasetProvenance

    from sciplat.instance import Instance

    instance = Instance.open(Path(home))
    repository = instance.images.repositories.create("dr1")
    butler = repository.butler
    (ref,) = list(butler.registry.queryDatasets("visit_image", collections="dr1"))
    exposure = butler.get(ref)
    provenance = DatasetProvenance(quantum_id=uuid.uuid4())
    provenance.add_input(ref)
    made = repository.put(
        exposure,
        "difference_image",
        run=run,
        provenance=provenance,
        **{name: ref.dataId[name] for name in ("instrument", "visit", "detector")},
    )
    repository.chain("dr1", [run])
    repository.close()
    print(made.id)


def elsewhere(instance: Instance) -> uuid.UUID:
    """Do so in another process."""
    code = f"import sys\n{inspect.getsource(put)}\nput(*sys.argv[1:])"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(instance.home), "u/ada"],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return uuid.UUID(ran.stdout.split()[-1])


@pytest.mark.slow
def test_what_another_process_puts_there_is_announced_with_its_provenance_and_what_it_takes_away_is_not(
    instance,
):
    until_seen(instance)
    assert len(rows(instance)) == 1

    id = elsewhere(instance)  # noqa: A001
    assert until_seen(instance) == ("dr1",)

    by_kind = {row["dataproduct_subtype"]: row for row in rows(instance)}
    assert by_kind["difference_image"]["_id"] == str(id)
    assert by_kind["difference_image"]["s_xel1"] == 50
    (made,) = rows(instance, "provenance")
    assert made["obs_publisher_did"] == by_kind["difference_image"]["obs_publisher_did"]
    assert made["used_did"] == by_kind["visit_image"]["obs_publisher_did"]
    (activity,) = rows(instance, "activities")
    assert activity["activity_id"] == made["activity_id"]

    quantum = str(uuid.uuid4())
    common = {
        "quantum": quantum, "task": "difference", "task_class": "a.B", "data_id": "{}", "run": "u/ada",
        "started": None, "config": "config.x=1", "versions": "{}",
    }  # fmt: skip
    recorded = [
        {**common, "role": "input", "dataset": by_kind["visit_image"]["_id"], "dataset_type": "visit_image"},
        {**common, "role": "output", "dataset": str(id), "dataset_type": "difference_image"},
        {**common, "role": "output", "dataset": str(uuid.uuid4()), "dataset_type": "never_made"},
    ]
    write_quanta(instance.images.repositories.folder_of("dr1"), pa.Table.from_pylist(recorded, QUANTA))
    until_seen(instance)
    (activity,) = rows(instance, "activities")
    assert (activity["name"], activity["config"]) == ("difference", "config.x=1")
    assert len(rows(instance, "provenance")) == 1

    repository = instance.images.repositories.create("dr1")
    repository.remove([repository.butler.get_dataset(id)])
    repository.close()
    until_seen(instance)
    assert [row["dataproduct_subtype"] for row in rows(instance)] == ["visit_image"]


@pytest.mark.slow
def test_files_that_somebody_left_who_was_killed_are_removed(instance):
    folder = instance.catalogs.folder / "dr1"
    (folder / "observations-0123456789abcdef.4711").write_bytes(b"half")
    (folder / "provenance-0123456789abcdef.parquet").write_bytes(b"old")

    instance.images.announce.announce("dr1")

    assert len(list(folder.iterdir())) == 3
