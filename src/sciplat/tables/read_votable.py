"""Rows of a VOTable, read piece by piece, with all that its FIELDs say of them (VOTable 1.0 to 1.5)."""

from __future__ import annotations

import binascii
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers import expat

import pyarrow as pa

from sciplat.errors import IngestError
from sciplat.tables.arrow import arrow_type
from sciplat.tables.source import RowSource, require_distinct
from sciplat.tables.votable_fields import Field, field_of, link_of
from sciplat.tables.votable_rows import BinaryRows, TextRows
from sciplat.vo.schema import Column, Link

__all__ = ["described_fields", "open_votable"]

_CHUNK = 1 << 20
_DEPTH = 100
_BLANK = b" \t\r\n"
_FORMS = frozenset({"TABLEDATA", "BINARY", "BINARY2"})
_EMPTY = "EMPTY"


def open_votable(path: Path) -> RowSource:
    """Open the first table of a VOTable document (TABLEDATA, BINARY or BINARY2).

    Only what stands before its rows is read here; what comes after the table is read with the rows,
    and has to be well-formed.

    Raises
    ------
    IngestError
        Names the file that is no VOTable or holds no table, and the column whose type cannot be held.
    """
    reader = _Reader(path.name)
    with _opened(path) as file:
        while not reader.form and (chunk := file.read(_CHUNK)):
            reader.feed(chunk)
        if not reader.form:
            reader.end()
    fields, label = tuple(reader.fields), path.name
    columns = tuple(field.column for field in fields)
    schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])

    def batches() -> Iterator[pa.RecordBatch]:
        again = _Reader(label)
        with _opened(path) as file:
            try:
                while chunk := file.read(_CHUNK):
                    yield from again.feed(chunk)
                yield from again.end()
            except (OSError, EOFError) as error:
                raise IngestError(f"{label}: cannot be read ({error})") from error

    require_distinct((column.name for column in columns), label)
    return RowSource(label, columns, schema, batches)


def described_fields(file: IO[bytes], label: str) -> tuple[Column, ...]:
    """Return what a VOTable document says of the columns of its first table.

    Raises
    ------
    IngestError
        Names ``label``, if it is no VOTable or holds no table.
    """
    reader = _Reader(label)
    reader.feed(file.read())
    reader.end()
    return tuple(field.column for field in reader.fields)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))


class _Reader:
    """A document as far as it was fed, and the rows of its first table."""

    def __init__(self, label: str) -> None:
        self.fields: list[Field] = []
        self.form = ""
        """How the rows are written, once that is known; `_EMPTY` for a table without DATA."""

        self._label = label
        self._path: list[str] = []
        self._tables = 0
        self._text: list[str] | None = None
        self._attributes: Mapping[str, str] = {}
        self._described: list[str] = []
        self._null: str | None = None
        self._links: list[Link] = []
        self._rows: TextRows | BinaryRows | None = None
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._characters
        # What makes a document grow out of all proportion, or read other files, is in entities alone.
        parser.EntityDeclHandler = self._entity

    def feed(self, chunk: bytes) -> Iterator[pa.RecordBatch]:
        """Read on, and return the rows that are complete."""
        self._parse(chunk, last=False)
        return iter(()) if self._rows is None else self._rows.batches()

    def end(self) -> Iterator[pa.RecordBatch]:
        """Say that the document ends here, and return the last rows."""
        self._parse(b"", last=True)
        if not self._tables:
            raise IngestError(f"{self._label}: the VOTable holds no table")
        return iter(()) if self._rows is None else self._rows.batches(last=True)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except (expat.ExpatError, LookupError) as error:  # the latter for an encoding that nobody knows
            raise IngestError(f"{self._label}: not a complete VOTable ({error})") from None

    def _entity(self, *_: Any) -> None:
        raise IngestError(f"{self._label}: a VOTable that declares entities of its own is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._path.append(name)
        if len(self._path) == 1 and name != "VOTABLE":
            raise IngestError(f"{self._label}: not a VOTable: it begins with {name[:40]}")
        if len(self._path) > _DEPTH:
            raise IngestError(f"{self._label}: its elements nest too deep for a VOTable")
        if name == "TABLE":
            self._tables += 1
        if name == "INFO" and (attributes.get("name"), attributes.get("value")) == ("QUERY_STATUS", "ERROR"):
            raise IngestError(f"{self._label}: it is the answer of a query that failed, and says so itself")
        if self._tables != 1 or self.form == _EMPTY:
            return
        rows = self._rows
        if name == "TD":
            if attributes.get("encoding", "none") != "none":
                raise IngestError(f"{self._label}: cells with an encoding of their own are not read")
            self._text = []
        elif name == "FIELD":
            self._attributes, self._described, self._null, self._links = attributes, [], None, []
        elif name == "DESCRIPTION" and self._path[-2:-1] == ["FIELD"]:
            self._text = []
        elif name == "VALUES" and self._path[-2:-1] == ["FIELD"]:
            self._null = attributes.get("null")
        elif name == "LINK" and self._path[-2:-1] == ["FIELD"]:
            self._links += link_of(attributes)
        elif self._path[-2:-1] == ["DATA"] and rows is None and name != "INFO":
            self._begin(name)
        elif name == "STREAM" and isinstance(rows, BinaryRows):
            if "href" in attributes or attributes.get("encoding", "base64") != "base64":
                raise IngestError(f"{self._label}: rows must stand in the document itself, as base64")
            self._text = []

    def _begin(self, form: str) -> None:
        if form not in _FORMS:
            raise IngestError(
                f"{self._label}: rows in {form[:40]} inside a VOTable are not read; send that file itself"
            )
        if not self.fields:
            raise IngestError(f"{self._label}: the VOTable's table has no columns")
        self.form = form
        if form == "TABLEDATA":
            self._rows = TextRows(self._label, self.fields)
        else:
            self._rows = BinaryRows(self._label, self.fields, nulls=form == "BINARY2")

    def _close(self, name: str) -> None:
        name = self._path.pop()
        if self._tables != 1 or self.form == _EMPTY:
            return
        rows = self._rows
        if name == "TD" and isinstance(rows, TextRows):
            rows.cell("".join(self._taken()))
        elif name == "TR" and isinstance(rows, TextRows):
            rows.end_row()
        elif name == "DESCRIPTION" and self._text is not None:
            self._described = self._taken()
        elif name == "FIELD":
            described = " ".join("".join(self._described).split())
            found = field_of(self._attributes, self._null, described, self._label)
            column = replace(found.column, links=tuple(self._links))
            self.fields.append(replace(found, column=column))
        elif name == "STREAM" and isinstance(rows, BinaryRows):
            self._decode(rows)
            if any(self._taken()):
                raise IngestError(f"{self._label}: its rows are no base64 (it ends within a group)")
        elif name == "TABLE" and rows is None:
            self.form = _EMPTY

    def _characters(self, text: str) -> None:
        if self._text is None:
            return
        self._text.append(text)
        if isinstance(self._rows, BinaryRows) and len(self._text) > 1024:
            self._decode(self._rows)

    def _taken(self) -> list[str]:
        text, self._text = self._text or [], None
        return text

    def _decode(self, rows: BinaryRows) -> None:
        """Give on the bytes of all whole groups of base64."""
        assert self._text is not None
        text = "".join(self._text).encode("ascii", "replace").translate(None, _BLANK)
        whole = len(text) // 4 * 4
        try:
            rows.feed(binascii.a2b_base64(text[:whole]))
        except binascii.Error as error:
            raise IngestError(f"{self._label}: its rows are no base64 ({error})") from None
        self._text = [text[whole:].decode()]
