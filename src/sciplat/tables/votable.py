"""VOTable documents, streamed (VOTable 1.4 and 1.5; DALI 1.1, section 4.4)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal
from xml.etree import ElementTree as ET

import pyarrow as pa

from sciplat.errors import SciplatError
from sciplat.tables import binary, tabledata
from sciplat.tables.cells import Cell, Shape, cells_of, pieces
from sciplat.tables.descriptors import descriptor
from sciplat.tables.document import Document, Info
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Datatype, Link
from sciplat.vo.xml import element, fragment

__all__ = ["MEDIA_TYPE", "Serialization", "Version", "description", "error_document", "field_ids", "write"]

MEDIA_TYPE = "application/x-votable+xml"

Serialization = Literal["BINARY2", "BINARY", "TABLEDATA"]
Version = Literal["1.4", "1.5"]
"""They differ in coordinate systems, which no document has yet; both share the namespace of 1.3."""

# A whole number of base64 groups; a line this long is still small for readers that take lines whole.
_LINE = 57 * 4096
_SENT = 4 * _LINE
"""So many bytes at a time become text: each piece that is sent costs the event loop a turn."""

_OPEN: dict[Serialization, str] = {
    "BINARY2": '<BINARY2>\n<STREAM encoding="base64">',
    "BINARY": '<BINARY>\n<STREAM encoding="base64">',
    "TABLEDATA": "<TABLEDATA>",
}
_CLOSE: dict[Serialization, str] = {
    "BINARY2": "</STREAM>\n</BINARY2>",
    "BINARY": "</STREAM>\n</BINARY>",
    "TABLEDATA": "</TABLEDATA>",
}

_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]")

_CUT = (
    "The result was cut at a limit; more rows match. For the rest ask with a larger MAXREC (the capabilities "
    "of the service say how many rows it gives at most), or part by part with conditions in WHERE."
)


def write(
    stream: TableStream,
    document: Document,
    *,
    serialization: Serialization = "BINARY2",
    version: Version = "1.4",
) -> Iterator[bytes]:
    """Yield a stream of rows as a VOTable document, piece by piece.

    A `SciplatError` that the stream raises ends the table after its last whole row with
    ``QUERY_STATUS=ERROR``, in a document that is still well-formed (DALI 1.1, section 4.4.2).
    A cut result ends with ``QUERY_STATUS=OVERFLOW``.
    """
    cells = cells_of(stream)
    if serialization == "BINARY":
        cells = tuple(map(_marked, cells))
    yield _head(cells, document, version) + f"<DATA>\n{_OPEN[serialization]}\n".encode()
    ending: Info | None = None
    rows = _plain_rows if serialization == "TABLEDATA" else partial(_base64_rows, serialization == "BINARY2")
    try:
        yield from rows(cells, stream.batches)
    except SciplatError as error:
        ending = Info("QUERY_STATUS", "ERROR", str(error))
    else:
        if stream.overflow:
            ending = Info("QUERY_STATUS", "OVERFLOW", _CUT)
    tail = f"{_CLOSE[serialization]}\n</DATA>\n</TABLE>\n".encode()
    yield tail + _lines([] if ending is None else [_info(ending)]) + b"</RESOURCE>\n"
    yield _lines(descriptor(each, field_ids(cells)) for each in document.services) + b"</VOTABLE>\n"


def description(cells: Sequence[Cell], document: Document, *infos: Info) -> bytes:
    """Return a VOTable that describes columns and holds no rows, with more INFOs than ``document`` has.

    A table in another form carries it; see the IVOA note VOParquet 1.0.
    """
    tail = b"</TABLE>\n" + _lines(map(_info, infos)) + b"</RESOURCE>\n</VOTABLE>\n"
    return _head(cells, document, "1.4") + tail


def error_document(message: str, document: Document | None = None) -> bytes:
    """Return a VOTable that holds no table, only the message (DALI 1.1, section 4.4.2)."""
    facts = document or Document()
    infos = [Info("QUERY_STATUS", "ERROR", message), *_facts(facts)]
    return (
        _start("1.4")
        + b'<RESOURCE type="results">\n'
        + _lines(_info(info) for info in infos)
        + b"</RESOURCE>\n</VOTABLE>\n"
    )


def _start(version: Version) -> bytes:
    namespace = "http://www.ivoa.net/xml/VOTable"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="{version}" xmlns="{namespace}/v1.3"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="{namespace}/v1.3 {namespace}/votable-{version}.xsd">
""".encode()


