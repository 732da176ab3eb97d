"""Addresses of this instance in rows, as whoever asks can reach them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.stream import TableStream

__all__ = ["absolute"]

_LOCAL = "/api/"


def absolute(stream: TableStream, origin: str) -> TableStream:
    """Return the same stream with the origin in front of addresses that have none.

    A row says ``/api/…`` because an instance is reached by several names. Only columns that hold addresses,
    by their UCD, are looked at.
    """
    places = [
        place
        for place, column in enumerate(stream.columns)
        if "meta.ref.url" in (column.ucd or "").split(";") and pa.types.is_string(stream.schema[place].type)
    ]
    if places:
        stream.batches = _absolute(stream.batches, places, origin)
        if (again := stream.again) is not None:
            stream.again = lambda: _absolute(again(), places, origin)
    return stream


def _absolute(batches: Iterator[pa.RecordBatch], places: list[int], origin: str) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = list(batch.columns)
        for place in places:
            values = columns[place]
            whole = pc.binary_join_element_wise(origin, values, "")
            columns[place] = pc.if_else(pc.starts_with(values, _LOCAL), whole, values)
        yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)
