"""The steps of ``sim1``, each of which can be done again without harm; done by one process or by several."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciplat.demo.field import PIXEL
from sciplat.demo.sim1.camera import Sim1Camera, defects, observation
from sciplat.demo.sim1.plan import DETECTOR, FIELD_CENTRE, TELESCOPE, PlannedVisit, visits
from sciplat.demo.sim1.reference_stars import reference_stars
from sciplat.demo.sim1.render import render
from sciplat.images.fits import write
from sciplat.pipelines.run import run_pipeline
from sciplat.repository.records import put_observations, put_tracts
from sciplat.repository.store import Repositories, Repository
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field
from sciplat.sky.tessellation_record import to_record

__all__ = [
    "COLLECTION",
    "RELEASE",
    "SKYMAP",
    "Batch",
    "add_up",
    "batches",
    "calibrate",
    "follow",
    "gather",
    "measure",
    "prepare",
]

RELEASE = "sim1"
SKYMAP = Field("sim1", PIXEL / 3600, centre=Position(*FIELD_CENTRE), width=0.2, height=0.2)
"""One tract of one patch, so that there is one coadd a band."""

COLLECTION = "sim1"
"""All that there is of the release, chained."""

_RAW, _FIXED = "sim1/raw", "sim1/calib"
_ROUNDED = {"visit_image": 16.0, "difference_image": 16.0, "deep_coadd": 16.0}


_HERE = f"skymap = '{SKYMAP.name}'"


@dataclass(frozen=True, slots=True)
class Batch:
    """Visits that one process takes at a time; their outputs have a RUN collection of their own."""

    number: int
    visits: tuple[PlannedVisit, ...]

    @property
    def where(self) -> str:
        """These visits, as an expression on data IDs."""
        numbers = ", ".join(str(visit.number) for visit in self.visits)
        return f"instrument = '{TELESCOPE}' AND visit IN ({numbers}) AND {_HERE}"


def batches(chosen: tuple[PlannedVisit, ...] | None = None, size: int = 15) -> tuple[Batch, ...]:
    """Return the visits in batches."""
    of = visits() if chosen is None else chosen
    return tuple(Batch(k // size, of[k : k + size]) for k in range(0, len(of), size))


def prepare(folder: Path) -> None:
    """Make the repository in a folder of repositories: camera, skymap, reference stars, bad pixels."""
    repository = Repositories(folder).create(RELEASE, rounded=_ROUNDED)
    try:
        with repository.alone() as butler:
            Sim1Camera().register(butler.registry)
            put_tracts(butler, SKYMAP, [SKYMAP.tract(0)])
            put_observations(butler, [observation(visit) for visit in visits()])
            _put_once(repository, reference_stars(), "reference_stars", instrument=TELESCOPE)
            _put_once(repository, defects(), "defects", instrument=TELESCOPE, detector=DETECTOR)
            _put_once(repository, to_record(SKYMAP), "tessellation", skymap=SKYMAP.name)
            repository.chain(COLLECTION, [repository.run(_RAW), repository.run(_FIXED)])
    finally:
        repository.close()


def _put_once(repository: Repository, dataset: object, dataset_type: str, **data_id: Any) -> None:
    kind = repository.dataset_type(dataset_type)
    repository.run(_FIXED)
    if repository.butler.find_dataset(kind, collections=[_FIXED], **data_id) is None:
        repository.put(dataset, dataset_type, run=_FIXED, **data_id)


def render_raws(folder: Path, batch: Batch) -> None:
    """Render the raw images of a batch that are not there yet, each written whole or not at all."""
    place = folder / RELEASE / "raws"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for visit in batch.visits:
        path = place / f"{visit.name}.fits"
        if not path.exists():
            making = place / f".{visit.name}.{uuid.uuid4().hex}"
            try:
                write(render(visit), making)
                os.replace(making, path)  # noqa: PTH105 (one call, atomic)
            finally:
                making.unlink(missing_ok=True)


def ingest_raws(folder: Path, batch: Batch) -> None:
    """Tell the repository of the raw images of a batch, where they lie."""
    repository = Repositories(folder).open(RELEASE, writeable=True)
    try:
        with repository.alone() as butler:
            kind = repository.dataset_type("raw")
            for visit in batch.visits:
                data_id: dict[str, Any] = {
                    "instrument": TELESCOPE,
                    "exposure": visit.number,
                    "detector": DETECTOR,
                }
                if butler.find_dataset(kind, collections=[repository.run(_RAW)], **data_id) is None:
                    path = repository.folder / "raws" / f"{visit.name}.fits"
                    repository.register_file(path, "raw", run=_RAW, **data_id)
    finally:
        repository.close()


def calibrate(folder: Path, batch: Batch) -> int:
    """Bring a batch from nothing to calibrated images; return the number of quanta that were run."""
    render_raws(folder, batch)
    ingest_raws(folder, batch)
    return _run(folder, "images", f"{batch.number}", batch.where)


def add_up(folder: Path, band: str) -> int:
    """Make the coadds of a band."""
    return _run(folder, "coadds", band, f"band = '{band}' AND {_HERE} AND instrument = '{TELESCOPE}'")


def measure(folder: Path) -> int:
    """Find and measure the objects."""
    return _run(folder, "objects", "all", _HERE)


def follow(folder: Path, batch: Batch) -> int:
    """Subtract templates from a batch of visits, and measure all objects in them."""
    return _run(folder, "visits", f"{batch.number}", batch.where)


def gather(folder: Path) -> int:
    """Gather what changed to objects."""
    return _run(folder, "changes", "all", f"instrument = '{TELESCOPE}' AND {_HERE}")


def _run(folder: Path, step: str, part: str, where: str) -> int:
    """Run a subset of the pipeline into a RUN of its own and add that to the chain."""
    run = f"{COLLECTION}/{step}/{part}"
    count = run_pipeline(folder / RELEASE, step, inputs=[COLLECTION], run=run, where=where)
    repository = Repositories(folder).open(RELEASE, writeable=True)
    try:
        with repository.alone():
            repository.chain(COLLECTION, [run])
    finally:
        repository.close()
    return count
