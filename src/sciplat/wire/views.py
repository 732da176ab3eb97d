# SPDX-License-Identifier: BSD-3-Clause
"""A view as the API tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from sciplat.wire.operations import Operation

__all__ = [
    "ChangeMessage",
    "EntryResponse",
    "LogResponse",
    "MemberRequest",
    "MembersResponse",
    "PerformRequest",
    "StateResponse",
    "ViewListResponse",
    "ViewRequest",
    "ViewResponse",
]

OperationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class ViewRequest(BaseModel):
    """A view to be made."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(max_length=200)] = ""


class ViewResponse(BaseModel):
    """A view as it is listed."""

    id: str
    title: str
    owner: str
    role: Literal["owner", "editor", "viewer"]
    """Of who asks."""
    created: datetime
    changed: datetime
    revision: int
    """How many operations were done."""
    url: str
    socket: str
    """Where operations are sent and heard of (WebSocket)."""


class ViewListResponse(BaseModel):
    """Views, those that were changed last first."""

    views: list[ViewResponse]


class StateResponse(ViewResponse):
    """A view as it is now."""

    state: dict[str, JsonValue]


class ChangeMessage(BaseModel):
    """What is put at a place of the state; without ``value`` the place becomes empty."""

    path: list[str]
    value: JsonValue = None


class EntryResponse(BaseModel):
    """An operation that was done."""

    revision: int
    id: str
    actor: str
    moment: datetime
    operation: dict[str, JsonValue]
    patch: list[dict[str, JsonValue]]
    """What it changed, in order."""
    of: int | None
    """The revision that it takes back, or does again."""


class LogResponse(BaseModel):
    """A part of what was done, in order."""

    operations: list[EntryResponse]


class PerformRequest(BaseModel):
    """An operation to be done."""

    model_config = ConfigDict(extra="forbid")

    id: OperationId
    """Chosen by who asks; the same operation under the same id is done once."""
    operation: Operation


class MemberRequest(BaseModel):
    """What a member may do."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["editor", "viewer"]


class MembersResponse(BaseModel):
    """Who may see a view, and what else each may."""

    members: dict[str, Literal["owner", "editor", "viewer"]] = Field(default_factory=dict)
