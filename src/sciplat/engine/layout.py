"""How the columns of a generation lie in its file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["unpacked"]

_SAMPLE = 4096
_LEAST = 64
_DECIMALS = {pa.float32(): 5, pa.float64(): 10}
"""How many digits after the point a number may have to be a decimal one."""


def unpacked(sample: pa.RecordBatch) -> set[str]:
    """Return the columns that are better stored as they are, by the first rows of a table.

    These are floating-point numbers that use all their bits, such as fluxes and positions. DuckDB would pack
    them (ALP-RD) into 73 to 100 % of the space, and then unpack all values of a column though a condition on
    another leaves few rows: without, such scans take a third to a half of the processors' time. Numbers with
    few decimals, and those that come again and again, are worth packing.
    """
    return {
        field.name
        for field, values in zip(sample.schema, sample.columns, strict=True)
        if field.type in _DECIMALS and _is_dense(values)
    }


def _is_dense(column: pa.Array) -> bool:
    numbers = np.from_dlpack(column.drop_null())  # `to_numpy` imports pandas where there is one: seconds
    numbers = numbers[:: max(1, len(numbers) // _SAMPLE)]
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) < _LEAST or len(np.unique(numbers)) < len(numbers) / 2:
        return False
    for digits in range(_DECIMALS[column.type] + 1):
        scale = 10.0**digits
        decimal = (np.rint(numbers.astype(np.float64) * scale) / scale).astype(numbers.dtype)
        if (decimal == numbers).mean() > 0.9:
            return False
    return True
