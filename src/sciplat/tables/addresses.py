"""Addresses in rows: kept without the host, and given with that of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column

__all__ = ["ACCESS", "with_origin"]

ACCESS = "obscore:Access.reference"
"""The utype of the column that says where a dataset can be had (ObsCore 1.1, appendix B)."""

_OURS = "/api/"


def with_origin(stream: TableStream, origin: str) -> TableStream:
    """Return a stream in which the addresses of datasets begin with an origin, ``https://host``.

    Only values that begin with ``/api/`` in a column of ObsCore's addresses are changed; a stream without
    such a column is left as it is. It is the same stream, which learns at its end whether rows were cut.
    """
    places = [place for place, column in enumerate(stream.columns) if _has_addresses(column)]
    if places:
        stream.batches = _changed(stream.batches, places, origin)
        if (again := stream.again) is not None:
            stream.again = lambda: _changed(again(), places, origin)
    return stream


def _has_addresses(column: Column) -> bool:
    return (column.utype or "").lower() == ACCESS.lower()


def _changed(
    batches: Iterable[pa.RecordBatch], places: Iterable[int], origin: str
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        arrays = list(batch.columns)
        for place in places:
            values = arrays[place]
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                whole = pc.binary_join_element_wise(
                    pa.scalar(origin, values.type), values, pa.scalar("", values.type)
                )
                arrays[place] = pc.if_else(pc.starts_with(values, _OURS), whole, values)
        yield pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
