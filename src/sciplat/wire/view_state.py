# SPDX-License-Identifier: BSD-3-Clause
"""The state of a view: what operations lead to, and all who look at it have alike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from sciplat.wire.view_parts import (
    Centre,
    ChartForm,
    Encoding,
    Parameter,
    PixelSource,
    Selection,
    SortKey,
    Strict,
    TableSource,
    Value,
    Where,
)

__all__ = ["Entity", "ViewState"]


class _Made(Strict):
    by: str
    """The user who made it."""


class DerivedColumn(Strict):
    """A column that is worked out from others."""

    expression: str
    unit: str | None
    ucd: str | None
    description: str
    place: int
    """Derived columns stand in the order of this."""


class TableEntity(_Made):
    """A table."""

    kind: Literal["table"]
    source: TableSource
    title: str
    derived: dict[str, DerivedColumn]
    condition: str | None
    """Rows for which it does not hold are not shown."""
    sort: list[SortKey]
    columns: list[str] | None
    """Those that are shown; null for all."""
    selection: Selection | None
    highlight: int | None


class ChartEntity(_Made):
    """A chart of rows of a table."""

    kind: Literal["chart"]
    table: str
    form: ChartForm
    x: Encoding | None
    y: Encoding | None
    colour: Encoding | None
    bins: int | None
    title: str | None


class MaskLook(Strict):
    """How a plane of a mask is drawn."""

    visible: bool
    colour: str
    opacity: float


class ImageEntity(_Made):
    """An image."""

    kind: Literal["image"]
    source: PixelSource
    title: str
    stretch: str
    cuts: tuple[float, float] | str
    colours: str
    inverted: bool
    centre: Centre | None
    masks: dict[str, MaskLook]


class SkyEntity(_Made):
    """A map of the sky."""

    kind: Literal["sky"]
    title: str
    ra: float | None
    """Degrees, ICRS."""
    dec: float | None
    fov: float | None
    """Width of what is seen, degrees."""
    hips: str | None


class LayerEntity(_Made):
    """Marks of rows of a table on an image or the sky."""

    kind: Literal["layer"]
    on: str
    table: str
    ra: str
    dec: str
    colour: str
    title: str
    visible: bool


class ActionEntity(_Made):
    """A tool, which the kernel of whoever made it does."""

    kind: Literal["action"]
    title: str
    trigger: Literal["point", "row", "rows", "area"]
    parameters: dict[str, Parameter]
    open_to: Literal["registrant", "editors"]


class UseEntity(_Made):
    """One use of a tool."""

    kind: Literal["use"]
    action: str
    where: Where
    input: dict[str, Value]
    state: Literal["asked", "running", "done", "failed"]
    fraction: float | None
    message: str
    made: list[str]
    """Entities of the view that came of it."""


Entity = Annotated[
    TableEntity | ChartEntity | ImageEntity | SkyEntity | LayerEntity | ActionEntity | UseEntity,
    Field(discriminator="kind"),
]
"""What a view has, by its name."""


class ViewState(Strict):
    """All that a view is."""

    title: str
    layout: dict[str, JsonValue]
    entities: dict[str, Entity]
