"""A dataset whose file was dropped, made again by the task and from the inputs that made it."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from typing import Any

import pyarrow.compute as pc
from lsst.daf.butler import DatasetProvenance, DatasetRef, DatasetType, Quantum
from lsst.pipe.base import QuantumContext
from lsst.utils import doImportType

from sciplat.errors import NotFoundError
from sciplat.repository.provenance import read_quanta
from sciplat.repository.store import Repository

__all__ = ["make_again"]


def make_again(repository: Repository, id: uuid.UUID) -> list[DatasetRef]:  # noqa: A002
    """Make the file of a dataset again, as its quantum is recorded; return what was made.

    The task runs with the configuration that it had, on the very datasets that it read; those of them whose
    files were dropped too are made again first. Other outputs of the quantum are left as they are. With the
    same versions of the packages every pixel is what it was.

    Parameters
    ----------
    repository
        Open for writing.
    id
        Of a dataset that the registry knows.

    Raises
    ------
    NotFoundError
        There is no such dataset, nothing is recorded of how it was made, or an input is gone for good.
    """
    ref = repository.butler.get_dataset(id, dimension_records=True)
    if ref is None:
        raise NotFoundError(f"Release {repository.release!r} has no dataset {id}.")
    if repository.butler.stored(ref):
        return []
    rows = read_quanta(repository.folder)
    made_by = rows.filter(pc.and_(pc.equal(rows["dataset"], str(id)), pc.equal(rows["role"], "output")))
    if not len(made_by):
        raise NotFoundError(
            f"The file of {ref.datasetType.name} {id} of release {repository.release!r} is not kept, and "
            "nothing is recorded of how it was made."
        )
    number = made_by["quantum"][-1].as_py()
    recorded = rows.filter(pc.equal(rows["quantum"], number)).to_pylist()
    done: list[DatasetRef] = []
    inputs, outputs = _datasets(repository, recorded, "input"), _datasets(repository, recorded, "output")
    for each in (one for several in inputs.values() for one in several):
        done += make_again(repository, each.id)
    dataset, provenance = _run(repository, recorded[0], inputs, outputs, ref)
    provenance.quantum_id = uuid.UUID(number)
    with repository.alone() as butler:
        butler.put(dataset, ref, provenance=provenance)
    return [*done, ref]


def _datasets(
    repository: Repository, recorded: list[dict[str, Any]], role: str
) -> dict[DatasetType, list[DatasetRef]]:
    found: dict[DatasetType, list[DatasetRef]] = defaultdict(list)
    for row in recorded:
        if row["role"] == role:
            ref = repository.butler.get_dataset(uuid.UUID(row["dataset"]), dimension_records=True)
            if ref is not None:
                found[ref.datasetType].append(ref)
            elif role == "input":
                raise NotFoundError(
                    f"{row['dataset_type']} {row['dataset']}, of which it was made, is gone for good."
                )
    return dict(found)


def _run(
    repository: Repository,
    row: dict[str, Any],
    inputs: dict[DatasetType, list[DatasetRef]],
    outputs: dict[DatasetType, list[DatasetRef]],
    wanted: DatasetRef,
) -> tuple[Any, DatasetProvenance]:
    """Run one quantum, and return the one dataset that is wanted of it."""
    task_class: Any = doImportType(row["task_class"])
    config = task_class.ConfigClass()
    config.loadFromString(row["config"])
    connections = config.connections.ConnectionsClass(config=config)
    butler = repository.butler
    quantum = Quantum(
        taskName=row["task_class"],
        taskClass=task_class,
        dataId=butler.registry.expandDataId(
            json.loads(row["data_id"]), dimensions=butler.dimensions.conform(connections.dimensions)
        ),
        inputs=inputs,
        outputs=outputs,
    )
    kept: Any = _Kept(butler, wanted.id)
    input_refs, output_refs = connections.buildDatasetRefs(quantum)
    task_class(config=config, name=row["task"]).runQuantum(
        QuantumContext(kept, quantum), input_refs, output_refs
    )
    if kept.dataset is None:
        raise NotFoundError(f"The task {row['task']!r} does not make {wanted.datasetType.name} any more.")
    made: tuple[Any, DatasetProvenance] = kept.dataset
    return made


class _Kept:
    """A Butler that reads, and of all that is put keeps one dataset."""

    def __init__(self, butler: Any, wanted: uuid.UUID) -> None:
        self._butler = butler
        self._wanted = wanted
        self.dataset: tuple[Any, DatasetProvenance] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._butler, name)

    def put(
        self, dataset: Any, ref: DatasetRef, *, provenance: DatasetProvenance | None = None
    ) -> DatasetRef:
        """Keep the dataset that is wanted."""
        if ref.id == self._wanted:
            self.dataset = dataset, provenance or DatasetProvenance()
        return ref
