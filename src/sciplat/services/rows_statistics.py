"""Describe the values of columns of a relation in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sciplat.adql.expressions import Value
from sciplat.adql.kinds import NUMBERS, Kind
from sciplat.services.rows import SPOOL, Rows
from sciplat.vo.schema import Column

__all__ = ["QUANTILES", "Statistics", "statistics"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_LARGEST = "1e150"
"""The squares of ten million such numbers have a sum."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the values of one column."""

    column: Column
    missing: int
    """Rows that have NULL."""
    nan: int
    """Rows that have NaN."""
    minimum: Any
    """Without NULL and NaN; None where there is none, or the values have no order."""
    maximum: Any
    mean: float | None
    """Of numbers below 1e150, as the following."""
    deviation: float | None
    """Standard deviation, with n - 1."""
    quantiles: tuple[float, ...] | None
    """At `QUANTILES`, approximate (t-digest)."""


def statistics(rows: Rows, names: tuple[str, ...]) -> tuple[Statistics, ...]:
    """Return what is known of columns, in their order, for the rows that are seen.

    Raises
    ------
    UsageError
        There is no such column.
    """
    values = [rows.columns.column(name) for name in names]
    condition = rows.relation.condition
    test = None if condition is None else rows.columns.condition(condition)
    parts = [
        f"{term} AS s{place}_{number}"
        for place, value in enumerate(values)
        for number, term in enumerate(_terms(value))
    ]
    needed = values if test is None else [*values, test]
    where = "" if test is None else f" WHERE {test.sql}"
    sql = f"SELECT {', '.join(parts)} FROM {rows.columns.table_sql(SPOOL, *needed)}{where}"
    (found,) = rows.ask(sql).to_pylist()
    return tuple(
        _statistics(value.column, [found[f"s{place}_{number}"] for number in range(7)])
        for place, value in enumerate(values)
    )


def _terms(value: Value) -> tuple[str, ...]:
    """Return the SQL of missing, NaN, minimum, maximum, mean, deviation and quantiles."""
    sql, missing = value.sql, f"COUNT(*) - COUNT({value.sql})"
    if value.kind in NUMBERS or (value.kind is Kind.OTHER and value.column.arraysize is None):
        number = f"CAST({sql} AS DOUBLE)"
        finite = f"CASE WHEN ABS({number}) < {_LARGEST} THEN {number} END"
        valued = sql if value.kind is not Kind.FLOAT else f"CASE WHEN NOT ISNAN({sql}) THEN {sql} END"
        at = ", ".join(map(str, QUANTILES))
        return (
            missing,
            f"COUNT_IF(ISNAN({number}))",
            f"MIN({valued})",
            f"MAX({valued})",
            f"AVG({finite})",
            f"STDDEV_SAMP({finite})",
            f"APPROX_QUANTILE({finite}, [{at}])",
        )
    if value.kind in (Kind.TEXT, Kind.TIME):
        return (missing, "0", f"MIN({sql})", f"MAX({sql})", "NULL", "NULL", "NULL")
    return (missing, "0", *["NULL"] * 5)


def _statistics(column: Column, found: list[Any]) -> Statistics:
    missing, nan, low, high, mean, deviation, quantiles = found
    return Statistics(
        column, missing, nan, low, high, mean, deviation, None if quantiles is None else tuple(quantiles)
    )
