"""A table that can be read from its beginning, as often as wanted: what an ingest takes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from sciplat.errors import IngestError
from sciplat.vo.schema import Column

__all__ = ["RowSource", "require_distinct"]


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


def require_distinct(names: Iterable[str], label: str) -> None:
    """Refuse a file in which two columns have one name, to the letter.

    Raises
    ------
    IngestError
        Names the file, ``label``, and the column.
    """
    known: set[str] = set()
    for name in names:
        if name in known:
            raise IngestError(f"{label}: column {name!r} is there twice; rename one of them")
        known.add(name)
