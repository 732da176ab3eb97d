"""A table that can be read from its beginning, as often as wanted: what an ingest takes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from sciplat.vo.schema import Column

__all__ = ["RowSource"]


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows in one file, or made up by a program, with what is known of their columns.

    Unlike a `TableStream` it can be read again: a first look guesses what the columns mean,
    a second one takes the rows.
    """

    label: str
    """The file's name, or what stands for it in messages."""

    columns: tuple[Column, ...]
    """What each column means, in the order of ``schema``."""

    schema: pa.Schema
    """The Arrow schema of every batch."""

    batches: Callable[[], Iterator[pa.RecordBatch]]
    """Starts a reading: returns the batches from the first row on, each time it is called."""

    rows: int | None = None
    """How many there are, where that is known without reading them."""
