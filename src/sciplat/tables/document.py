"""What a result says of itself beside its rows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Document", "Info"]


@dataclass(frozen=True, slots=True)
class Info:
    """One INFO of a VOTable: a named fact about the result."""

    name: str
    value: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The facts that a format which has room for them writes around the rows."""

    query: str | None = None
    """The query as the user wrote it."""

    infos: tuple[Info, ...] = ()
    """More facts (DALI 1.1, section 4.4): who publishes, which service and version answered."""

    description: str | None = None
    """What the table is, for people."""
