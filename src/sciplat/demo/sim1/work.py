"""The steps of ``sim1``, each of which can be done again without harm; done by one process or by several."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciplat.demo.field import PIXEL
from sciplat.demo.sim1.camera import Sim1Camera, defects, observation
from sciplat.demo.sim1.plan import DETECTOR, FIELD_CENTRE, TELESCOPE, PlannedVisit
from sciplat.demo.sim1.reference_stars import reference_stars
from sciplat.demo.sim1.render import render
from sciplat.demo.sim1.schema import VERSION_NOTE
from sciplat.errors import ConflictError
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

_STAMP = "made-by.txt"
_HERE = f"skymap = '{SKYMAP.name}'"


@dataclass(frozen=True, slots=True)
class Batch:
    """Visits of one band that one process takes at a time, with a RUN collection of their own."""

    name: str
    visits: tuple[PlannedVisit, ...]

    @property
    def band(self) -> str:
        """The band of its visits."""
        return self.visits[0].band

    @property
    def where(self) -> str:
        """These visits, as an expression on data IDs."""
        numbers = ", ".join(str(visit.number) for visit in self.visits)
        return f"instrument = '{TELESCOPE}' AND visit IN ({numbers}) AND {_HERE}"


def batches(chosen: tuple[PlannedVisit, ...], size: int = 9) -> tuple[Batch, ...]:
    """Return visits in batches, band after band."""
    found = []
    for band in dict.fromkeys(visit.band for visit in chosen):
        of_band = tuple(visit for visit in chosen if visit.band == band)
        parts = (of_band[k : k + size] for k in range(0, len(of_band), size))
        found += [Batch(f"{band}{number}", part) for number, part in enumerate(parts)]
    return tuple(found)


def prepare(folder: Path, chosen: tuple[PlannedVisit, ...]) -> None:
    """Make the repository in a folder of repositories: camera, skymap, reference stars, bad pixels, visits.

    Raises
    ------
    ConflictError
        There are images of a release of this name that are not ours.
    """
    _remove_others(folder, chosen)
    repository = Repositories(folder).create(RELEASE, rounded=_ROUNDED)
    try:
        with repository.alone() as butler:
            (repository.folder / _STAMP).write_text(_stamp(chosen), encoding="utf-8")
            Sim1Camera().register(butler.registry)
            put_tracts(butler, SKYMAP, [SKYMAP.tract(0)])
            put_observations(butler, [observation(visit) for visit in chosen])
            _put_once(repository, reference_stars(), "reference_stars", instrument=TELESCOPE)
            _put_once(repository, defects(), "defects", instrument=TELESCOPE, detector=DETECTOR)
            _put_once(repository, to_record(SKYMAP), "tessellation", skymap=SKYMAP.name)
            repository.chain(COLLECTION, [repository.run(_RAW), repository.run(_FIXED)])
    finally:
        repository.close()


def _stamp(chosen: tuple[PlannedVisit, ...]) -> str:
    """Return what the repository says of how it was made; with any other it is made anew."""
    numbers = hashlib.sha256(" ".join(str(visit.number) for visit in chosen).encode()).hexdigest()[:16]
    return f"{VERSION_NOTE} {len(chosen)} visits, {numbers}\n"


def _remove_others(folder: Path, chosen: tuple[PlannedVisit, ...]) -> None:
    """Remove what another version made, and what was left of such a removal."""
    for left in folder.glob(f"removing-{RELEASE}-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = folder / RELEASE
    stamp = place / _STAMP
    if not place.exists() or (stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp(chosen)):
        return
    if not stamp.is_file():
        repository = Repositories(folder).open(RELEASE)
        try:
            used = repository.collections()
        finally:
            repository.close()
        if used:
            raise ConflictError(
                f"There are images of a release {RELEASE} that are not the demo's, in {place}: "
                "move them away, or make the demo in another home"
            )
        return
    old = folder / f"removing-{RELEASE}-{uuid.uuid4().hex}"
    place.rename(old)
    shutil.rmtree(old, ignore_errors=True)


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
    return _run(folder, "images", batch.name, batch.where)


def add_up(folder: Path, band: str) -> int:
    """Make the coadds of a band."""
    return _run(folder, "coadds", band, f"band = '{band}' AND {_HERE} AND instrument = '{TELESCOPE}'")


def measure(folder: Path) -> int:
    """Find and measure the objects."""
    return _run(folder, "objects", "all", _HERE)


def follow(folder: Path, batch: Batch) -> int:
    """Subtract templates from a batch of visits, and measure all objects in them."""
    return _run(folder, "visits", batch.name, batch.where)


def gather(folder: Path) -> int:
    """Gather what changed to objects."""
    return _run(folder, "changes", "all", f"instrument = '{TELESCOPE}' AND {_HERE}")


def _run(folder: Path, step: str, part: str, where: str) -> int:
    """Run a subset of the pipeline into a RUN of its own, which is part of the chain from the beginning."""
    run = f"{COLLECTION}/{step}/{part}"
    repository = Repositories(folder).open(RELEASE, writeable=True)
    try:
        with repository.alone():
            repository.chain(COLLECTION, [repository.run(run)])
    finally:
        repository.close()
    return run_pipeline(folder / RELEASE, step, inputs=[COLLECTION], run=run, where=where)
