"""What is known of a table's rows without reading them."""

from __future__ import annotations

from math import erf, inf, nan, sqrt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.catalogs.statistics import ColumnFacts, Sample, TableStatistics, read_statistics, zones_of
from sciplat.sky.healpix import ORDER

ORDER_OF_MAP = 3
WIDTH = 1 << 2 * (ORDER - ORDER_OF_MAP)


def statistics(**columns: object) -> TableStatistics:
    cells = np.array([5, 6, 100])
    return TableStatistics(
        175,
        np.array([100, 75]),
        ORDER_OF_MAP,
        cells,
        np.array([0, 50, 150, 175]),
        columns,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("ranges", "rows"),
    [
        ([(0, 12 * 4**ORDER)], 175),
        ([(5 * WIDTH, 7 * WIDTH)], 150),
        ([(5 * WIDTH, 5 * WIDTH + WIDTH // 2)], 25),
        ([(5 * WIDTH + WIDTH // 2, 6 * WIDTH + WIDTH // 4)], 50),
        ([(7 * WIDTH, 90 * WIDTH)], 0),
        ([(5 * WIDTH, 6 * WIDTH), (100 * WIDTH, 200 * WIDTH)], 75),
        ([(101 * WIDTH, 120 * WIDTH)], 0),
        ([], 0),
    ],
)
def test_rows_in_cells_are_counted_and_shared_out_within_a_cell(ranges, rows: int) -> None:
    assert statistics().rows_in(ranges) == pytest.approx(rows)


def test_row_groups_that_cannot_match_are_known() -> None:
    found = statistics(id=ColumnFacts(0, 100, zones=zones_of([0, 50], [49, 99])))

    assert found.groups_with("id", [(10, 20)]).tolist() == [True, False]
    assert found.groups_with("id", [(45, 55)]).tolist() == [True, True]
    assert found.groups_with("id", [(1, 2), (200, 300)]).tolist() == [True, False]
    assert found.groups_with("id", [(-inf, inf)]).tolist() == [True, True]
    assert found.groups_with("id", []).tolist() == [False, False]
    assert found.groups_with("other", [(1, 2)]).tolist() == [True, True]


def test_large_ids_are_compared_with_all_their_digits() -> None:
    found = statistics(id=ColumnFacts(0, 2, zones=zones_of([2**62, 2**62 + 2], [2**62, 2**62 + 2])))

    assert found.groups_with("id", [(2**62 + 2, 2**62 + 2)]).tolist() == [False, True]


def test_groups_without_values_match_nothing_and_nan_hides_what_is_there() -> None:
    found = statistics(x=ColumnFacts(0, 2, zones=zones_of([None, nan], [None, nan])))

    assert found.groups_with("x", [(1.0, 2.0)]).tolist() == [False, True]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    sample = Sample()
    sample.add(pa.record_batch({"x": pa.array([1.5, None, nan, 4.0]), "t": ["a", "b", "b", None]}))
    known = statistics(**sample.columns())

    known.write(tmp_path / "statistics.npz")
    found = read_statistics(tmp_path / "statistics.npz")

    assert found.rows_in([(0, 12 * 4**ORDER)]) == 175
    assert found.columns["x"].nulls == 0.5
    assert found.columns["x"].quantiles is not None
    assert found.columns["x"].quantiles[[0, -1]].tolist() == [1.5, 4.0]
    assert found.columns["t"].quantiles is None
    assert found.columns["t"].distinct == pytest.approx(2, abs=1)


@given(low=st.floats(-3, 3), width=st.floats(0.2, 6))
def test_quantiles_tell_the_part_of_values_in_an_interval(low: float, width: float) -> None:
    found = NORMAL.columns()["x"].within([(low, low + width)])

    assert found == pytest.approx(phi(low + width) - phi(low), abs=0.02)


def phi(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def normal() -> Sample:
    sample = Sample()
    rng = np.random.default_rng(1)
    for _ in range(10):
        sample.add(pa.record_batch({"x": rng.normal(size=20_000)}))
    return sample


NORMAL = normal()


def test_different_values_are_counted_however_the_rows_are_sorted() -> None:
    sample = Sample()
    ids = np.repeat(np.arange(20_000), 25)
    for start in range(0, len(ids), 30_000):
        sample.add(
            pa.record_batch(
                {"id": ids[start : start + 30_000], "key": np.arange(start, min(start + 30_000, len(ids)))}
            )
        )

    found = sample.columns()

    assert found["id"].distinct == pytest.approx(20_000, rel=0.2)
    assert found["key"].distinct == pytest.approx(len(ids), rel=0.05)


def test_a_value_beyond_the_sample_may_be_there() -> None:
    facts = NORMAL.columns()["x"]

    assert facts.within([(99.0, 99.0)]) == pytest.approx(1 / facts.distinct)
    assert facts.within([(98.0, 99.0)]) == 0
