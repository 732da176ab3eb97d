"""From the words of questions about charts to those of the verbs, and back."""

from __future__ import annotations

import math
from typing import Any

from sciplat.services.rows_axes import Axis
from sciplat.services.rows_brush import Brush, ChartAxes, Polygon, Span
from sciplat.services.rows_statistics import Statistics
from sciplat.tables.bins import Bins
from sciplat.vo.schema import Column
from sciplat.wire.rows import (
    AxisRequest,
    AxisResponse,
    ChartRequest,
    ColumnStatistics,
    PolygonRequest,
    SpanRequest,
)

__all__ = ["axis_of", "brush_of", "chart_of", "cut", "statistics_of"]

_EXACT = 2**53


def axis_of(asked: AxisRequest) -> Axis:
    """Return the axis that a question speaks of."""
    return Axis(asked.expression, asked.bins, asked.scale, asked.low, asked.high)


def chart_of(asked: ChartRequest) -> ChartAxes:
    """Return the chart that a question speaks of."""
    return ChartAxes(axis_of(asked.x), None if asked.y is None else axis_of(asked.y))


def brush_of(asked: SpanRequest | PolygonRequest | None) -> Brush | None:
    """Return the brush that a question speaks of."""
    match asked:
        case SpanRequest():
            return Span(asked.x, asked.y)
        case PolygonRequest():
            return Polygon(asked.corners)
        case None:
            return None


def cut(bins: Bins, column: Column | None = None) -> AxisResponse:
    """Return how an axis was cut."""
    return AxisResponse(
        edges=list(bins.edges), scale=bins.scale, unit=None if column is None else column.unit
    )


def statistics_of(found: Statistics) -> ColumnStatistics:
    """Return what is known of a column."""
    return ColumnStatistics(
        name=found.column.name,
        unit=found.column.unit,
        missing=found.missing,
        nan=found.nan,
        minimum=_sent(found.minimum),
        maximum=_sent(found.maximum),
        mean=found.mean,
        deviation=found.deviation,
        quantiles=None if found.quantiles is None else list(found.quantiles),
    )


def _sent(value: Any) -> float | str | None:
    """Return a value as JSON has it: what a number of JSON cannot hold is a string."""
    match value:
        case None | str():
            return value
        case bool():
            return float(value)
        case int():
            return value if abs(value) <= _EXACT else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
