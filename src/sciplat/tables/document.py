"""What a result says of itself beside its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Document", "Info", "Input", "Service"]


@dataclass(frozen=True, slots=True)
class Info:
    """One INFO of a VOTable: a named fact about the result."""

    name: str
    value: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One parameter that a service takes (DataLink 1.1, section 4.3)."""

    name: str
    value: str = ""
    """What is sent in any case; empty where the user says it, or the rows do."""

    column: int | None = None
    """The column of the result whose values are sent, by its place."""

    datatype: str = "char"
    arraysize: str | None = "*"
    unit: str | None = None
    ucd: str | None = None
    xtype: str | None = None
    description: str | None = None
    least: str | None = None
    most: str | None = None
    """The values that make sense lie between these; a shape as ``most`` holds all there is (SODA 1.0)."""

    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A service that can be asked with what the rows say: a service descriptor (DataLink 1.1, section 4)."""

    url: str
    inputs: tuple[Input, ...]
    standard: str | None = None
    """The identifier of the standard that it follows."""

    id: str | None = None
    """By which rows name it; None where it is for every row."""

    name: str | None = None
    description: str | None = None
    content_type: str | None = None
    about: Literal["adhoc:service", "adhoc:this"] = "adhoc:service"
    """``adhoc:this`` is the service that wrote the document."""


@dataclass(frozen=True, slots=True)
class Document:
    """The facts that a format which has room for them writes around the rows."""

    query: str | None = None
    """The query as the user wrote it."""

    infos: tuple[Info, ...] = ()
    """More facts (DALI 1.1, section 4.4): who publishes, which service and version answered."""

    description: str | None = None
    """What the table is, for people."""

    services: tuple[Service, ...] = ()
    """What can be asked with these rows."""
