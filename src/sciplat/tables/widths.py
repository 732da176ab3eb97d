"""How many bytes rows take, so that pieces of wide tables stay as small as those of narrow ones."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["row_bytes", "rows_within"]

_UNKNOWN = 16
"""What is reckoned for a text or a list; half of them are shorter."""


def row_bytes(schema: pa.Schema) -> int:
    """Return about how many bytes a row takes in memory, at least 1."""
    return max(1, sum(_width(field.type) for field in schema))


def rows_within(schema: pa.Schema, size: int, *, most: int, step: int = 1024) -> int:
    """Return how many rows fit in ``size`` bytes: a multiple of ``step``, and ``most`` at the most."""
    return min(most, max(1, size // row_bytes(schema) // step) * step)


def _width(kind: pa.DataType) -> int:
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size) * _width(kind.value_type)
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:
        return _UNKNOWN
