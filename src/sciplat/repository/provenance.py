"""What was made of what: the quanta that pipelines ran in a repository, with their inputs and outputs.

Each run of a pipeline leaves one file, ``quanta/UUID.parquet`` in the repository's folder, which is written
whole before the first quantum begins. Where a run was broken off it names outputs that were never made: who
reads it looks which datasets there are.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["QUANTA", "read_quanta", "write_quanta"]

_TEXT = pa.dictionary(pa.int32(), pa.string())

QUANTA = pa.schema(
    [
        ("quantum", pa.string()),  # its UUID: one task on one data ID
        ("task", _TEXT),  # its label in the pipeline
        ("task_class", _TEXT),  # its Python class, with module
        ("data_id", _TEXT),  # JSON
        ("run", _TEXT),  # the RUN collection of the outputs
        ("started", pa.timestamp("us", tz="UTC")),  # when the pipeline was
        ("role", _TEXT),  # "input" or "output"
        ("dataset", pa.string()),  # its UUID
        ("dataset_type", _TEXT),
        ("config", _TEXT),  # the task's, as Python that sets it
        ("versions", _TEXT),  # of packages, JSON
    ]
)
"""A row for each dataset of each quantum."""

_FOLDER = "quanta"


def write_quanta(repository: Path, rows: pa.Table) -> Path:
    """Keep the quanta of one run of a pipeline (`QUANTA`) in a repository's folder; return the file."""
    folder = repository / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{uuid.uuid4()}.parquet"
    unfinished = file.with_suffix(".unfinished")
    try:
        pq.write_table(rows.cast(QUANTA), unfinished)
        os.replace(unfinished, file)  # noqa: PTH105 (one call, atomic)
    finally:
        unfinished.unlink(missing_ok=True)
    return file


def read_quanta(repository: Path) -> pa.Table:
    """Return the quanta of all runs of pipelines in a repository's folder (`QUANTA`), the oldest first."""
    found = [pq.read_table(file, schema=QUANTA) for file in sorted((repository / _FOLDER).glob("*.parquet"))]
    rows = pa.concat_tables(found, promote_options="none") if found else QUANTA.empty_table()
    return rows.unify_dictionaries().sort_by([("started", "ascending")])
