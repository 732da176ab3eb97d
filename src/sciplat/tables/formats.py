"""The formats that a table can be asked for (DALI 1.1, section 3.4.3; TAPRegExt 1.0, section 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from sciplat.errors import UsageError
from sciplat.tables import arrow_ipc, csv, votable
from sciplat.tables.document import Document
from sciplat.tables.stream import TableStream
from sciplat.vo.capabilities import OutputFormat

__all__ = ["FORMATS", "Format", "negotiate", "output_formats"]


@dataclass(frozen=True, slots=True)
class Format:
    """One form in which rows leave the instance."""

    name: str
    """The short word for it."""

    mime: str
    """What a response says its content is."""

    extension: str
    """Of a file that holds it, with the dot."""

    aliases: tuple[str, ...]
    """More ways to ask for it: short words and media types."""

    ivo_id: str | None
    """Its name among the output formats that TAPRegExt knows."""

    write: Callable[[TableStream, Document], Iterator[bytes]]


def _rows_only(write: Callable[[TableStream], Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
    """Return a writer of a format that has no room for facts beside the rows."""
    return lambda stream, _: write(stream)


_VOTABLE = votable.MEDIA_TYPE
_OUTPUT = "ivo://ivoa.net/std/TAPRegExt#output-"

FORMATS: tuple[Format, ...] = (
    Format(
        name="votable",
        mime=f"{_VOTABLE};serialization=BINARY2",
        extension=".vot",
        aliases=(_VOTABLE, "votable/b2", "text/xml", "text/xml;serialization=BINARY2"),
        ivo_id=f"{_OUTPUT}votable-binary2",
        write=partial(votable.write, serialization="BINARY2"),
    ),
    Format(
        name="votable/td",
        mime=f"{_VOTABLE};serialization=TABLEDATA",
        extension=".vot",
        aliases=("text/xml;serialization=TABLEDATA",),
        ivo_id=f"{_OUTPUT}votable-td",
        write=partial(votable.write, serialization="TABLEDATA"),
    ),
    Format(
        name="csv",
        mime="text/csv;header=present",
        extension=".csv",
        aliases=("text/csv",),
        ivo_id=None,
        write=_rows_only(csv.write),
    ),
    Format(
        name="tsv",
        mime="text/tab-separated-values",
        extension=".tsv",
        aliases=(),
        ivo_id=None,
        write=_rows_only(csv.write_tsv),
    ),
    Format(
        name="arrow",
        mime="application/vnd.apache.arrow.stream",
        extension=".arrows",
        aliases=(),
        ivo_id=None,
        write=_rows_only(arrow_ipc.write),
    ),
)
"""Every format, the one that nobody has to ask for first."""


def output_formats() -> tuple[OutputFormat, ...]:
    """Return the formats as a service's capabilities announce them."""
    return tuple(OutputFormat(each.mime, (each.name, *each.aliases), each.ivo_id) for each in FORMATS)


def negotiate(text: str | None) -> Format:
    """Return the format that a RESPONSEFORMAT or FORMAT value asks for; the first one for None.

    Case, spaces and the order of parameters don't matter, and ``charset=utf-8`` may be said. Whoever
    asks for ``text/xml`` gets a response that says ``text/xml``, as DALI wants it.

    Raises
    ------
    UsageError
        If there is no such format; the message lists those that there are.
    """
    if text is None or not text.strip():
        return FORMATS[0]
    asked = _normal(text)
    found = _BY_NAME.get(asked)
    if found is None:
        names = ", ".join(f"{each.name} ({each.mime})" for each in FORMATS)
        raise UsageError(f"There is no output format {text.strip()!r}; choose one of {names}")
    kind = asked[0]
    return replace(found, mime=kind) if kind == "text/xml" else found


def _normal(text: str) -> tuple[str, frozenset[str]]:
    kind, *parameters = ("".join(part.split()).replace('"', "").lower() for part in text.split(";"))
    return kind, frozenset(each for each in parameters if each and each != "charset=utf-8")


_BY_NAME: dict[tuple[str, frozenset[str]], Format] = {
    _normal(name): each for each in FORMATS for name in (each.name, each.mime, *each.aliases)
}
