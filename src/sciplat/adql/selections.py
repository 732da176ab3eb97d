"""What every row of a table has, in the engine's SQL: a number, a truth, or a place in an order."""

from __future__ import annotations

from collections.abc import Sequence

from sciplat.adql.build import real_text
from sciplat.adql.expressions import Columns
from sciplat.adql.kinds import Kind

__all__ = ["condition_select", "number_select", "ranges_select", "sort_select"]


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


def sort_select(
    columns: Columns, keys: Sequence[tuple[str, bool]], condition: str, source: str, *, number: str
) -> str:
    """Return the query of the numbers of the rows, sorted; raises as `Columns.column` and `condition` do.

    Parameters
    ----------
    keys
        Pairs of a column and whether it descends. What is NULL or NaN comes last, whichever way.
    condition
        Only of rows for which it holds; of all, if it is empty.
    number
        The column of ``source`` with the numbers of its rows, by which rows that are alike are sorted.
    """
    values = [columns.column(name) for name, _ in keys]
    terms = []
    for value, (_, descending) in zip(values, keys, strict=True):
        is_real = value.kind is Kind.FLOAT
        term = f"CASE WHEN NOT ISNAN({value.sql}) THEN {value.sql} END" if is_real else value.sql
        terms.append(f"{term} {'DESC' if descending else 'ASC'} NULLS LAST")
    where = ""
    if condition:
        test = columns.condition(condition)
        values.append(test)
        where = f" WHERE {test.sql}"
    order = ", ".join([*terms, f'"{number}"'])
    return f'SELECT "{number}" AS v FROM {columns.table_sql(source, *values)}{where} ORDER BY {order}'
