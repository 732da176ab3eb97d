# SPDX-License-Identifier: BSD-3-Clause
"""What can be done to a view: every gesture in the Portal and every call of the client is one of these.

An operation names an entity of the view as its ``target``. Names are chosen by whoever makes the entity, so
that it can be spoken of before the server has answered; a name that is taken is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, StringConstraints, TypeAdapter

from sciplat.wire.view_parts import (
    Centre,
    ChartForm,
    Colour,
    ColumnName,
    Condition,
    Encoding,
    Expression,
    Json,
    Name,
    Number,
    Parameter,
    PixelSource,
    Row,
    Selection,
    SortKey,
    Strict,
    TableSource,
    Title,
    Value,
    Where,
)

__all__ = [
    "OPERATION",
    "ActionInvoke",
    "ActionProgress",
    "ActionRegister",
    "ActionUnregister",
    "ChartAdd",
    "ChartUpdate",
    "Close",
    "Highlight",
    "ImageMask",
    "ImageOpen",
    "ImageRender",
    "LayerAdd",
    "LayerUpdate",
    "Layout",
    "Operation",
    "Redo",
    "Rename",
    "Select",
    "SkyOpen",
    "SkyUpdate",
    "TableColumns",
    "TableDerive",
    "TableFilter",
    "TableOpen",
    "TableSort",
    "TableUnderive",
    "Undo",
    "to_json",
]


class Rename(Strict):
    """Call the view something."""

    op: Literal["view.rename"] = "view.rename"
    title: Title


class Layout(Strict):
    """Arrange what is seen; which layouts there are, the Portal knows."""

    op: Literal["layout.set"] = "layout.set"
    layout: Json


class Close(Strict):
    """Take an entity out of the view, and what cannot be without it: the charts and layers of a table."""

    op: Literal["close"] = "close"
    target: Name


class Undo(Strict):
    """Take back the last operation of one's own that is not taken back yet."""

    op: Literal["undo"] = "undo"
    force: bool = False
    """Also where somebody else has changed the same since."""


class Redo(Strict):
    """Do again what was taken back last."""

    op: Literal["redo"] = "redo"


class TableOpen(Strict):
    """Show a table."""

    op: Literal["table.open"] = "table.open"
    target: Name
    source: TableSource
    title: Title = ""


class TableDerive(Strict):
    """Add a column that is worked out from others, or change one."""

    op: Literal["table.derive"] = "table.derive"
    target: Name
    name: ColumnName
    expression: Expression
    unit: Annotated[str, StringConstraints(max_length=100)] | None = None
    ucd: Annotated[str, StringConstraints(max_length=100)] | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] = ""


class TableUnderive(Strict):
    """Take a derived column away."""

    op: Literal["table.underive"] = "table.underive"
    target: Name
    name: ColumnName


class TableFilter(Strict):
    """Show only the rows for which a condition holds."""

    op: Literal["table.filter"] = "table.filter"
    target: Name
    condition: Condition | None
    """In ADQL; null for all rows."""


class TableSort(Strict):
    """Sort the rows by columns, the first one first; none for the order in which they came."""

    op: Literal["table.sort"] = "table.sort"
    target: Name
    by: Annotated[tuple[SortKey, ...], Field(max_length=8)]


class TableColumns(Strict):
    """Show only some columns, in an order; null for all of them."""

    op: Literal["table.columns"] = "table.columns"
    target: Name
    columns: Annotated[tuple[ColumnName, ...], Field(max_length=2000)] | None


class Select(Strict):
    """Select rows of a table."""

    op: Literal["select"] = "select"
    target: Name
    selection: Selection | None
    """Null selects nothing."""


class Highlight(Strict):
    """Point at one row of a table, by its number in the table as it came."""

    op: Literal["highlight"] = "highlight"
    target: Name
    row: Row | None


class _Chart(Strict):
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
    form: ChartForm


class ChartUpdate(_Chart):
    """Change what a chart shows; what is not said stays."""

    op: Literal["chart.update"] = "chart.update"
    target: Name
    form: ChartForm | None = None


class ImageOpen(Strict):
    """Show an image."""

    op: Literal["image.open"] = "image.open"
    target: Name
    source: PixelSource
    title: Title = ""


class ImageRender(Strict):
    """Change how an image looks; what is not said stays."""

    op: Literal["image.render"] = "image.render"
    target: Name
    stretch: Literal["linear", "log", "sqrt", "asinh"] | None = None
    cuts: tuple[Number, Number] | Literal["minmax", "zscale", "99%"] | None = None
    colours: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] | None = None
    inverted: bool | None = None
    centre: Centre | None = None


class ImageMask(Strict):
    """Show or hide a plane of an image's mask."""

    op: Literal["image.mask"] = "image.mask"
    target: Name
    plane: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}$")]
    visible: bool
    colour: Colour | None = None
    opacity: Annotated[float, Field(ge=0, le=1)] | None = None


class _Sky(Strict):
    ra: Annotated[float, Field(ge=0, lt=360)] | None = None
    """Degrees, ICRS."""
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


class LayerAdd(Strict):
    """Mark rows of a table on an image or the sky."""

    op: Literal["layer.add"] = "layer.add"
    target: Name
    on: Name
    table: Name
    ra: Expression
    dec: Expression
    colour: Colour = "#ffb000"
    title: Title = ""


class LayerUpdate(Strict):
    """Change how marks look; what is not said stays."""

    op: Literal["layer.update"] = "layer.update"
    target: Name
    visible: bool | None = None
    colour: Colour | None = None
    title: Title | None = None


class ActionRegister(Strict):
    """Put a tool into the view, which its registrant's kernel does."""

    op: Literal["action.register"] = "action.register"
    target: Name
    title: Title
    trigger: Literal["point", "row", "rows", "area"]
    """Where it is used; said as `where` of each use."""
    parameters: Annotated[dict[Name, Parameter], Field(max_length=50)] = Field(default_factory=dict)
    """What it asks beside that."""
    open_to: Literal["registrant", "editors"] = "registrant"


class ActionUnregister(Strict):
    """Take a tool away."""

    op: Literal["action.unregister"] = "action.unregister"
    target: Name


class ActionInvoke(Strict):
    """Use a tool."""

    op: Literal["action.invoke"] = "action.invoke"
    target: Name
    """Of this use; by it progress and results are told."""
    action: Name
    where: Where
    input: Annotated[dict[Name, Value], Field(max_length=50)] = Field(default_factory=dict)
    """By the names of the tool's parameters."""


class ActionProgress(Strict):
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
