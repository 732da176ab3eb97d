"""Page through the rows of a relation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from sciplat.errors import UsageError
from sciplat.services.rows import Rows
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

__all__ = ["NUMBER", "PAGE_ROWS_MAX", "page", "rows_by_number"]

PAGE_ROWS_MAX = 10_000

NUMBER = "#"
"""What the last column of a page is called: the number of the row in the table as it came, from 0."""


def page(rows: Rows, *, offset: int, limit: int, columns: tuple[str, ...] | None = None) -> TableStream:
    """Return at most ``limit`` rows from row ``offset`` on, counted from 0 in the order of what is seen.

    Parameters
    ----------
    columns
        The names of those that are wanted, in this order; all, if none are said.

    Raises
    ------
    UsageError
        There is no such column.
    """
    return _stream(rows, rows.rows(offset, limit), columns)


def rows_by_number(
    rows: Rows, numbers: tuple[int, ...], *, columns: tuple[str, ...] | None = None
) -> TableStream:
    """Return rows by their numbers in the table as it came, in the order of ``numbers``.

    Raises
    ------
    UsageError
        There is no such row, or no such column.
    """
    if any(number >= rows.result.rows for number in numbers):
        raise UsageError(
            f"Row {max(numbers)} is not there: rows have the numbers 0 to {rows.result.rows - 1}."
        )
    return _stream(rows, np.asarray(numbers, np.uint32), columns)


def _stream(
    rows: Rows, numbers: np.ndarray[tuple[int], np.dtype[np.uint32]], columns: tuple[str, ...] | None
) -> TableStream:
    described, table = rows.table(numbers, columns)
    column = Column(NUMBER, Datatype.LONG, ucd="meta.record", description="Number of the row, from 0")
    table = table.append_column(NUMBER, pa.array(numbers.astype(np.int64)))
    described = tuple(
        replace(each, name=name) for each, name in zip(described, table.column_names, strict=False)
    )
    return TableStream((*described, column), table.schema, iter(table.to_batches()), rows.overflow)
