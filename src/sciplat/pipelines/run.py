"""Pipelines run in a warm process, with the same executors as ``pipetask``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from lsst.daf.butler import Butler, CollectionType
from lsst.pipe.base import Pipeline
from lsst.pipe.base.separable_pipeline_executor import SeparablePipelineExecutor

from sciplat.errors import UsageError
from sciplat.pipelines.record import quanta_of
from sciplat.repository.provenance import write_quanta

__all__ = ["run_pipeline"]


def run_pipeline(
    repository: Path,
    subset: str,
    *,
    inputs: Sequence[str],
    run: str,
    where: str = "",
    pipeline: Path | None = None,
) -> int:
    """Run a subset of a pipeline and return how many quanta there were to run.

    What ``run`` has already is not made again, so that a run that was broken off is taken up. What is made of
    what, and with which configuration and versions, is kept: see :mod:`sciplat.repository.provenance`.

    Parameters
    ----------
    repository
        The folder of a Butler repository.
    subset
        The subset or task of the pipeline, or empty for all of it.
    inputs
        Collections with the inputs; the first that has a dataset counts.
    run
        The RUN collection of the outputs.
    where
        An expression of the Butler on data IDs.
    pipeline
        A pipeline file; by default that of this package.

    Raises
    ------
    UsageError
        There is no such pipeline file.
    """
    if pipeline is not None and not pipeline.is_file():
        raise UsageError(f"There is no pipeline {pipeline}")
    with as_file(files("sciplat.pipelines") / "survey.yaml") as own:
        chosen = f"{pipeline or own}#{subset}" if subset else str(pipeline or own)
        definition = Pipeline.from_uri(chosen)
    butler = Butler.from_config(str(repository), writeable=True)
    try:
        butler.collections.register(run, CollectionType.RUN)
        butler = butler.clone(collections=[run, *(name for name in inputs if name != run)], run=run)
        executor = SeparablePipelineExecutor(butler, clobber_output=True, skip_existing_in=[run])
        graph = executor.build_quantum_graph(definition, where=where)
        if not len(graph):
            return 0
        executor.pre_execute_qgraph(
            graph, register_dataset_types=True, save_init_outputs=True, save_versions=False
        )
        write_quanta(repository, quanta_of(graph, run))
        executor.run_pipeline(graph, fail_fast=True)
        return len(graph)
    finally:
        butler.close()
