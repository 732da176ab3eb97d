"""Relations: tables as views show them, and selections of their rows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from sciplat.adql.expressions import Derived

__all__ = ["Conditional", "Lasso", "Numbered", "Ranges", "Relation", "Selection", "SortKey", "Source"]

_FORM = 1
"""Part of every fingerprint: raise it when the same question has another answer."""


@dataclass(frozen=True, slots=True)
class Source:
    """A result of a job, which never changes."""

    job: str
    result: str = "result"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column by which rows are sorted; those without a value come last, whichever way."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as it is seen."""

    source: Source
    derived: tuple[Derived, ...] = ()
    condition: str | None = None
    """In ADQL; without one all rows are seen."""

    sort: tuple[SortKey, ...] = ()
    """Rows that are alike in all keys stay in the order in which they came."""

    def fingerprint(self, *more: object) -> str:
        """Return a text that stands for this and for what else is asked: the same for the same answer."""
        told = json.dumps([_FORM, asdict(self), more], sort_keys=True, default=asdict)
        return sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Rows for which expressions lie within bounds, ends included."""

    ranges: tuple[tuple[str, float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Lasso:
    """Rows whose point of two expressions lies in a polygon (even-odd rule)."""

    x: str
    y: str
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """Rows for which a condition in ADQL holds."""

    condition: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """Rows by their numbers in the table as it came, from 0."""

    rows: tuple[int, ...]


Selection = Ranges | Lasso | Conditional | Numbered
