"""Rows that somebody has chosen, in the engine's SQL: a truth for each row of a table, in its order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from sciplat.adql.build import real_text
from sciplat.adql.expressions import Columns

__all__ = ["condition_select", "lasso_select", "number_select", "ranges_select"]

Corners = Sequence[tuple[float, float]]

_MOST_TESTS = 4000
"""Edges that are tested, counted once for each strip between two corners' heights that they cross."""


def number_select(columns: Columns, expression: str, source: str) -> str:
    """Return the query of an expression's value in each row, DOUBLE; NaN where it has none.

    Raises
    ------
    ADQLError
        The expression is wrong, or its value is no number.
    """
    value = columns.number(expression)
    return f"SELECT COALESCE({value.sql}, 'nan'::DOUBLE) AS v FROM {columns.table_sql(source, value)}"


def condition_select(columns: Columns, condition: str, source: str) -> str:
    """Return the query of whether a condition holds in each row; raises `ADQLError`."""
    value = columns.condition(condition)
    return f"SELECT COALESCE({value.sql}, FALSE) AS v FROM {columns.table_sql(source, value)}"


def ranges_select(
    columns: Columns, ranges: Sequence[tuple[str, float | None, float | None]], source: str
) -> str:
    """Return the query of whether each expression lies within its bounds, ends included; raises `ADQLError`.

    NULL and NaN lie within none.
    """
    values, tests = [], []
    for place, (expression, low, high) in enumerate(ranges):
        values.append(columns.number(expression))
        tests.append(f"NOT ISNAN(x{place})")
        if low is not None:
            tests.append(f"x{place} >= {real_text(low)}")
        if high is not None:
            tests.append(f"x{place} <= {real_text(high)}")
    named = ", ".join(f"{value.sql} AS x{place}" for place, value in enumerate(values))
    inner = f"SELECT {named} FROM {columns.table_sql(source, *values)}"
    return f"SELECT COALESCE({' AND '.join(tests)}, FALSE) AS v FROM ({inner})"


def lasso_select(columns: Columns, x: str, y: str, corners: Corners, source: str) -> str:
    """Return the query of whether the point of two expressions lies in a polygon, by the even-odd rule.

    An edge counts where its ends are on two sides of the point's height, and it is met to the right of the
    point: so points on left and lower edges lie within, those on right and upper ones not. Raises
    `ADQLError`.
    """
    across, up = columns.number(x), columns.number(y)
    inner = f"SELECT {across.sql} AS x, {up.sql} AS y FROM {columns.table_sql(source, across, up)}"
    left, right = (real_text(pick(corner[0] for corner in corners)) for pick in (min, max))
    low, high = (real_text(pick(corner[1] for corner in corners)) for pick in (min, max))
    test = f"x >= {left} AND x <= {right} AND y >= {low} AND y < {high} AND {_within(corners)}"
    return f"SELECT COALESCE({test}, FALSE) AS v FROM ({inner})"


def _within(corners: Corners) -> str:
    edges = [
        (*one, *other)
        for one, other in zip(corners, [*corners[1:], corners[0]], strict=True)
        if one[1] != other[1]
    ]
    heights = sorted({corner[1] for corner in corners})
    strips: list[list[str]] = [[] for _ in heights[1:]]
    count = 0
    for x1, y1, x2, y2 in edges:
        first, last = (bisect_left(heights, height) for height in sorted((y1, y2)))
        count += last - first
        if count > _MOST_TESTS:
            return _plainly(edges)
        for strip in strips[first:last]:
            strip.append(_met(x1, y1, x2, y2))
    return _search(heights, strips, 0, len(strips)) if strips else "FALSE"


def _search(heights: list[float], strips: list[list[str]], first: int, end: int) -> str:
    """Find the strip of a point's height by halves: the engine then tests the edges of this strip alone."""
    if end - first == 1:
        return _odd(strips[first])
    middle = (first + end) // 2
    below = _search(heights, strips, first, middle)
    above = _search(heights, strips, middle, end)
    return f"(CASE WHEN y < {real_text(heights[middle])} THEN {below} ELSE {above} END)"


def _plainly(edges: list[tuple[float, float, float, float]]) -> str:
    return _odd(
        [
            f"((({real_text(y1)} > y) <> ({real_text(y2)} > y)) AND {_met(x1, y1, x2, y2)})"
            for x1, y1, x2, y2 in edges
        ]
    )


def _odd(tests: list[str]) -> str:
    """Return whether an odd number of tests holds; in a tree, since hundreds must not nest so deep."""
    while len(tests) > 1:
        pairs = [f"({one} <> {other})" for one, other in zip(tests[::2], tests[1::2], strict=False)]
        tests = [*pairs, *tests[len(pairs) * 2 :]]
    return tests[0] if tests else "FALSE"


def _met(x1: float, y1: float, x2: float, y2: float) -> str:
    run, rise = real_text(x2 - x1), real_text(y2 - y1)
    return f"(x < {run} * (y - {real_text(y1)}) / {rise} + {real_text(x1)})"
