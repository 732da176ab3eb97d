"""Batches on their way from DuckDB to the spool."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.engine.shape import BATCH_BYTES, gathered


def batches_of(sizes: list[int]) -> list[pa.RecordBatch]:
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [
        pa.record_batch({"k": pa.array(range(start, start + size), pa.int64())})
        for start, size in zip(starts, sizes, strict=True)
    ]


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 60))
def test_small_batches_are_joined_and_no_row_is_lost(sizes: list[int], rows: int) -> None:
    found = list(gathered(batches_of(sizes), rows))

    assert [k for batch in found for k in batch["k"].to_pylist()] == list(range(sum(sizes)))
    assert all(batch.num_rows >= rows for batch in found[:-1])
    assert all(batch.num_rows for batch in found)


def test_a_batch_is_handed_on_as_soon_as_it_is_large_enough() -> None:
    texts = pa.record_batch({"text": ["x" * (BATCH_BYTES // 3)]})

    def endless():
        while True:
            yield texts

    assert next(gathered(endless(), 1000)).num_rows == 1


@pytest.mark.parametrize("kind", ["DOUBLE", "VARCHAR", "DOUBLE[2]", "INTEGER[]", "STRUCT(a INTEGER)"])
def test_what_several_threads_of_duckdb_make_becomes_one_batch(kind: str) -> None:
    value = {
        "DOUBLE[2]": "[i, i]",
        "INTEGER[]": "[i]",
        "STRUCT(a INTEGER)": "{'a': i}",
    }.get(kind, "i")
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT i, {value}::{kind} AS x FROM range(1000000) r(i)")
        reader = connection.sql("SELECT * FROM t WHERE i % 1000 = 0").to_arrow_reader(100_000)
        (batch,) = gathered(reader, 100_000)

    assert batch["i"].to_pylist() == list(range(0, 1_000_000, 1000))


def test_words_of_an_enumeration_are_joined() -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE TYPE band AS ENUM ('u', 'g', 'r')")
        connection.execute(
            "CREATE TABLE t AS SELECT i, (['u', 'g', 'r'])[1 + i % 3]::band AS x FROM range(500000) r(i)"
        )
        reader = connection.sql("SELECT * FROM t WHERE i % 1000 = 0").to_arrow_reader(100_000)
        (batch,) = gathered(reader, 100_000)

    assert batch["x"].cast(pa.string()).to_pylist() == ["ugr"[i * 1000 % 3] for i in range(500)]
