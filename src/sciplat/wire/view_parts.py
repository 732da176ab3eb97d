# SPDX-License-Identifier: BSD-3-Clause
"""What operations on views are made of: names, sources of rows, selections, axes, what tools ask for."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

__all__ = [
    "Centre",
    "ChartForm",
    "Colour",
    "ColumnName",
    "Condition",
    "DatasetSource",
    "Encoding",
    "Expression",
    "JobSource",
    "Json",
    "Name",
    "Number",
    "Parameter",
    "PixelSource",
    "Row",
    "Selection",
    "SortKey",
    "Strict",
    "TableSource",
    "Title",
    "UploadSource",
    "Value",
    "Where",
]

_DEEPEST = 20
_WIDEST = 2**53
"""Whole numbers up to here are exact in JavaScript too."""


class Strict(BaseModel):
    """A model that takes no field it does not know, and no number that JSON has not."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    def model_post_init(self, context: object, /) -> None:
        """Count as said what tells one kind from another."""
        self.__pydantic_fields_set__.update({"op", "kind"} & set(type(self).model_fields))


def _plain(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return a value if every reader of JSON understands it."""
    if depth > _DEEPEST:
        raise ValueError(f"at most {_DEEPEST} levels")
    match value:
        case dict():
            for key, each in value.items():
                _plain(key)
                _plain(each, depth + 1)
        case list():
            for each in value:
                _plain(each, depth + 1)
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("text that is not Unicode") from None
        case bool() | None:
            pass
        case float() if not math.isfinite(value):
            raise ValueError("a number that is not finite")
        case int() if abs(value) > _WIDEST:
            raise ValueError("a whole number beyond 2^53; send it as text")
    return value


Json = Annotated[dict[str, JsonValue], AfterValidator(_plain)]
"""An object of JSON."""

_LINE = r"^[^\x00-\x1f\x7f]*$"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
"""Of an entity of a view."""

Title = Annotated[str, StringConstraints(max_length=200, pattern=_LINE)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""In ADQL, of the columns of one table."""

Condition = Expression
"""In ADQL, true or false of a row."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_LINE)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Row = Annotated[int, Field(ge=0, lt=_WIDEST)]
"""The number of a row in the table as it came, from 0."""

Number = float


class JobSource(Strict):
    """A result of a job or query, which is never run again to be seen."""

    kind: Literal["job"] = "job"
    job: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,40}$")]
    result: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] = "result"


class UploadSource(Strict):
    """A file that somebody sent."""

    kind: Literal["upload"] = "upload"
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    name: Title


class DatasetSource(Strict):
    """A dataset of a release."""

    kind: Literal["dataset"] = "dataset"
    id: Annotated[str, StringConstraints(pattern=r"^ivo://[!-~]+$", max_length=300)]
    """Its publisher's identifier (ObsCore 1.1, `obs_publisher_did`)."""


TableSource = Annotated[JobSource | UploadSource, Field(discriminator="kind")]
"""Where rows come from."""

PixelSource = Annotated[DatasetSource | UploadSource, Field(discriminator="kind")]
"""Where pixels come from."""


class SortKey(Strict):
    """A column by which rows are sorted."""

    column: ColumnName
    descending: bool = False


class RangeSelection(Strict):
    """Rows for which expressions lie within bounds, ends included: a brush on one axis, or a box on two."""

    kind: Literal["ranges"] = "ranges"
    ranges: Annotated[
        tuple[tuple[Expression, Number | None, Number | None], ...], Field(min_length=1, max_length=8)
    ]
    """Expression, lowest value and highest value of each; null for no bound."""


class LassoSelection(Strict):
    """Rows whose point of two expressions lies in a polygon."""

    kind: Literal["lasso"] = "lasso"
    x: Expression
    y: Expression
    corners: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3, max_length=500)]


class ConditionSelection(Strict):
    """Rows for which a condition in ADQL holds."""

    kind: Literal["condition"] = "condition"
    condition: Condition


class RowSelection(Strict):
    """Rows by their numbers."""

    kind: Literal["rows"] = "rows"
    rows: Annotated[tuple[Row, ...], Field(max_length=10_000)]


Selection = Annotated[
    RangeSelection | LassoSelection | ConditionSelection | RowSelection, Field(discriminator="kind")
]
"""Some rows of a table."""

ChartForm = Literal["scatter", "density", "histogram"]


class Encoding(Strict):
    """What an axis of a chart shows."""

    expression: Expression
    error: Expression | None = None
    """As long as the bar to each side; or as the bar below, where `error_above` is there."""
    error_above: Expression | None = None
    label: Title | None = None
    scale: Literal["linear", "log"] = "linear"
    reversed: bool = False
    low: Number | None = None
    """Where the axis begins; null for where the values do."""
    high: Number | None = None


class Centre(Strict):
    """Which part of an image is seen."""

    x: Number
    """Pixels, from 0 in the middle of the first one, in the full image."""
    y: Number
    zoom: Annotated[float, Field(gt=0)]
    """Pixels of the screen a pixel."""


class NumberParameter(Strict):
    """A number."""

    kind: Literal["number"] = "number"
    title: Title = ""
    unit: Title = ""
    minimum: Number | None = None
    maximum: Number | None = None
    default: Number | None = None


class TextParameter(Strict):
    """A line of text."""

    kind: Literal["text"] = "text"
    title: Title = ""
    default: Title | None = None


class ChoiceParameter(Strict):
    """One of some words."""

    kind: Literal["choice"] = "choice"
    title: Title = ""
    choices: Annotated[tuple[Title, ...], Field(min_length=1, max_length=100)]
    default: Title | None = None


class SwitchParameter(Strict):
    """Yes or no."""

    kind: Literal["switch"] = "switch"
    title: Title = ""
    default: bool = False


Parameter = Annotated[
    NumberParameter | TextParameter | ChoiceParameter | SwitchParameter, Field(discriminator="kind")
]
"""What a tool asks of who uses it; without a default it must be said."""

Value = bool | Number | Title
"""Of a parameter."""


class Point(Strict):
    """A place on an image or the sky."""

    kind: Literal["point"] = "point"
    on: Name
    """The image, or the sky."""
    ra: Annotated[float, Field(ge=0, lt=360)] | None = None
    """Degrees, ICRS; null where an image has no world coordinates."""
    dec: Annotated[float, Field(ge=-90, le=90)] | None = None
    x: Number | None = None
    """Pixels, from 0 in the middle of the first one, in the full image; null on the sky."""
    y: Number | None = None
    value: Number | None = None
    """Of that pixel, in the image's unit."""


class OneRow(Strict):
    """A row of a table."""

    kind: Literal["row"] = "row"
    table: Name
    row: Row


class Rows(Strict):
    """The rows of a table that are selected when the tool is used."""

    kind: Literal["rows"] = "rows"
    table: Name


class Area(Strict):
    """A part of an image or the sky."""

    kind: Literal["area"] = "area"
    on: Name
    corners: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3, max_length=500)]
    """Of a polygon: degrees, ICRS."""


Where = Annotated[Point | OneRow | Rows | Area, Field(discriminator="kind")]
"""Where a tool is used."""
