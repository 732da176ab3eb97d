"""Rows as one JSON document, streamed: descriptions of the columns, then an array for each row.

The members ``metadata`` and ``data`` are those that the TAP services of ESA and CDS write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sciplat.tables.cells import Cell, cells_of, pieces
from sciplat.tables.document import Document
from sciplat.tables.json_cells import cell_json
from sciplat.tables.stream import TableStream
from sciplat.tables.text import join_rows

__all__ = ["write"]

_NEXT_ROW = ",\n["


def write(stream: TableStream, document: Document) -> Iterator[bytes]:
    """Yield ``{"metadata": […], "query": …, "data": [[…], …], "query_status": "OK"}``.

    64-bit integers are texts; NULL is ``null``, and ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` are
    texts. The last member says ``OVERFLOW`` if the result was cut. An error of the stream is raised, so
    that the document stays open and no parser takes it for whole.
    """
    cells = cells_of(stream)
    head: dict[str, object] = {"metadata": [_description(cell) for cell in cells]}
    if document.description is not None:
        head["description"] = document.description
    if document.query is not None:
        head["query"] = document.query
    if document.infos:
        head["infos"] = [{"name": info.name, "value": info.value} for info in document.infos]
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b',\n"data": [\n'
    before = b"["
    for batch in stream.batches:
        for piece in pieces(batch):
            columns = [cell_json(cell, values) for cell, values in zip(cells, piece.columns, strict=True)]
            rows = join_rows(columns, ",", f"]{_NEXT_ROW}", null="null")
            yield before + rows[: -len(_NEXT_ROW)]
            before = _NEXT_ROW.encode()
    status = "OVERFLOW" if stream.overflow else "OK"
    yield f'\n],\n"query_status": "{status}"}}\n'.encode()


def _description(cell: Cell) -> dict[str, object]:
    column = cell.column
    facts: dict[str, object] = {
        "name": column.name,
        "datatype": str(cell.datatype),
        "arraysize": cell.arraysize,
        "xtype": column.xtype,
        "unit": column.unit,
        "ucd": column.ucd,
        "utype": column.utype,
        "description": column.description,
    }
    # What is not known is null, not absent: so ESA writes it, and astroquery wants to find it.
    links = [link.to_json() for link in column.links]
    return {**facts, "links": links} if links else facts
