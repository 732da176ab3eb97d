# SPDX-License-Identifier: BSD-3-Clause
"""What can be done to a view: every gesture in the Portal and every call of the client is one of these.

An operation names an entity of the view as its ``target``. Names are chosen by whoever makes the entity, so
that it can be spoken of before the server has answered; a name that is taken is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter

__all__ = [
    "OPERATION",
    "ActionInvoke",
    "ActionProgress",
    "ActionRegister",
    "ActionUnregister",
    "ChartAdd",
    "ChartUpdate",
    "Close",
    "DatasetSource",
    "Encoding",
    "Highlight",
    "ImageMask",
    "ImageOpen",
    "ImageRender",
    "JobSource",
    "LayerAdd",
    "LayerUpdate",
    "Layout",
    "Operation",
    "Redo",
    "Rename",
    "Select",
    "SkyOpen",
    "SkyUpdate",
    "Source",
    "TableColumns",
    "TableDerive",
    "TableFilter",
    "TableOpen",
    "TableSort",
    "TableSource",
    "TableUnderive",
    "Undo",
    "UploadSource",
    "to_json",
]

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
"""Of an entity of a view."""

Title = Annotated[str, StringConstraints(max_length=200)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""In ADQL, of the columns of one table."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Degrees = Annotated[float, Field(allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_post_init(self, context: object, /) -> None:
        """Count as said what tells one kind from another."""
        self.__pydantic_fields_set__.update({"op", "kind"} & set(type(self).model_fields))


class JobSource(_Strict):
    """A result of a job or query, which is never run again to be seen."""

    kind: Literal["job"] = "job"
    job: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,40}$")]
    result: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] = "result"


class UploadSource(_Strict):
    """A file that somebody sent."""

    kind: Literal["upload"] = "upload"
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    name: Annotated[str, StringConstraints(max_length=200)]


class DatasetSource(_Strict):
    """A dataset of a release, by its publisher's identifier."""

    kind: Literal["dataset"] = "dataset"
    id: Annotated[str, StringConstraints(pattern=r"^ivo://", max_length=300)]


TableSource = Annotated[JobSource | UploadSource, Field(discriminator="kind")]
"""Where rows come from."""

Source = Annotated[JobSource | UploadSource | DatasetSource, Field(discriminator="kind")]
"""Where rows or pixels come from."""


class Rename(_Strict):
    """Call the view something."""

    op: Literal["view.rename"] = "view.rename"
    title: Title


class Layout(_Strict):
    """Arrange what is seen; which layouts there are, the Portal knows."""

    op: Literal["layout.set"] = "layout.set"
    layout: dict[str, JsonValue]


class Close(_Strict):
    """Take an entity out of the view, and what cannot be without it: the charts and layers of a table."""

    op: Literal["close"] = "close"
    target: Name


class Undo(_Strict):
    """Take back the last operation of one's own that is not taken back yet."""

    op: Literal["undo"] = "undo"
    force: bool = False
    """Also where somebody else has changed the same since."""


class Redo(_Strict):
    """Do again what was taken back last."""

    op: Literal["redo"] = "redo"


class TableOpen(_Strict):
    """Show a table."""

    op: Literal["table.open"] = "table.open"
    target: Name
    source: TableSource
    title: Title = ""


class TableDerive(_Strict):
    """Add a column that is worked out from others, or change one."""

    op: Literal["table.derive"] = "table.derive"
    target: Name
    name: ColumnName
    expression: Expression
    unit: Annotated[str, StringConstraints(max_length=100)] | None = None
    ucd: Annotated[str, StringConstraints(max_length=100)] | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] = ""


class TableUnderive(_Strict):
    """Take a derived column away."""

    op: Literal["table.underive"] = "table.underive"
    target: Name
    name: ColumnName


class TableFilter(_Strict):
    """Show only the rows for which a condition holds."""

    op: Literal["table.filter"] = "table.filter"
    target: Name
    condition: Expression | None
    """In ADQL; None for all rows."""


class SortKey(_Strict):
    """A column by which rows are sorted."""

    column: ColumnName
    descending: bool = False


class TableSort(_Strict):
    """Sort the rows by columns, the first one first; none for the order in which they came."""

    op: Literal["table.sort"] = "table.sort"
    target: Name
    by: Annotated[tuple[SortKey, ...], Field(max_length=8)]


class TableColumns(_Strict):
    """Show only some columns, in an order; None for all of them."""

    op: Literal["table.columns"] = "table.columns"
    target: Name
    columns: Annotated[tuple[ColumnName, ...], Field(max_length=2000)] | None


class RangeSelection(_Strict):
    """Rows for which expressions lie within bounds, ends included: a brush on one axis, or a box on two."""

    kind: Literal["ranges"] = "ranges"
    ranges: Annotated[
        tuple[tuple[Expression, Number | None, Number | None], ...], Field(min_length=1, max_length=8)
    ]


class LassoSelection(_Strict):
    """Rows whose point of two expressions lies in a polygon."""

    kind: Literal["lasso"] = "lasso"
    x: Expression
    y: Expression
    corners: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=3, max_length=500)]


class ConditionSelection(_Strict):
    """Rows for which a condition in ADQL holds."""

    kind: Literal["condition"] = "condition"
    condition: Expression


class RowSelection(_Strict):
    """Rows by their numbers in the table as it came, from 0."""

    kind: Literal["rows"] = "rows"
    rows: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=10_000)]


Selection = Annotated[
    RangeSelection | LassoSelection | ConditionSelection | RowSelection, Field(discriminator="kind")
]


class Select(_Strict):
    """Select rows of a table."""

    op: Literal["select"] = "select"
    target: Name
    selection: Selection | None
    """None selects nothing."""


