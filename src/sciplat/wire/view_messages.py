# SPDX-License-Identifier: BSD-3-Clause
"""What is said over the socket of a view: JSON objects, whose ``type`` tells which they are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from sciplat.wire.operations import Operation
from sciplat.wire.view_parts import Name, Number, Selection, Strict
from sciplat.wire.view_state import ViewState
from sciplat.wire.views import EntryResponse, OperationId, ViewRole

__all__ = ["CLIENT_MESSAGE", "ClientMessage", "Do", "Hello", "ServerMessage", "Show", "Showing"]


class Brush(Strict):
    """A selection that is still being drawn."""

    kind: Literal["brush"] = "brush"
    target: Name
    """The table."""
    selection: Selection | None


class Look(Strict):
    """Where somebody looks while they move."""

    kind: Literal["look"] = "look"
    target: Name
    """The image, in pixels, or the sky, in degrees (ICRS)."""
    x: Number
    y: Number
    zoom: Annotated[float, Field(gt=0)]
    """Pixels of the screen a pixel of the image, or a degree."""


class Pointer(Strict):
    """Where somebody points."""

    kind: Literal["pointer"] = "pointer"
    target: Name
    x: Number
    """In the coordinates of the image, sky or chart."""
    y: Number


Showing = Annotated[Brush | Look | Pointer, Field(discriminator="kind")]
"""What lasts for a moment: the next one of its kind and target replaces it, and nothing keeps it."""


class Hello(Strict):
    """The first message: what the client knows of the view already."""

    type: Literal["hello"]
    revision: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """That its state is at, if it has one."""


class Do(Strict):
    """Do an operation; the answer is `done` or `refused` under its id."""

    type: Literal["do"]
    id: OperationId
    operation: Operation


class Show(Strict):
    """Show something to the others for a moment."""

    type: Literal["show"]
    what: Showing


ClientMessage = Annotated[Hello | Do | Show, Field(discriminator="type")]
"""What a client says."""

CLIENT_MESSAGE: TypeAdapter[Any] = TypeAdapter(ClientMessage)


class _Beginning(Strict):
    revision: int
    """After which each operation follows as it is done."""
    role: ViewRole
    owner: str
    you: str
    """The user who the client acts for."""


class StateMessage(_Beginning):
    """The answer to a `hello` of which too little is known: the view as it is."""

    type: Literal["state"]
    state: ViewState


class TailMessage(_Beginning):
    """The answer to any other `hello`: what was done since, in order."""

    type: Literal["tail"]
    entries: list[EntryResponse]


class OperationMessage(Strict):
    """Somebody has done an operation, be it the client itself."""

    type: Literal["operation"]
    entry: EntryResponse


class DoneMessage(Strict):
    """The client's operation is done and kept, now or when it was sent before."""

    type: Literal["done"]
    id: OperationId
    revision: int


class ErrorFacts(Strict):
    """Why something was refused."""

    code: str
    message: str


class RefusedMessage(Strict):
    """What the client asked for was not done."""

    type: Literal["refused"]
    id: OperationId | None
    """Of the operation; null for something that was to be shown."""
    error: ErrorFacts


class ShownMessage(Strict):
    """Somebody else shows something for a moment."""

    type: Literal["shown"]
    actor: str
    what: Showing


class RoleMessage(Strict):
    """The user has another role now."""

    type: Literal["role"]
    role: ViewRole


ServerMessage = Annotated[
    StateMessage | TailMessage | OperationMessage | DoneMessage | RefusedMessage | ShownMessage | RoleMessage,
    Field(discriminator="type"),
]
"""What the server says."""
