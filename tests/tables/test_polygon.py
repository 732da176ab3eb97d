"""Points in polygons, with the grid and without."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.tables.polygon import many_within, within

PLACES = st.one_of(st.integers(-4, 4).map(float), st.floats(-4, 4), st.sampled_from([1e-300, -1e-300]))
CORNERS = st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=12)


@settings(max_examples=examples(50))
@given(CORNERS, st.lists(st.tuples(st.floats(width=64), PLACES), max_size=20), st.integers(0, 2**32))
def test_the_grid_changes_nothing(corners: list, points: list, seed: int) -> None:
    random = np.random.default_rng(seed)
    near = [(x + d, y + e) for x, y in corners for d, e in random.normal(0, 1e-3, (3, 2))]
    spread = random.uniform(-4, 4, (200, 2)).tolist()
    x, y = np.array([*points, *corners, *near, *spread]).T

    assert many_within(x, y, corners).tolist() == within(x, y, corners).tolist()


@pytest.mark.parametrize("turns", [1, 7, 499])
def test_stars_that_cross_themselves_are_exact(turns: int) -> None:
    corners = [(3 * math.sin(i * turns * 0.77), 2 * math.cos(i * turns * 0.77)) for i in range(500)]
    random = np.random.default_rng(turns)
    x, y = random.normal(0, 2, (2, 20_000))

    found = many_within(x, y, corners)

    assert found.any()
    assert found.tolist() == within(x, y, corners).tolist()


def test_a_flat_lasso_holds_nothing() -> None:
    x = y = np.array([0.0, 1.0, 2.0])

    assert not many_within(x, y, [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0)]).any()
    assert not many_within(x, y, [(1.0, 0.0), (1.0, 2.0), (1.0, 1.0)]).any()