class Highlight(_Strict):
    """Point at one row of a table, by its number in the table as it came."""

    op: Literal["highlight"] = "highlight"
    target: Name
    row: Annotated[int, Field(ge=0)] | None


class Encoding(_Strict):
    """What an axis of a chart shows."""

    expression: Expression
    error: Expression | None = None
    """As long as the bar to each side; or of the bar below, where ``error_above`` is there."""
    error_above: Expression | None = None
    label: Title | None = None
    scale: Literal["linear", "log"] = "linear"
    reversed: bool = False
    low: Number | None = None
    high: Number | None = None


class _Chart(_Strict):
    x: Encoding | None = None
    y: Encoding | None = None
    colour: Encoding | None = None
    bins: Annotated[int, Field(ge=2, le=2000)] | None = None
    title: Title | None = None


class ChartAdd(_Chart):
    """Draw rows of a table."""

    op: Literal["chart.add"] = "chart.add"
    target: Name
    table: Name
    form: Literal["scatter", "density", "histogram"]


class ChartUpdate(_Chart):
    """Change what a chart shows; what is not said stays."""

    op: Literal["chart.update"] = "chart.update"
    target: Name
    form: Literal["scatter", "density", "histogram"] | None = None


class ImageOpen(_Strict):
    """Show an image."""

    op: Literal["image.open"] = "image.open"
    target: Name
    source: Annotated[DatasetSource | UploadSource, Field(discriminator="kind")]
    title: Title = ""


class Centre(_Strict):
    """Which part of an image is seen."""

    x: Number
    """Pixels, from 0 in the middle of the first one, in the full image."""
    y: Number
    zoom: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Pixels of the screen a pixel."""


class ImageRender(_Strict):
    """Change how an image looks; what is not said stays."""

    op: Literal["image.render"] = "image.render"
    target: Name
    stretch: Literal["linear", "log", "sqrt", "asinh"] | None = None
    cuts: tuple[Number, Number] | Literal["minmax", "zscale", "99%"] | None = None
    colours: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] | None = None
    inverted: bool | None = None
    centre: Centre | None = None


class ImageMask(_Strict):
    """Show or hide a plane of an image's mask."""

    op: Literal["image.mask"] = "image.mask"
    target: Name
    plane: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}$")]
    visible: bool
    colour: Colour | None = None
    opacity: Annotated[float, Field(ge=0, le=1)] | None = None


class _Sky(_Strict):
    ra: Degrees | None = None
    """ICRS."""
    dec: Annotated[float, Field(ge=-90, le=90)] | None = None
    fov: Annotated[float, Field(gt=0, le=360)] | None = None
    """Width of what is seen, degrees."""
    hips: Annotated[str, StringConstraints(max_length=300)] | None = None


class SkyOpen(_Sky):
    """Show the sky."""

    op: Literal["sky.open"] = "sky.open"
    target: Name
    title: Title = ""


class SkyUpdate(_Sky):
    """Look elsewhere; what is not said stays."""

    op: Literal["sky.update"] = "sky.update"
    target: Name


class LayerAdd(_Strict):
    """Mark rows of a table on an image or the sky."""

    op: Literal["layer.add"] = "layer.add"
    target: Name
    on: Name
    table: Name
    ra: Expression
    dec: Expression
    colour: Colour = "#ffb000"
    title: Title = ""


class LayerUpdate(_Strict):
    """Change how marks look; what is not said stays."""

    op: Literal["layer.update"] = "layer.update"
    target: Name
    visible: bool | None = None
    colour: Colour | None = None
    title: Title | None = None


class ActionRegister(_Strict):
    """Put a tool into the view, which its registrant's kernel does."""

    op: Literal["action.register"] = "action.register"
    target: Name
    title: Title
    trigger: Literal["point", "row", "rows", "area"]
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """A JSON Schema of what the asker may say beside where the trigger was."""
    open_to: Literal["registrant", "editors"] = "registrant"


class ActionUnregister(_Strict):
    """Take a tool away."""

    op: Literal["action.unregister"] = "action.unregister"
    target: Name


class ActionInvoke(_Strict):
    """Use a tool."""

    op: Literal["action.invoke"] = "action.invoke"
    target: Name
    """Of this use; by it progress and results are told."""
    action: Name
    input: dict[str, JsonValue]


class ActionProgress(_Strict):
    """Tell how far the use of a tool is, or what came of it; for the kernel that does it."""

    op: Literal["action.progress"] = "action.progress"
    target: Name
    state: Literal["running", "done", "failed"]
    fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    message: Annotated[str, StringConstraints(max_length=2000)] = ""
    made: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Entities of the view that it made."""


Operation = Annotated[
    Rename
    | Layout
    | Close
    | Undo
    | Redo
    | TableOpen
    | TableDerive
    | TableUnderive
    | TableFilter
    | TableSort
    | TableColumns
    | Select
    | Highlight
    | ChartAdd
    | ChartUpdate
    | ImageOpen
    | ImageRender
    | ImageMask
    | SkyOpen
    | SkyUpdate
    | LayerAdd
    | LayerUpdate
    | ActionRegister
    | ActionUnregister
    | ActionInvoke
    | ActionProgress,
    Field(discriminator="op"),
]
"""Any of them; ``op`` tells which."""

OPERATION: TypeAdapter[Any] = TypeAdapter(Operation)
"""Reads and writes them, and knows their JSON Schema."""


def to_json(operation: Any) -> dict[str, JsonValue]:
    """Return an operation as it is sent and kept: what was said of it, and no more."""
    said: dict[str, JsonValue] = operation.model_dump(mode="json", exclude_unset=True)
    return said
