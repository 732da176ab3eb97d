"""Comma- and tab-separated text, streamed (RFC 4180, as DALI 1.1, section 3.4.3, names it; IANA's TSV).

Neither can say OVERFLOW or an error: an error of the stream is raised, so that the connection breaks
and nobody takes half a table for a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.cells import Cell, Shape, cells_of, pieces
from sciplat.tables.stream import TableStream
from sciplat.tables.text import Spelling, cell_text, contains, join_rows

__all__ = ["quote", "write", "write_tsv"]

# pandas, Java (TOPCAT) and JavaScript all read these as numbers.
_SPELLING = Spelling("Infinity", "-Infinity")

_QUOTED = r'[",\r\n]|^[\s#]|\s$|^$'


def write(stream: TableStream) -> Iterator[bytes]:
    """Yield a header line and the rows as CSV in UTF-8, lines ended by CR LF.

    NULL is nothing between the commas, the empty text is ``""``; in a table of one column NULL is ``""``
    as well, since readers skip empty lines.
    """
    cells = cells_of(stream)
    yield ",".join(_quoted_name(column.name) for column in stream.columns).encode() + b"\r\n"
    for batch in stream.batches:
        for piece in pieces(batch):
            columns = [_csv_cell(cell, values) for cell, values in zip(cells, piece.columns, strict=True)]
            if len(columns) == 1 and (columns[0].null_count or cells[0].shape is Shape.ARRAY):
                alone = columns[0].fill_null("")
                columns = [pc.if_else(pc.equal(alone, ""), '""', alone)]
            yield bytes(join_rows(columns, ",", "\r\n"))


def write_tsv(stream: TableStream) -> Iterator[bytes]:
    """Yield a header line and the rows with tabs between; a tab or line end in a text becomes a space."""
    cells = cells_of(stream)
    names = pa.array([column.name for column in stream.columns])
    yield "\t".join(_spaced(names).to_pylist()).encode() + b"\n"
    for batch in stream.batches:
        for piece in pieces(batch):
            columns = [
                _spaced(text) if cell.shape is Shape.TEXT else text
                for cell, text in (
                    (cell, cell_text(cell, values, _SPELLING))
                    for cell, values in zip(cells, piece.columns, strict=True)
                )
            ]
            yield bytes(join_rows(columns, "\t", "\n"))


def _csv_cell(cell: Cell, values: pa.Array) -> pa.Array:
    text = cell_text(cell, values, _SPELLING)
    return quote(text) if cell.shape is Shape.TEXT else text


def quote(text: pa.Array) -> pa.Array:
    """Return texts with quotes around those that would be misread without them."""
    needed = pc.match_substring_regex(text, _QUOTED)
    if not pc.any(needed).as_py():
        return text
    inner = pc.replace_substring(text, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', inner, '"', ""), text)


def _quoted_name(name: str) -> str:
    if re.search(_QUOTED, name) is None:
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _spaced(text: pa.Array) -> pa.Array:
    if contains(text, [b"\t", b"\n", b"\r"]):
        return pc.replace_substring_regex(text, "[\t\n\r]", " ")
    return text
