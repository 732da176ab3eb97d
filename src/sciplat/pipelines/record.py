"""The quanta of a pipeline's run as rows, to be kept beside what they make."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow as pa
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from sciplat.repository.provenance import QUANTA

__all__ = ["quanta_of"]

_PACKAGES = ("sciplat", "lsst-daf-butler", "lsst-pipe-base", "numpy", "scipy", "astropy", "sep")


@cache
def _versions() -> str:
    return json.dumps({name: version(name) for name in _PACKAGES})


def quanta_of(graph: PredictedQuantumGraph, run: str) -> pa.Table:
    """Return the quanta that a graph is about to run, a row for each input and output (`QUANTA`).

    Logs and metadata of the tasks are left out.
    """
    started = datetime.now(UTC)
    tasks = graph.pipeline_graph.tasks
    configs = {label: tasks[label].get_config_str() for label in graph.quanta_by_task}
    network = graph.bipartite_xgraph
    rows: list[dict[str, Any]] = []
    for label, quanta in graph.quanta_by_task.items():
        log = tasks[label].log_output
        beside = {tasks[label].metadata_output.dataset_type_name, *([log.dataset_type_name] if log else [])}
        for data_id, quantum in quanta.items():
            common = {
                "quantum": str(quantum),
                "task": label,
                "task_class": tasks[label].task_class_name,
                "data_id": json.dumps(dict(data_id.required)),
                "run": run,
                "started": started,
                "config": configs[label],
                "versions": _versions(),
            }
            for role, datasets in (
                ("input", network.predecessors(quantum)),
                ("output", network.successors(quantum)),
            ):
                for dataset in datasets:
                    kind = network.nodes[dataset]["dataset_type_name"]
                    if kind not in beside:
                        rows.append({**common, "role": role, "dataset": str(dataset), "dataset_type": kind})
    return pa.Table.from_pylist(rows, QUANTA)
