"""Rows as VOTable TABLEDATA (VOTable 1.4, section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.cells import Cell, Shape, seven_bit
from sciplat.tables.text import Spelling, cell_text, contains, join_rows
from sciplat.vo.schema import Datatype

__all__ = ["encode"]

_SPELLING = Spelling("+Inf", "-Inf")

# A reader of XML turns a bare carriage return into a line feed.
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))
_FORBIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"


def encode(cells: Sequence[Cell], batch: pa.RecordBatch) -> bytes:
    """Return the rows of ``batch`` as TR elements; a NULL is an empty TD, as VOTable allows since 1.3.

    A NULL array of fixed length is written as NaNs, or whatever stands for NULL in its elements. An
    empty text and an empty array look the same as a NULL; BINARY2 tells them apart.
    """
    if batch.num_rows == 0:
        return b""
    columns = []
    for cell, values in zip(cells, batch.columns, strict=True):
        text = cell_text(cell, values, _SPELLING)
        if cell.shape is Shape.TEXT:
            text = _escape(text)
            if cell.datatype is Datatype.CHAR:
                text = seven_bit(text)
        elif cell.shape is Shape.ARRAY and text.null_count and cell.count is not None:
            text = text.fill_null(_nothing(cell, cell.count))
        columns.append(text)
    rows = join_rows(columns, "</TD><TD>", "</TD></TR>\n<TR><TD>")
    return b"<TR><TD>" + rows[: -len("<TR><TD>")]


def _nothing(cell: Cell, count: int) -> str:
    """Return the NULL of an array of fixed length; STILTS wants to see all its elements."""
    match cell.datatype:
        case Datatype.FLOAT | Datatype.DOUBLE:
            return " ".join(["NaN"] * count)
        case Datatype.BOOLEAN:
            return " ".join(["?"] * count)
        case _:
            return " ".join([cell.null or ""] * count)


def _escape(text: pa.Array) -> pa.Array:
    for character, escape in _ESCAPES:
        if contains(text, [character.encode()]):
            text = pc.replace_substring(text, character, escape)
    if pc.any(pc.match_substring_regex(text, _FORBIDDEN)).as_py():
        text = pc.replace_substring_regex(text, _FORBIDDEN, "\N{REPLACEMENT CHARACTER}")
    return text
