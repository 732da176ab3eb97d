"""Rows on their way into Arrow batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Rows", "batch", "text"]

Rows = Mapping[str, Any]
"""Values by column: NumPy arrays, where NaN stands for NULL, or Arrow arrays."""


def batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as one batch of this schema."""
    arrays = []
    for field in schema:
        values = rows[field.name]
        if isinstance(values, np.ndarray):
            values = pa.array(values, from_pandas=True)
        arrays.append(values if values.type == field.type else values.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def text(values: list[str], which: npt.NDArray[np.integer[Any]]) -> pa.Array:
    """Return the text that each number stands for."""
    return pa.array(values).take(pa.array(which))
