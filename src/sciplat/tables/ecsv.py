"""Rows as Enhanced CSV 1.0: comma-separated values after a header in YAML (astropy's APE 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.cells import Cell, Shape, cells_of, pieces, settle
from sciplat.tables.csv import quote
from sciplat.tables.document import Document
from sciplat.tables.json_cells import cell_json
from sciplat.tables.rereading import reread
from sciplat.tables.stream import TableStream
from sciplat.tables.text import Spelling, cell_text, join_rows
from sciplat.vo.schema import Datatype

__all__ = ["write"]

# Python, Java (TOPCAT) and the JSON of both read these as numbers.
_SPELLING = Spelling("Infinity", "-Infinity")

# What Python's str.splitlines takes for one.
_LINE_ENDS = r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x{85}\x{2028}\x{2029}]"

_TYPES = {
    Datatype.BOOLEAN: "bool",
    Datatype.UNSIGNED_BYTE: "uint8",
    Datatype.SHORT: "int16",
    Datatype.INT: "int32",
    Datatype.LONG: "int64",
    Datatype.FLOAT: "float32",
    Datatype.DOUBLE: "float64",
    Datatype.CHAR: "string",
    Datatype.UNICODE_CHAR: "string",
}


def write(stream: TableStream, document: Document) -> Iterator[bytes]:
    """Yield a header with all that is known of the columns, then the rows; it begins when they are complete.

    NULL is an empty cell, and so is the empty text, which ECSV cannot tell from it. Arrays are JSON. A line
    end in a text becomes a space: astropy reads the rest as another row, or drops it. The
    header's ``QUERY_STATUS`` says whether the result was cut, so it waits for the last row.
    """
    cells = cells_of(stream)
    with reread(stream) as (first, again):
        rows = sum(batch.num_rows for batch in first)
        if rows == 0:
            # astropy cannot read a column of arrays of a fixed length that has no rows.
            cells = tuple(replace(cell, count=None) if cell.shape is Shape.ARRAY else cell for cell in cells)
        yield _header(cells, document, overflow=stream.overflow)
        for batch in again():
            for piece in pieces(batch):
                columns = [_text(cell, values) for cell, values in zip(cells, piece.columns, strict=True)]
                if len(columns) == 1:
                    columns = [pc.if_else(pc.equal(columns[0].fill_null(""), ""), '""', columns[0])]
                yield bytes(join_rows(columns, ",", "\n"))


def _header(cells: tuple[Cell, ...], document: Document, *, overflow: bool) -> bytes:
    facts: dict[str, object] = {"QUERY_STATUS": "OVERFLOW" if overflow else "OK"}
    if document.query is not None:
        facts["QUERY"] = document.query
    if document.description is not None:
        facts["description"] = document.description
    facts |= {info.name: info.value for info in document.infos}
    # JSON is YAML, and stands on one line whatever a text holds.
    lines = ["%ECSV 1.0", "---", 'delimiter: ","', "datatype:"]
    lines += [f"- {json.dumps(_description(cell))}" for cell in cells]
    lines += [f"meta: {json.dumps(facts)}", "schema: astropy-2.0"]
    names = quote(pa.array([cell.column.name for cell in cells])).to_pylist()
    return ("".join(f"# {line}\n" for line in lines) + ",".join(names) + "\n").encode()


def _description(cell: Cell) -> dict[str, object]:
    column = cell.column
    kind = _TYPES[cell.datatype]
    facts: dict[str, object] = {"name": column.name, "datatype": kind}
    if column.unit:
        facts["unit"] = column.unit
    if cell.shape is Shape.ARRAY:
        shape = "null" if cell.count is None else ",".join(reversed((cell.arraysize or "").split("x")))
        facts |= {"datatype": "string", "subtype": f"{kind}[{shape}]"}
    if column.description:
        facts["description"] = column.description
    more = {
        "ucd": column.ucd,
        "utype": column.utype,
        "xtype": column.xtype,
        "links": [link.to_json() for link in column.links],
    }
    said = {name: value for name, value in more.items() if value}
    return facts | {"meta": said} if said else facts


def _text(cell: Cell, values: pa.Array) -> pa.Array:
    if cell.shape is Shape.ARRAY:
        return quote(cell_json(cell, values, spelling=_SPELLING, exact_ids=False))
    if cell.datatype is Datatype.BOOLEAN:
        return pc.if_else(settle(cell, values), "True", "False")
    text = cell_text(cell, values, _SPELLING)
    if cell.shape is Shape.TEXT and pc.any(pc.match_substring_regex(text, _LINE_ENDS)).as_py():
        text = pc.replace_substring_regex(text, _LINE_ENDS, " ")
    return quote(text) if cell.shape is Shape.TEXT else text
