# SPDX-License-Identifier: BSD-3-Clause
"""What can be asked of the rows of a result, and the answers that are JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "AskBrush",
    "AskCount",
    "AskDensity",
    "AskHistogram",
    "AskPage",
    "AskSample",
    "AskStatistics",
    "AxisRequest",
    "AxisResponse",
    "BrushFacts",
    "ChartRequest",
    "ColumnStatistics",
    "ConditionSelectionRequest",
    "CountResponse",
    "DensityFacts",
    "DerivedRequest",
    "HistogramResponse",
    "LassoSelectionRequest",
    "PolygonRequest",
    "RangeSelectionRequest",
    "RelationRequest",
    "RowSelectionRequest",
    "SampleFacts",
    "SelectionRequest",
    "SortKeyRequest",
    "SourceRequest",
    "SpanRequest",
    "StatisticsResponse",
]

Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""In ADQL, of the columns of one table."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceRequest(_Strict):
    """A result of a job or query."""

    kind: Literal["job"] = "job"
    job: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,40}$")]
    result: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] = "result"


class DerivedRequest(_Strict):
    """A column that is worked out of others."""

    name: ColumnName
    expression: Expression
    unit: Annotated[str, StringConstraints(max_length=100)] | None = None
    ucd: Annotated[str, StringConstraints(max_length=100)] | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] = ""


class SortKeyRequest(_Strict):
    """A column by which rows are sorted."""

    column: ColumnName
    descending: bool = False


class RelationRequest(_Strict):
    """A table as it is seen."""

    source: SourceRequest
    derive: Annotated[tuple[DerivedRequest, ...], Field(max_length=50)] = ()
    """In order: a later one may name an earlier one."""
    filter: Expression | None = None
    """A condition in ADQL."""
    sort: Annotated[tuple[SortKeyRequest, ...], Field(max_length=8)] = ()


class RangeSelectionRequest(_Strict):
    """Rows for which expressions lie within bounds, ends included."""

    kind: Literal["ranges"] = "ranges"
    ranges: Annotated[
        tuple[tuple[Expression, Number | None, Number | None], ...], Field(min_length=1, max_length=8)
    ]


class LassoSelectionRequest(_Strict):
    """Rows whose point of two expressions lies in a polygon (even-odd rule)."""

    kind: Literal["lasso"] = "lasso"
    x: Expression
    y: Expression
    corners: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3, max_length=500)]


class ConditionSelectionRequest(_Strict):
    """Rows for which a condition in ADQL holds."""

    kind: Literal["condition"] = "condition"
    condition: Expression


class RowSelectionRequest(_Strict):
    """Rows by their numbers in the table as it came, from 0."""

    kind: Literal["rows"] = "rows"
    rows: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(max_length=10_000)]


SelectionRequest = Annotated[
    RangeSelectionRequest | LassoSelectionRequest | ConditionSelectionRequest | RowSelectionRequest,
    Field(discriminator="kind"),
]


class AskPage(_Strict):
    """Some rows of a relation."""

    relation: RelationRequest
    offset: Annotated[int, Field(ge=0, le=10**12)] = 0
    limit: Annotated[int, Field(ge=0, le=10_000)] = 1000
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1, max_length=2000)] | None = None
    """Those that are wanted, in this order; None for all."""
    rows: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(max_length=10_000)] | None = None
    """Instead of a page, these rows by their numbers in the table as it came, from 0."""


class AskCount(_Strict):
    """How many rows there are."""

    relation: RelationRequest
    selection: SelectionRequest | None = None


class CountResponse(BaseModel):
    """How many rows there are, exactly."""

    fingerprint: str
    """Of the question: it is the ETag too."""
    total: int
    """In the table as it came."""
    seen: int
    """Those for which the filter holds."""
    selected: int | None
    """Those of them that are selected."""
    overflow: bool
    """The result itself was cut: there were more."""


class AskStatistics(_Strict):
    """What the values of columns are like, of the rows that are seen."""

    relation: RelationRequest
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1, max_length=50)]


class ColumnStatistics(BaseModel):
    """What the values of one column are like."""

    name: str
    unit: str | None
    missing: int
    """Rows with NULL."""
    nan: int
    """Rows with NaN."""
    minimum: float | str | None
    """Texts, times, infinities and integers beyond 2**53 are strings."""
    maximum: float | str | None
    mean: float | None
    """Of numbers below 1e150, as the following."""
    deviation: float | None
    """Standard deviation, with n - 1."""
    quantiles: list[float] | None
    """At 5, 25, 50, 75 and 95 percent, approximate."""


class StatisticsResponse(BaseModel):
    """What the values of columns are like, of the rows that are seen."""

    fingerprint: str
    columns: list[ColumnStatistics]


class AxisRequest(_Strict):
    """An expression, and where it is cut into bins."""

    expression: Expression
    bins: Annotated[int, Field(ge=1, le=2000)] = 64
    scale: Literal["linear", "log"] = "linear"
    low: Number | None = None
    """Of the first bin; None takes the least finite number that is seen, on a logarithmic axis above 0."""
    high: Number | None = None


class AxisResponse(BaseModel):
    """How an axis was cut: each bin holds its lower edge and not its upper one, the last one both."""

    edges: list[float]
    scale: Literal["linear", "log"]
    unit: str | None = None


class AskHistogram(_Strict):
    """How many rows lie in the bins of an axis."""

    relation: RelationRequest
    axis: AxisRequest
    selection: SelectionRequest | None = None


class HistogramResponse(BaseModel):
    """How many rows lie in the bins of an axis, exactly."""

    fingerprint: str
    axis: AxisResponse
    counts: list[int]
    below: int
    above: int
    missing: int
    """Rows without a value."""
    selected: list[int] | None
    """Of each bin the rows that are selected."""


class AskDensity(_Strict):
    """How many rows lie in the bins of two axes."""

    relation: RelationRequest
    x: AxisRequest
    y: AxisRequest
    selection: SelectionRequest | None = None
    """Only rows that are selected count."""


class DensityFacts(BaseModel):
    """What is said beside the counts of a density."""

    fingerprint: str
    x: AxisResponse
    y: AxisResponse
    outside: int
    """Rows that have both values, of which one lies in no bin."""
    missing: int
    """Rows that lack a value."""


class AskSample(_Strict):
    """Values of all rows while they are few, else of some that are drawn at random."""

    relation: RelationRequest
    expressions: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=8)]
    needed: Annotated[int, Field(ge=0, le=8)] = 2
    """How many of the expressions, from the first on, must be finite numbers: other rows are left out."""
    most: Annotated[int, Field(ge=1, le=200_000)] = 50_000
    selection: SelectionRequest | None = None


class SampleFacts(BaseModel):
    """What is said beside the values of a sample."""

    fingerprint: str
    rows: int
    of: int
    """If these are more, the rows are a random sample of them, the same each time."""
    units: list[str | None]
    """Of the expressions, where they are known."""


class ChartRequest(_Strict):
    """A histogram of one axis, or a density of two."""

    x: AxisRequest
    y: AxisRequest | None = None


class SpanRequest(_Strict):
    """A brush from one number to another, on each axis of its chart."""

    kind: Literal["span"] = "span"
    x: tuple[Number, Number]
    y: tuple[Number, Number] | None = None


class PolygonRequest(_Strict):
    """A lasso on a density."""

    kind: Literal["lasso"] = "lasso"
    corners: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3, max_length=500)]


class AskBrush(_Strict):
    """The counts of charts of the rows under a brush on one of them."""

    relation: RelationRequest
    charts: Annotated[tuple[ChartRequest, ...], Field(min_length=1, max_length=4)]
    active: Annotated[int, Field(ge=0, le=3)]
    """Which chart has the brush, from 0."""
    brush: Annotated[SpanRequest | PolygonRequest, Field(discriminator="kind")] | None = None
    """None counts all rows, and makes ready for brushes."""
    selection: SelectionRequest | None = None
    """Of the rows that count at all: those under the brushes of other charts."""


class BrushFacts(BaseModel):
    """What is said beside the counts under a brush."""

    fingerprint: str
    rows: int
    """Under the brush."""
    x: tuple[float, float] | None
    """The brush as it was counted: it has snapped to edges of bins. Ends included: as a selection by ranges
    they hold exactly these rows."""
    y: tuple[float, float] | None
    charts: list[list[AxisResponse]]
    """The one or two axes of each."""
