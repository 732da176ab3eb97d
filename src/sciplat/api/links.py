"""``/api/queries/…/links``: queries shared by links that their owners make and revoke."""

from __future__ import annotations

from fastapi import APIRouter, Request

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Anyone, SignedIn, origin
from sciplat.api.queries import PREFIX, specification_of
from sciplat.history.models import Link
from sciplat.wire.links import (
    LinkCreatedResponse,
    LinkListResponse,
    LinkRequest,
    LinkResponse,
    SharedResponse,
)

__all__ = ["router"]

router = APIRouter(prefix=PREFIX, tags=["queries"])


@router.get("/links")
def links(visitor: SignedIn, instance: Reach) -> LinkListResponse:
    """Answer the asker's links, without their secrets."""
    return LinkListResponse(links=[_wire(link) for link in instance.share.links(visitor=visitor)])


@router.delete("/links/{key}", status_code=204)
def revoke(key: str, visitor: SignedIn, instance: Reach) -> None:
    """Revoke one of the asker's links; it opens nothing from now on."""
    instance.share.revoke(key, visitor=visitor)


@router.get("/shared/{secret}")
def shared(secret: str, instance: Reach, _: Anyone) -> SharedResponse:
    """Answer how a shared query was asked; whoever runs it does so with rights of their own."""
    link, record = instance.share.open(secret)
    specification = specification_of(record)
    return SharedResponse(
        by=link.owner,
        shared=link.created,
        expires=link.expires,
        specification=specification.model_copy(update={"id": None}),
    )


@router.get("/{query_id}/links")
def links_of(query_id: str, visitor: SignedIn, instance: Reach) -> LinkListResponse:
    """Answer the links to one query of the asker."""
    found = instance.share.links(visitor=visitor, query_id=query_id)
    return LinkListResponse(links=[_wire(link) for link in found])


@router.post("/{query_id}/links", status_code=201)
def share(
    query_id: str,
    request: Request,
    visitor: SignedIn,
    instance: Reach,
    wanted: LinkRequest | None = None,
) -> LinkCreatedResponse:
    """Make a link to a query of the asker; its secret is shown only now."""
    days = None if wanted is None else wanted.expires_days
    link, secret = instance.share.share(query_id, visitor=visitor, days=days)
    return LinkCreatedResponse(
        **_wire(link).model_dump(), secret=secret, url=f"{origin(request)}/portal/shared#{secret}"
    )


def _wire(link: Link) -> LinkResponse:
    return LinkResponse(key=link.key, query=link.query, created=link.created, expires=link.expires)
