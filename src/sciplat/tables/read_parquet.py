"""Rows of a Parquet file, a row group at a time."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sciplat.errors import IngestError
from sciplat.tables.arrow import columns_of, describe
from sciplat.tables.source import RowSource, require_distinct
from sciplat.tables.widths import rows_within
from sciplat.vo.schema import Column

__all__ = ["open_parquet"]

_BATCH_ROWS, _BATCH_BYTES = 65_536, 32 << 20
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_VOTABLE_KEY = b"IVOA.VOTable-Parquet.content"


def open_parquet(path: Path, *, leave_out: Collection[str] = (), label: str | None = None) -> RowSource:
    """Open a Parquet file.

    Descriptions are taken from the fields' own metadata, from a VOTable in the file's metadata
    (the VOParquet convention), or are the plainest that fit.

    Parameters
    ----------
    leave_out
        Columns that are not part of the table.
    label
        The name for messages, where it is not the file's.

    Raises
    ------
    IngestError
        Names the file, and the column where a type cannot be held.
    """
    label = label or path.name
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{label}: not a complete Parquet file ({_first_line(error)})") from error
    names = [n for n in schema.names if n not in leave_out and not _PANDAS_INDEX.fullmatch(n)]
    require_distinct(names, label)
    schema = pa.schema([schema.field(name) for name in names], metadata=schema.metadata)
    columns = _columns(label, schema)
    size = rows_within(schema, _BATCH_BYTES, most=_BATCH_ROWS)

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                yield from file.iter_batches(size, columns=names)
        except (pa.ArrowException, OSError) as error:
            raise IngestError(f"{label}: the file is damaged ({_first_line(error)})") from error

    return RowSource(label, columns, schema.remove_metadata(), batches, rows)


def _columns(label: str, schema: pa.Schema) -> tuple[Column, ...]:
    try:
        columns = columns_of(schema)
    except (TypeError, ValueError) as error:
        raise IngestError(f"{label}: {error}") from error
    text = (schema.metadata or {}).get(_VOTABLE_KEY)
    if text is None:
        return columns
    from sciplat.tables.read_votable import described_fields  # noqa: PLC0415 - few files have it

    told = {column.name: column for column in described_fields(io.BytesIO(text), label)}
    merged = []
    for column, field in zip(columns, schema, strict=True):
        if column != describe(field.name, field.type) or column.name not in told:
            merged.append(column)
            continue
        other = told[column.name]
        merged.append(
            replace(
                column,
                unit=other.unit,
                ucd=other.ucd,
                utype=other.utype,
                description=other.description,
                links=other.links,
            )
        )
    return tuple(merged)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
