"""A query that was asked, and how the history is searched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from sciplat.errors import UsageError
from sciplat.vo.uws import Phase

__all__ = ["Aspect", "Filters", "Link", "Mark", "Record", "TableRead", "Upload"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MARK = re.compile(r"([0-9]{1,16})-([a-z0-9]{1,40})")


class Aspect(StrEnum):
    """The way in by which a query came (LSE-319)."""

    PORTAL = "portal"
    NOTEBOOK = "notebook"
    API = "api"


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table that a query read."""

    release: str
    table: str
    generation: str
    """Which immutable generation of it; another one has other rows."""

    @property
    def name(self) -> str:
        """The table as queries name it, without quotation marks."""
        return f"{self.release}.{self.table}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A table that the user sent along (TAP 1.1, section 2.7.6)."""

    name: str
    sha256: str
    """Of its bytes as they were sent, in hexadecimal."""
    rows: int


@dataclass(frozen=True, slots=True)
class Record:
    """What the history keeps of one query. All times are UTC."""

    id: str
    """Unguessable: 128 random bits, as 26 lower-case letters and digits; a job's own."""

    owner: str
    is_job: bool
    """It ran as an asynchronous job."""

    adql: str
    """To the letter."""

    language: str
    maxrec: int | None
    format: str | None
    """RESPONSEFORMAT as it was sent."""

    created: datetime
    phase: Phase
    version: str
    """Of sciplat."""

    aspect: Aspect | None = None
    """None where whoever writes this does not know: another writer does."""

    uploads: tuple[Upload, ...] = ()
    tables: tuple[TableRead, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    rows: int | None = None
    bytes: int | None = None
    overflow: bool = False
    cached: bool = False
    """The rows were those of an earlier run."""

    error: Mapping[str, Any] | None = None
    """Why it failed: `SciplatError.facts`."""

    @property
    def mark(self) -> Mark:
        """The place of this record in its owner's history."""
        return Mark(self.created, self.id)


@dataclass(frozen=True, slots=True)
class Link:
    """A way for others to see how a query was asked: never its rows, nor a right to them."""

    key: str
    """By which its owner names it; it opens nothing."""

    query: str
    owner: str
    created: datetime
    expires: datetime | None
    """None: when it is revoked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a history: listing goes on with what is older."""

    created: datetime
    id: str

    def __str__(self) -> str:
        return f"{(self.created - _EPOCH) // _MICROSECOND}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` gave.

        Raises
        ------
        UsageError
            It is something else.
        """
        found = _MARK.fullmatch(text)
        if found:
            return cls(_EPOCH + int(found[1]) * _MICROSECOND, found[2])
        raise UsageError(f"before={text[:60]!r} is no place in a history; take the next of a page as it is.")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records are wanted; all that are given must hold."""

    words: tuple[str, ...] = ()
    """Each stands somewhere in the query, in capitals or not."""

    aspect: Aspect | None = None
    phase: Phase | None = None
    table: str | None = None
    """``release.table``, or a release alone; in capitals or not."""
