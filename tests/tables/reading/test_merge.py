from __future__ import annotations

import datetime as dt
import decimal

import pyarrow as pa
import pytest

from sciplat.errors import IngestError
from sciplat.tables.arrow import columns_of
from sciplat.tables.merge import agree, rows_of
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Datatype


def source(label: str, columns: dict | pa.Table) -> RowSource:
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    return RowSource(
        label, columns_of(table.schema), table.schema, lambda: iter(table.to_batches()), table.num_rows
    )


def merged(*sources: RowSource) -> dict:
    batches = [rows.batch for rows in rows_of(sources, agree(sources))]
    return pa.Table.from_batches(batches).to_pydict()


def test_columns_are_matched_by_name_not_by_place():
    assert merged(source("a", {"x": [1], "y": [2]}), source("b", {"y": [4], "x": [3]})) == {
        "x": [1, 3],
        "y": [2, 4],
    }


def test_integers_are_widened():
    a, b = source("a", {"n": pa.array([1], pa.int16())}), source("b", {"n": pa.array([2**40], pa.int64())})

    assert agree([a, b])[0].datatype is Datatype.LONG
    assert merged(a, b) == {"n": [1, 2**40]}


def test_a_column_without_values_in_one_file_takes_the_type_of_the_other():
    assert merged(source("a", {"n": pa.nulls(1)}), source("b", {"n": [1.5]})) == {"n": [None, 1.5]}


def test_a_column_missing_from_one_of_many_is_named():
    with pytest.raises(IngestError, match=r"b\.csv: column 'mag' is missing \(a\.csv has it\)"):
        agree([source("a.csv", {"ra": [1], "mag": [1]}), source("b.csv", {"ra": [1]})])
    with pytest.raises(IngestError, match=r"a\.csv: column 'mag' is missing \(b\.csv has it\)"):
        agree([source("a.csv", {"ra": [1]}), source("b.csv", {"ra": [1], "mag": [1]})])


def test_types_that_disagree_are_named():
    with pytest.raises(IngestError, match=r"b\.csv: column 'n' is unicodeChar\[\*\], but long in a\.csv"):
        agree([source("a.csv", {"n": [1]}), source("b.csv", {"n": ["x"]})])


def test_names_that_differ_in_case_only_are_refused():
    with pytest.raises(IngestError, match=r"a: column 'Mag' differs from 'mag' in case only"):
        agree([source("a", {"mag": [1], "Mag": [2]})])


@pytest.mark.parametrize("name", ["", " ", 'a"b', "a\nb"])
def test_impossible_names_are_refused(name):
    with pytest.raises(IngestError, match="cannot be a column's name"):
        agree([source("a", {name: [1]})])


def test_nan_becomes_null():
    rows = merged(source("a", {"x": [1.0, float("nan"), None, float("inf")]}))

    assert rows == {"x": [1.0, None, None, float("inf")]}


def test_every_type_has_a_form():
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    table = pa.table(
        {
            "half": pa.array([1.5], pa.float16()),
            "large": pa.array(["x"], pa.large_string()),
            "words": pa.array(["x"]).dictionary_encode(),
            "bytes": pa.array([b"\x01\x02"]),
            "price": pa.array([decimal.Decimal("1.25")]),
            "day": pa.array([dt.date(2026, 1, 1)]),
            "zoned": pa.array([noon], pa.timestamp("ns", "Europe/Berlin")),
            "unsigned": pa.array([7], pa.uint64()),
            "list": pa.array([[1.0, 2.0]], pa.list_(pa.float32())),
        }
    )

    assert merged(source("a", table)) == {
        "half": [1.5],
        "large": ["x"],
        "words": ["x"],
        "bytes": [[1, 2]],
        "price": [1.25],
        "day": [dt.datetime(2026, 1, 1)],  # noqa: DTZ001 - a column has no zone
        "zoned": [noon.replace(tzinfo=None)],
        "unsigned": [7],
        "list": [[1.0, 2.0]],
    }


def test_a_value_that_does_not_fit_is_named_with_its_row():
    numbers = pa.table({"n": pa.array([1, 2, 2**63, 4], pa.uint64())})
    a = source("big.parquet", numbers)

    with pytest.raises(
        IngestError, match=r"big\.parquet: column 'n', row 3: 9223372036854775808 does not fit long"
    ):
        merged(a)


def test_bytes_of_a_slice_are_those_of_the_slice():
    table = pa.table({"b": pa.array([b"a", b"bc", None, b"d"])})
    sliced = RowSource("a", columns_of(table.schema), table.schema, lambda: iter(table.slice(1).to_batches()))

    assert merged(sliced) == {"b": [[98, 99], None, [100]]}
