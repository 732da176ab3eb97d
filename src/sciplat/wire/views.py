# SPDX-License-Identifier: BSD-3-Clause
"""A view as the API tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

from sciplat.wire.operations import Operation
from sciplat.wire.view_parts import Title
from sciplat.wire.view_state import ViewState

__all__ = [
    "Change",
    "EntryResponse",
    "LogResponse",
    "MemberRequest",
    "MembersResponse",
    "OperationId",
    "PerformRequest",
    "StateResponse",
    "ViewListResponse",
    "ViewRequest",
    "ViewResponse",
    "ViewRole",
]

OperationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Chosen at random by who asks; the same operation under the same id is done once."""

ViewRole = Literal["owner", "editor", "viewer"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Told(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ViewRequest(_Asked):
    """A view to be made."""

    title: Title = ""


class ViewResponse(_Told):
    """A view as it is listed."""

    id: str
    title: str
    owner: str
    role: ViewRole
    """Of who asks."""
    created: datetime
    changed: datetime
    revision: int
    """How many operations were done."""
    url: str
    socket: str
    """Where operations are sent and heard of (WebSocket)."""


class ViewListResponse(_Told):
    """Views, those that were changed last first."""

    views: list[ViewResponse]


class StateResponse(ViewResponse):
    """A view as it is now."""

    state: ViewState


class Change(_Told):
    """What is put at a place of the state; without `value` the place becomes empty."""

    path: list[str]
    value: JsonValue = None


class EntryResponse(_Told):
    """An operation that was done."""

    revision: int
    id: str
    actor: str
    moment: datetime
    operation: Operation
    patch: list[Change]
    """What it changed, in order."""
    of: int | None
    """The revision that it takes back, or does again."""


class LogResponse(_Told):
    """A part of what was done, in order."""

    operations: list[EntryResponse]


class PerformRequest(_Asked):
    """An operation to be done."""

    id: OperationId
    operation: Operation


class MemberRequest(_Asked):
    """What a member may do."""

    role: Literal["editor", "viewer"]


class MembersResponse(_Told):
    """Who may see a view, and what else each may."""

    members: dict[str, ViewRole]
