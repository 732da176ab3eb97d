from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from sciplat.tables.arrow import describe
from sciplat.tables.cells import cells_of
from sciplat.tables.stream import TableStream
from sciplat.tables.text import Spelling, cell_text

NOON = dt.datetime(2026, 11, 21, 12, 0, 0, 5000, tzinfo=dt.UTC)
NAIVE = NOON.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([NAIVE], pa.timestamp("us")), "2026-11-21T12:00:00.005000"),
        (pa.array([NAIVE], pa.timestamp("ms")), "2026-11-21T12:00:00.005"),
        (pa.array([NAIVE.replace(microsecond=0)], pa.timestamp("s")), "2026-11-21T12:00:00"),
        (pa.array([NOON], pa.timestamp("us", "UTC")), "2026-11-21T12:00:00.005000Z"),
        (pa.array([NOON], pa.timestamp("us", "America/Santiago")), "2026-11-21T12:00:00.005000Z"),
        (pa.array([NOON.date()], pa.date32()), "2026-11-21"),
        (pa.array([Decimal("12.50")], pa.decimal128(10, 2)), "12.5"),
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([1.5], pa.float16()), "1.5"),
        (pa.array([0.1 + 0.2]), "0.30000000000000004"),
        (pa.array([2**63 - 1]), "9223372036854775807"),
        (pa.array([True]), "true"),
        (pa.array([[True, None]]), "true ?"),
        (pa.array([b"\x00\xff"]), "0 255"),
        (pa.array([[1, None]], pa.list_(pa.int16())), "1 -32768"),
        (pa.nulls(1), None),
    ],
    ids=lambda each: str(each.type) if isinstance(each, pa.Array) else None,
)
def test_values_are_written_as_the_reference_says(values: pa.Array, text: str | None) -> None:
    schema = pa.schema([("x", values.type)])
    (cell,) = cells_of(TableStream((describe("x", values.type),), schema, iter(())))

    assert cell_text(cell, values, Spelling("Infinity", "-Infinity")).to_pylist() == [text]
