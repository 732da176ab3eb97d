"""Bins: which numbers lie in which, compared one by one."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.tables.bins import Bins, choose, count, count_pairs

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


def _place(value: float, bins: Bins) -> int:
    """As it is written: lower edges belong to a bin, upper ones to the next, the last one to the last."""
    n = bins.number
    if math.isnan(value):
        return n + 2
    if value < bins.edges[0]:
        return n
    if value > bins.edges[-1]:
        return n + 1
    return min(n - 1, bisect_right(bins.edges, value) - 1)


@settings(max_examples=examples(300))
@given(
    low=FINITE,
    width=st.floats(1e-6, 1e9),
    number=st.integers(1, 50),
    scale=st.sampled_from(["linear", "log"]),
    values=st.lists(st.floats(width=64), max_size=20),
    turn=st.integers(-3, 3),
)
def test_each_number_lies_where_comparisons_with_the_edges_say(
    low, width, number, scale, values, turn
) -> None:
    if scale == "log":
        low = abs(low) + 1e-200
    try:
        bins = choose(low, low + width, number, scale=scale)
    except UsageError:
        return
    near = [np.nextafter(edge, turn * math.inf) if turn else edge for edge in bins.edges]
    values = np.array([*values, *bins.edges, *near, math.nan, math.inf, -math.inf])

    found = bins.places(values)

    assert found.tolist() == [_place(float(value), bins) for value in values]


def test_uneven_edges_are_looked_up() -> None:
    bins = Bins((0.0, 1.0, 1.5, 100.0))

    assert bins.places(np.array([0, 1, 1.4, 1.5, 100, 101, -1])).tolist() == [0, 1, 1, 2, 2, 4, 3]


@pytest.mark.parametrize(("low", "high", "number"), [(0, 1, 64), (0, 9, 10), (-5, 1000, 64), (3, 3, 10)])
def test_bins_of_whole_numbers_hold_as_many_of_them_each(low: int, high: int, number: int) -> None:
    bins = choose(low, high, number, whole=True)

    held = np.bincount(bins.places(np.arange(low, high + 1, dtype=np.float64)), minlength=bins.number)
    assert bins.number <= number
    assert held[bins.number :].sum() == 0
    assert len(set(held[: bins.number - 1])) <= 1
    assert {b - a for a, b in pairwise(bins.edges)} == {bins.edges[1] - bins.edges[0]}


@pytest.mark.parametrize(
    ("low", "high", "scale", "message"),
    [
        (2.0, 1.0, "linear", "from its lower end"),
        (0.0, 1.0, "log", "above 0"),
        (1.0, 1.0000000000000002, "linear", "told apart"),
        (-1.7e308, 1.7e308, "linear", "told apart"),
    ],
)
def test_axes_that_cannot_be_cut_are_refused(low: float, high: float, scale: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose(low, high, 64, scale=scale)


def test_counts_are_those_of_the_rows_that_are_seen() -> None:
    bins = choose(0.0, 4.0, 4)
    x, y = np.array([0.5, 1.5, 1.5, 9.0, math.nan]), np.array([0.5, 3.5, 3.5, 0.0, 1.0])
    mask = np.array([True, True, False, True, True])

    assert count(bins.places(x), 4, mask).tolist() == [1, 1, 0, 0, 0, 1, 1]
    pairs = count_pairs(bins.places(x), bins.places(y), (4, 4), mask)
    assert (pairs[0, 0], pairs[1, 3], pairs[5, 0], pairs[6, 1], pairs.sum()) == (1, 1, 1, 1, 4)
