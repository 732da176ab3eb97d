"""What the engine is asked to do, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sciplat.vo.schema import Column

__all__ = ["Outcome", "Progress", "State", "Statement"]

# Of DuckDB's functions, those that the same rows give another value; a text that looks like one does no harm.
_FLEETING = re.compile(
    r"\b(?:random|setseed|gen_random_uuid|uuid\w*|now|today|get_current_\w+|transaction_timestamp|nextval)\s*\("
    r"|\b(?:current_(?:timestamp|date|time)|localtimestamp|localtime)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT in the engine's SQL, with the files that it reads and the limits that it keeps."""

    sql: str
    """Made by our translator; with ``maxrec`` it ends in ``LIMIT maxrec + 1``."""

    attachments: tuple[tuple[str, Path], ...] = ()
    """Pairs of (name in the SQL, DuckDB generation file). A path never gets other content."""

    columns: tuple[Column, ...] = ()
    """What each output column means; where ``datatype`` is None, the engine decides. An empty
    tuple takes everything from the engine."""

    spools: tuple[tuple[str, Path], ...] = ()
    """Pairs of (name in the SQL, Arrow IPC file), which are tables too. A path never gets other content."""

    numbered: str | None = None
    """The name of a column that is added to each of ``spools``: the number of the row, from 0."""

    maxrec: int | None = None
    """The most rows of the result; one more is OVERFLOW (DALI 1.1, section 3.4.4)."""

    byte_limit: int | None = None
    """Bytes of Arrow data that the instance allows."""

    time_limit_seconds: float | None = None
    """Time at work, without the time in the queue."""

    @property
    def is_repeatable(self) -> bool:
        """Whether the same files give the same result each time: it asks for no chance and no clock."""
        return _FLEETING.search(self.sql) is None


class State(StrEnum):
    """Where a query is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a query is. DuckDB knows no percentage while rows stream, so there is none."""

    state: State
    rows: int
    """Rows that readers can have already."""
    bytes: int
    seconds: float
    """Time at work so far, without the time in the queue."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished query."""

    rows: int
    bytes: int
    """Size of the result as an Arrow IPC file."""
    overflow: bool
    """Rows were cut at MAXREC or another limit."""
    seconds: float
    """Time at work, without the time in the queue."""
    spooled: bool
    """The result is a file at the spool path; False: it is small and in memory alone."""

    processor_seconds: float = 0.0
    """Time of all processors that worked on it."""
