"""From the types that DuckDB answers with to the types that results travel in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import pyarrow as pa

from sciplat.errors import UsageError
from sciplat.tables.arrow import arrow_type, describe, with_columns
from sciplat.vo.schema import Column

__all__ = ["BATCH_BYTES", "Shape", "gathered", "pieces", "rows_per_batch"]

BATCH_BYTES = 4 << 20
"""Batches are about this large, so that memory is bounded by a batch, also for wide tables."""

_VECTOR = 2048
"""DuckDB makes rows in vectors of this many."""

_UNKNOWN_WIDTH_ROWS = 4 * _VECTOR
"""Texts and lists may be long: DuckDB makes fewer such rows at a time. (Measured: 20 kB texts in
batches of 57 344 rows took 4.3 GB; DuckDB's memory limit does not count what it gives to Arrow.)"""


@dataclass(frozen=True, slots=True)
class Shape:
    """The schema of a result, and how to bring DuckDB's batches into it."""

    schema: pa.Schema
    casts: tuple[int, ...]
    """Columns whose type has to change."""

    @classmethod
    @lru_cache(maxsize=256)  # queries of one form come often: a millisecond for twenty columns
    def of(cls, found: pa.Schema, columns: tuple[Column, ...]) -> Shape:
        """Plan the way from DuckDB's schema to the one that ``columns`` describes.

        Raises
        ------
        UsageError
            For a column that no table format of the VO can hold.
        """
        described = []
        try:
            for field, column in zip(found, columns or [Column(name) for name in found.names], strict=True):
                if column.datatype is None:
                    plain = describe(column.name, field.type)
                    described.append(
                        replace(
                            column,
                            datatype=plain.datatype,
                            arraysize=plain.arraysize,
                            xtype=column.xtype or plain.xtype,
                        )
                    )
                else:
                    described.append(column)
        except TypeError as error:
            raise UsageError(f"{error}. Convert it with CAST, or leave it out.") from None
        types = [arrow_type(column) for column in described]
        plain_schema = pa.schema([pa.field(c.name, t) for c, t in zip(described, types, strict=True)])
        casts = tuple(i for i, kind in enumerate(types) if not kind.equals(found.types[i]))
        return cls(with_columns(plain_schema, described), casts)

    def fit(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return ``batch`` in the types of the result.

        Raises
        ------
        UsageError
            If a value has no place in the type of its column.
        """
        arrays = batch.columns
        for index in self.casts:
            field = self.schema.field(index)
            try:
                arrays[index] = _cast(arrays[index], field.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise UsageError(
                    f"A value of the column {field.name} does not fit its type {field.type}: "
                    f"{str(error).rstrip('.')}. Use CAST to say which type it should have."
                ) from None
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_binary(array.type) and pa.types.is_list(kind) and kind.value_type == pa.uint8():
        # The same bytes in memory; Arrow has no cast for it.
        validity, ends, data = array.buffers()
        size = 0 if data is None else data.size
        content = pa.Array.from_buffers(pa.uint8(), size, [None, data])
        return pa.Array.from_buffers(
            kind, len(array), [validity, ends], array.null_count, array.offset, children=[content]
        )
    return array.cast(kind)


_WIDTHS = {"boolean": 1, "tinyint": 1, "utinyint": 1, "smallint": 2, "usmallint": 2}
_WIDTHS |= dict.fromkeys(("integer", "uinteger", "float", "date"), 4)
_UNKNOWN_WIDTH = frozenset({"varchar", "blob", "bit", "list", "array", "struct", "map"})


def rows_per_batch(kinds: Iterable[str]) -> int:
    """Return how many rows to ask DuckDB for at a time, by its names of the columns' types."""
    kinds = list(kinds)
    width = sum(32 if kind in _UNKNOWN_WIDTH else _WIDTHS.get(kind, 8) for kind in kinds)
    most = _UNKNOWN_WIDTH_ROWS if _UNKNOWN_WIDTH.intersection(kinds) else 32 * _VECTOR
    return max(_VECTOR, min(most, BATCH_BYTES // max(1, width) // _VECTOR * _VECTOR))


def gathered(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Join small batches to some of at least ``rows`` rows or a quarter of `BATCH_BYTES`, without empty ones.

    With several threads DuckDB makes at least one for each row group, and each costs readers as much as a
    large one.
    """
    held: list[pa.RecordBatch] = []
    count = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        held.append(batch)
        count += batch.num_rows
        size += batch.nbytes
        if count >= rows or size >= BATCH_BYTES // 4:
            yield _joined(held)
            held, count, size = [], 0, 0
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch of long texts or lists into pieces that a reader can take one at a time."""
    rows = batch.num_rows
    if batch.nbytes > 2 * BATCH_BYTES:
        rows = max(1, rows * BATCH_BYTES // batch.nbytes)
    for start in range(0, batch.num_rows, rows or 1):
        yield batch.slice(start, rows)