def _marked(cell: Cell) -> Cell:
    """Return the form of a column in BINARY, where every NULL needs a value of its own.

    No value of an unsigned byte can be spared: its column is written in the next larger type.
    """
    if cell.shape is not Shape.SCALAR:
        return cell
    datatype = Datatype.SHORT if cell.datatype is Datatype.UNSIGNED_BYTE else cell.datatype
    return replace(cell, datatype=datatype, marked=True)


def _plain_rows(cells: Sequence[Cell], batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    for batch in batches:
        for piece in pieces(batch):
            yield tabledata.encode(cells, piece)


def _base64_rows(
    null_bits: bool, cells: Sequence[Cell], batches: Iterable[pa.RecordBatch]
) -> Iterator[bytes]:
    """Encode rows, carrying over the bytes between rows that don't fill a base64 group.

    The last group is written also when the stream fails, so that what came can be read.
    """
    rest = b""
    try:
        for batch in batches:
            for piece in pieces(batch):
                rows = memoryview(rest + binary.encode(cells, piece, null_bits=null_bits))
                whole = len(rows) - len(rows) % 3
                for start in range(0, whole, _SENT):
                    lines = range(start, min(whole, start + _SENT), _LINE)
                    yield b"".join(binascii.b2a_base64(rows[at : min(whole, at + _LINE)]) for at in lines)
                rest = bytes(rows[whole:])
    except SciplatError:
        yield binascii.b2a_base64(rest)
        raise
    if rest:
        yield binascii.b2a_base64(rest)


def _head(cells: Sequence[Cell], document: Document, version: Version) -> bytes:
    infos = [Info("QUERY_STATUS", "OK"), *_facts(document)]
    fields = [_field(cell, name) for cell, name in zip(cells, field_ids(cells), strict=True)]
    if document.description is not None:
        fields.insert(0, element("DESCRIPTION", text=document.description))
    facts = _lines(_info(info) for info in infos)
    return _start(version) + b'<RESOURCE type="results">\n' + facts + b"<TABLE>\n" + _lines(fields)


def _facts(document: Document) -> list[Info]:
    facts = list(document.infos)
    if document.query is not None:
        facts.append(Info("QUERY", document.query))
    return facts


def _lines(parts: Iterable[ET.Element]) -> bytes:
    return b"".join(fragment(part) + b"\n" for part in parts)


def _info(info: Info) -> ET.Element:
    return element("INFO", {"name": info.name, "value": info.value}, text=info.text)


def _field(cell: Cell, identifier: str) -> ET.Element:
    column = cell.column
    attributes = {
        "ID": identifier,
        "name": column.name,
        "datatype": str(cell.datatype),
        "arraysize": cell.arraysize,
        "xtype": column.xtype,
        "unit": column.unit,
        "ucd": column.ucd,
        "utype": column.utype,
    }
    description = element("DESCRIPTION", text=column.description) if column.description else None
    values = element("VALUES", {"null": cell.null}) if cell.null else None
    return element("FIELD", attributes, description, values, *map(_link, column.links))


def _link(link: Link) -> ET.Element:
    attributes = {
        "content-role": link.content_role,
        "content-type": link.content_type,
        "title": link.title,
        "href": link.href,
    }
    return element("LINK", attributes)


def field_ids(cells: Iterable[Cell]) -> list[str]:
    """Return an XML ID for each column: its name where that is one, else the nearest that is, all unlike.

    astropy names the columns of a table by ID, so an ID that differs from the name is seen by users.
    """
    taken: set[str] = set()
    identifiers = []
    for cell in cells:
        plain = _NOT_NAME.sub("_", cell.column.name)
        if not plain or not (plain[0].isalpha() or plain[0] == "_"):
            plain = f"_{plain}"
        identifier, number = plain, 1
        while identifier in taken:
            number += 1
            identifier = f"{plain}_{number}"
        taken.add(identifier)
        identifiers.append(identifier)
    return identifiers
