"""The formats that a table can be asked for (DALI 1.1, section 3.4.3; TAPRegExt 1.0, section 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from sciplat.errors import UsageError
from sciplat.tables import arrow_ipc, csv, ecsv, fits, json, parquet, sqlite, votable
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

    packable: bool = True
    """It gains by compression on the way; False for what is compressed in itself."""

    mute: bool = False
    """It has no place to say that rows were cut."""


def _rows_only(write: Callable[[TableStream], Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
    """Return a writer of a format that has no room for facts beside the rows."""
    return lambda stream, _: write(stream)


_OUTPUT = "ivo://ivoa.net/std/TAPRegExt#output-"


def _votable(
    name: str,
    serialization: votable.Serialization,
    *aliases: str,
    ivo_id: str | None = None,
    version: votable.Version = "1.4",
) -> Format:
    said = f";serialization={serialization}" + ("" if version == "1.4" else f";version={version}")
    return Format(
        name=name,
        mime=f"{votable.MEDIA_TYPE}{said}",
        extension=".vot",
        aliases=(*aliases, f"text/xml{said}"),
        ivo_id=ivo_id,
        write=partial(votable.write, serialization=serialization, version=version),
    )


FORMATS: tuple[Format, ...] = (
    _votable(
        "votable",
        "BINARY2",
        votable.MEDIA_TYPE,
        "votable/b2",
        "text/xml",
        ivo_id=f"{_OUTPUT}votable-binary2",
    ),
    _votable("votable/td", "TABLEDATA", ivo_id=f"{_OUTPUT}votable-td"),
    _votable("votable/b", "BINARY", ivo_id=f"{_OUTPUT}votable-binary"),
    # Without ivo-ids: a client that looks for one takes the first, and not all can read 1.5.
    _votable(
        "votable;version=1.5",
        "BINARY2",
        f"{votable.MEDIA_TYPE};version=1.5",
        "votable/b2;version=1.5",
        "text/xml;version=1.5",
        version="1.5",
    ),
    _votable("votable/td;version=1.5", "TABLEDATA", version="1.5"),
    _votable("votable/b;version=1.5", "BINARY", version="1.5"),
    Format(
        name="csv",
        mime="text/csv;header=present",
        extension=".csv",
        aliases=("text/csv",),
        ivo_id=None,
        write=_rows_only(csv.write),
        mute=True,
    ),
    Format(
        name="tsv",
        mime="text/tab-separated-values",
        extension=".tsv",
        aliases=(),
        ivo_id=None,
        write=_rows_only(csv.write_tsv),
        mute=True,
    ),
    Format(
        name="json",
        mime="application/json",
        extension=".json",
        aliases=(),
        ivo_id=None,
        write=json.write,
    ),
    Format(
        name="ecsv",
        mime="text/x-ecsv",
        extension=".ecsv",
        aliases=("application/x-ecsv",),
        ivo_id=None,
        write=ecsv.write,
    ),
    Format(
        name="fits",
        mime=fits.MEDIA_TYPE,
        extension=".fits",
        aliases=(),
        ivo_id=None,
        write=fits.write,
    ),
    Format(
        name="parquet",
        mime=parquet.MEDIA_TYPE,
        extension=".parquet",
        aliases=("application/parquet", "application/x-parquet"),
        ivo_id=None,
        write=parquet.write,
        packable=False,
    ),
    Format(
        name="arrow",
        mime="application/vnd.apache.arrow.stream",
        extension=".arrows",
        aliases=(),
        ivo_id=None,
        write=_rows_only(arrow_ipc.write),
    ),
    Format(
        name="sqlite",
        mime=sqlite.MEDIA_TYPE,
        extension=".sqlite",
        aliases=("application/x-sqlite3",),
        ivo_id=None,
        write=sqlite.write,
    ),
)
"""Every format, the one that nobody has to ask for first."""


def output_formats() -> tuple[OutputFormat, ...]:
    """Return the formats as a service's capabilities announce them."""
    return tuple(OutputFormat(each.mime, (each.name, *each.aliases), each.ivo_id) for each in FORMATS)


def negotiate(text: str | None) -> Format:
    """Return the format that a RESPONSEFORMAT or FORMAT value asks for; the first one for None.

    Case, spaces and the order of parameters don't matter, and ``charset=utf-8`` and ``version=1.4`` may
    be said. Whoever asks for ``text/xml`` gets a response that says ``text/xml``, as DALI wants it.

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
        raise UsageError(f"There is no output format {text.strip()[:60]!r}; choose one of {names}")
    kind = asked[0]
    return replace(found, mime=kind) if kind == "text/xml" else found


_NEEDLESS = ("charset=utf-8", "version=1.4")


def _normal(text: str) -> tuple[str, frozenset[str]]:
    kind, *parameters = ("".join(part.split()).replace('"', "").lower() for part in text.split(";"))
    return kind, frozenset(each for each in parameters if each and each not in _NEEDLESS)


_BY_NAME: dict[tuple[str, frozenset[str]], Format] = {
    _normal(name): each for each in FORMATS for name in (each.name, each.mime, *each.aliases)
}
