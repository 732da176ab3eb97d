"""``/api/views``: views, and what is done to them; the socket beside it says the same as it happens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Anyone, SignedIn, origin
from sciplat.views.models import Role, View
from sciplat.wire.operations import OPERATION
from sciplat.wire.views import (
    EntryResponse,
    LogResponse,
    MemberRequest,
    MembersResponse,
    PerformRequest,
    StateResponse,
    ViewListResponse,
    ViewRequest,
    ViewResponse,
)

__all__ = ["PREFIX", "router"]

PREFIX = "/api/views"
router = APIRouter(prefix=PREFIX, tags=["views"])


@router.get("")
def views(
    request: Request,
    visitor: SignedIn,
    instance: Reach,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ViewListResponse:
    """Answer the views that the asker may see, those that were changed last first."""
    seen = instance.view.seen_by(visitor=visitor, limit=limit)
    return ViewListResponse(views=[_view(request, *each) for each in seen])


@router.post("", status_code=201)
def create(
    request: Request, visitor: SignedIn, instance: Reach, wanted: ViewRequest | None = None
) -> ViewResponse:
    """Make a view."""
    view = instance.view.create(visitor=visitor, title="" if wanted is None else wanted.title)
    return _view(request, view, Role.OWNER)


@router.get("/operations.json")
def schema(_: Anyone) -> dict[str, Any]:
    """Answer what operations there are, as a JSON Schema."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **OPERATION.json_schema()}


@router.get("/{view_id}", response_model=StateResponse)
def state(view_id: str, request: Request, visitor: SignedIn, instance: Reach) -> Response:
    """Answer a view as it is now."""
    seen = instance.view.see(view_id, visitor=visitor)
    facts = _view(request, seen.view, seen.role).model_dump(mode="json")
    return JSONResponse(facts | {"state": seen.state, "revision": seen.revision})


@router.delete("/{view_id}", status_code=204)
def delete(view_id: str, visitor: SignedIn, instance: Reach) -> None:
    """Remove a view with all that was done in it."""
    instance.view.delete(view_id, visitor=visitor)


@router.post("/{view_id}/operations", response_model=EntryResponse)
def perform(view_id: str, wanted: PerformRequest, visitor: SignedIn, instance: Reach) -> Response:
    """Do an operation."""
    entry = instance.view.perform(view_id, wanted.id, wanted.operation, visitor=visitor)
    return _json(entry.text)


@router.get("/{view_id}/operations", response_model=LogResponse)
def log(
    view_id: str,
    visitor: SignedIn,
    instance: Reach,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Answer what was done after a revision, in order."""
    found = instance.view.entries(view_id, visitor=visitor, after=after, limit=limit)
    return _json(f'{{"operations":[{",".join(entry.text for entry in found)}]}}')


@router.get("/{view_id}/members")
def members(view_id: str, visitor: SignedIn, instance: Reach) -> MembersResponse:
    """Answer who may see a view."""
    found = instance.view.members(view_id, visitor=visitor)
    return MembersResponse(members={user: role.value for user, role in found.items()})


@router.put("/{view_id}/members/{user}", status_code=204)
def invite(view_id: str, user: str, wanted: MemberRequest, visitor: SignedIn, instance: Reach) -> None:
    """Let a user see a view, or change it."""
    instance.view.invite(view_id, user, Role(wanted.role), visitor=visitor)


@router.delete("/{view_id}/members/{user}", status_code=204)
def dismiss(view_id: str, user: str, visitor: SignedIn, instance: Reach) -> None:
    """Let a user see a view no more."""
    instance.view.dismiss(view_id, user, visitor=visitor)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _view(request: Request, view: View, role: Role) -> ViewResponse:
    home = origin(request)
    return ViewResponse(
        id=view.id,
        title=view.title,
        owner=view.owner,
        role=role.value,
        created=view.created,
        changed=view.changed,
        revision=view.revision,
        url=f"{home}{PREFIX}/{view.id}",
        socket=f"{home.replace('http', 'ws', 1)}{PREFIX}/{view.id}/socket",
    )
