"""Links, and the table that they are given as (DataLink 1.1, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pyarrow as pa

from sciplat.tables.arrow import arrow_type
from sciplat.tables.document import Service
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

__all__ = ["Link", "Links", "failure", "links_stream"]


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that belongs to what was asked for: an address, a service or why there is none."""

    identifier: str
    """As it was asked for."""

    semantics: str
    """A term of the DataLink vocabulary, such as ``#this``."""

    description: str | None = None
    address: str | None = None
    service: str | None = None
    """The ID of a service descriptor in the same document."""

    error: str | None = None
    content_type: str | None = None
    content_length: int | None = None
    """Bytes."""

    content_qualifier: str | None = None
    """A term of the vocabulary of product types, such as ``#image``."""

    local_semantics: str | None = None
    """What is the same thing in the links of another identifier."""


@dataclass(frozen=True, slots=True)
class Links:
    """The answer to one request."""

    links: tuple[Link, ...]
    services: tuple[Service, ...]
    overflow: bool = False
    """There were more identifiers than one request may have."""


def failure(identifier: str, error: str) -> Link:
    """Return the link that says why there is none (section 3.4)."""
    known = ("NotFoundFault", "UsageFault", "TransientFault", "FatalFault", "DefaultFault")
    return Link(identifier, "#this", error=error if error.startswith(known) else f"DefaultFault: {error}")


_COLUMNS = (
    Column("ID", Datatype.CHAR, "*", ucd="meta.id;meta.main", description="What was asked for"),
    Column("access_url", Datatype.CHAR, "*", ucd="meta.ref.url", description="Where it can be had"),
    Column("service_def", Datatype.CHAR, "*", ucd="meta.ref", description="The service descriptor to use"),
    Column("error_message", Datatype.CHAR, "*", ucd="meta.code.error", description="Why there is no link"),
    Column("description", Datatype.CHAR, "*", ucd="meta.note", description="What is there"),
    Column(
        "semantics", Datatype.CHAR, "*", ucd="meta.code", description="What it is to that which was asked for"
    ),
    Column("content_type", Datatype.CHAR, "*", ucd="meta.code.mime", description="Its media type"),
    Column(
        "content_length",
        Datatype.LONG,
        unit="byte",
        ucd="phys.size;meta.file",
        description="How large it is",
    ),
    Column("content_qualifier", Datatype.CHAR, "*", ucd="meta.code", description="What sort of data it is"),
    Column(
        "local_semantics",
        Datatype.CHAR,
        "*",
        ucd="meta.id.assoc",
        description="What has the same word in the links of something else is the same sort of link",
    ),
)
_PARTS = (
    *("identifier", "address", "service", "error", "description", "semantics", "content_type"),
    *("content_length", "content_qualifier", "local_semantics"),
)
assert {field.name for field in fields(Link)} == set(_PARTS)


def links_stream(found: Links) -> TableStream:
    """Return the links as a table."""
    schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in _COLUMNS])
    arrays = [
        pa.array([getattr(link, part) for link in found.links], field.type)
        for part, field in zip(_PARTS, schema, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    return TableStream(_COLUMNS, schema, iter((batch,)), overflow=found.overflow)
