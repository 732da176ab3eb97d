from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciplat.errors import EngineError
from sciplat.tables import arrow_ipc
from sciplat.tables.arrow import columns_of
from sciplat.tables.stream import TableStream

MakeStream = Callable[..., TableStream]


@given(data=st.data())
@settings(deadline=None)
def test_values_and_descriptions_come_back(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    content = b"".join(arrow_ipc.write(make_stream(batch, batch, columns=columns)))

    table = pa.ipc.open_stream(content).read_all()
    assert columns_of(table.schema) == columns
    twice = pa.Table.from_batches([batch, batch])
    # As text, since NaN differs from itself.
    assert str(table.to_pylist()) == str(twice.rename_columns([c.name for c in columns]).to_pylist())


def test_a_cut_result_says_so_in_its_last_batch(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1])})
    content = b"".join(arrow_ipc.write(make_stream(batch, overflow=True)))

    last = list(pa.ipc.open_stream(content).iter_batches_with_custom_metadata())[-1]

    assert last.batch.num_rows == 0
    assert last.custom_metadata[b"QUERY_STATUS"] == b"OVERFLOW"


def test_an_error_midway_is_raised_before_the_end_mark(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1])})
    writing = arrow_ipc.write(make_stream(batch, error=EngineError("gone")))
    content = next(writing)

    with pytest.raises(EngineError, match="gone"):
        next(writing)
    assert not content.endswith(b"\xff\xff\xff\xff\0\0\0\0")
