"""Rows on their way from the engine to a reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from sciplat.vo.schema import Column

__all__ = ["TableStream"]


@dataclass(slots=True)
class TableStream:
    """A table that passes by once, batch after batch.

    Nobody gathers it: memory is bounded by a batch. An error of the engine is
    raised while ``batches`` is read.
    """

    columns: tuple[Column, ...]
    """What each column means, in the order of ``schema``; every ``datatype`` is known."""

    schema: pa.Schema
    """The Arrow schema of every batch."""

    batches: Iterator[pa.RecordBatch]

    overflow: bool = False
    """Rows were cut at MAXREC or another limit. Final only when ``batches`` has ended."""

    again: Callable[[], Iterator[pa.RecordBatch]] | None = None
    """Returns the batches from the beginning, once ``batches`` has ended; None: they pass by once."""

    ended: Callable[[], None] | None = None
    """Waits until the rows are complete and ``overflow`` is final, however few were read; None: it is."""
