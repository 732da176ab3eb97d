"""Rows as a Parquet file with a VOTable that describes its columns (IVOA note VOParquet 1.0)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sciplat.tables.arrow import with_columns
from sciplat.tables.cells import Cell, Shape, cells_of, settle
from sciplat.tables.document import Document, Info
from sciplat.tables.rereading import reread
from sciplat.tables.sink import Sink
from sciplat.tables.stream import TableStream
from sciplat.tables.votable import description

__all__ = ["CONTENT_KEY", "MEDIA_TYPE", "VERSION_KEY", "write"]

MEDIA_TYPE = "application/vnd.apache.parquet"
CONTENT_KEY = b"IVOA.VOTable-Parquet.content"
VERSION_KEY = b"IVOA.VOTable-Parquet.version"

_GROUP_ROWS = 131_072
_GROUP_BYTES = 32 << 20


def write(stream: TableStream, document: Document) -> Iterator[bytes]:
    """Yield a stream of rows as a Parquet file; it begins when the rows are complete.

    The file's metadata have the VOTable, whose INFO ``QUERY_STATUS`` says whether the result was cut, and
    each Arrow field's metadata its column's description as JSON under ``sciplat``.
    """
    cells = cells_of(stream)
    schema = with_columns(stream.schema, stream.columns)
    sink = Sink()
    with reread(stream) as (first, again):
        widths = _widths(cells, first)
        infos = (Info("QUERY_STATUS", "OVERFLOW"),) if stream.overflow else ()
        told = [replace(c, arraysize=f"{widths[i]}*") if i in widths else c for i, c in enumerate(cells)]
        facts = {VERSION_KEY: b"1.0", CONTENT_KEY: description(told, document, *infos)}
        for i, width in widths.items():
            facts[f"table::len::{cells[i].column.name}".encode()] = str(width).encode()
        schema = schema.with_metadata(facts)
        with pq.ParquetWriter(sink, schema, compression="zstd", compression_level=1) as writer:
            for group in _groups(again(), schema):
                writer.write_table(group, row_group_size=group.num_rows)
                yield sink.taken()
    yield sink.taken()


def _widths(cells: Sequence[Cell], batches: Iterator[pa.RecordBatch]) -> dict[int, int]:
    """Read all rows, and return how many characters the texts of each column have at most.

    astropy wants to know; without, it fails where a text is NULL.
    """
    widths = {
        i: 1 for i, cell in enumerate(cells) if cell.shape is Shape.TEXT and cell.column.xtype != "timestamp"
    }
    for batch in batches:
        for i, width in widths.items():
            length = pc.max(pc.utf8_length(settle(cells[i], batch.column(i)))).as_py()
            widths[i] = max(width, length or 1)
    return widths


def _groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        group.append(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(group)
            group, rows, size = [], 0, 0
    if rows:
        yield pa.Table.from_batches(group)
