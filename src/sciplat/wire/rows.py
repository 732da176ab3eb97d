# SPDX-License-Identifier: BSD-3-Clause
"""What can be asked of the rows of a result, and the answers that are JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "AskCount",
    "AskPage",
    "ConditionSelectionRequest",
    "CountResponse",
    "DerivedRequest",
    "LassoSelectionRequest",
    "RangeSelectionRequest",
    "RelationRequest",
    "RowSelectionRequest",
    "SelectionRequest",
    "SortKeyRequest",
    "SourceRequest",
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
