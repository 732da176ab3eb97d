"""Arrow IPC streams, as the Portal and the Python client read them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sciplat.tables.arrow import with_columns
from sciplat.tables.sink import Sink
from sciplat.tables.stream import TableStream

__all__ = ["write"]


def write(stream: TableStream) -> Iterator[bytes]:
    """Yield a stream of rows as an Arrow IPC stream, each column's description in its field's metadata.

    A cut result ends with an empty batch whose own metadata say ``QUERY_STATUS: OVERFLOW``. An error
    of the stream is raised, so that the connection breaks before the end mark.
    """
    schema = with_columns(stream.schema, stream.columns)
    sink = Sink()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in stream.batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            yield sink.taken()
        if stream.overflow:
            nothing = pa.RecordBatch.from_pylist([], schema=schema)
            writer.write_batch(nothing, {"QUERY_STATUS": "OVERFLOW"})
    yield sink.taken()
