"""What pyvo makes of our documents, since most scripts see them through it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable import parse
from pyvo.dal import DALOverflowWarning, DALQueryError, TAPResults

from sciplat.errors import EngineError
from sciplat.tables import votable
from sciplat.tables.document import Document
from sciplat.tables.stream import TableStream

MakeStream = Callable[..., TableStream]
EACH = pytest.mark.parametrize("serialization", ["BINARY2", "BINARY", "TABLEDATA"])


def results(content: bytes) -> TAPResults:
    return TAPResults(parse(io.BytesIO(content)))


def written(stream: TableStream, serialization: str = "BINARY2") -> bytes:
    return b"".join(votable.write(stream, Document(), serialization=serialization))


@EACH
def test_many_rows_arrive_in_order(serialization: str, make_stream: MakeStream) -> None:
    ids = np.arange(20_000) * 7 + 2**60
    batch = pa.RecordBatch.from_pydict({"objectId": ids, "flag": np.arange(20_000) % 2 == 0})

    table = results(written(make_stream(batch), serialization)).to_table()

    assert np.array_equal(table["objectId"], ids)
    assert table["flag"].sum() == 10_000


@EACH
def test_a_cut_result_warns_there(serialization: str, make_stream: MakeStream) -> None:
    content = written(make_stream(pa.RecordBatch.from_pydict({"x": [1, 2]}), overflow=True), serialization)

    with pytest.warns(DALOverflowWarning):
        results(content).check_overflow_warning()


@EACH
def test_an_error_midway_is_an_error_there(serialization: str, make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": [1]})
    content = written(make_stream(batch, error=EngineError("The disk is full")), serialization)

    with pytest.raises(DALQueryError, match="The disk is full"):
        results(content)


def test_an_error_document_is_an_error_there() -> None:
    with pytest.raises(DALQueryError, match=r"There is no table 'gaia\.sauce'"):
        results(votable.error_document("There is no table 'gaia.sauce'"))
