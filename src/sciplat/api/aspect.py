"""What the sender of a request says of itself: its Aspect, and how its query is to be taken."""

from __future__ import annotations

from fastapi import Request

from sciplat.api.errors import PORTAL
from sciplat.history.models import Aspect
from sciplat.services.query import Manner

__all__ = ["NOTEBOOK", "aspect_of", "manner_of"]

NOTEBOOK = "sciplat-notebook"
"""What our client calls itself in ``X-Requested-With`` when it is used in a notebook."""

_ASPECTS = {PORTAL: Aspect.PORTAL, NOTEBOOK: Aspect.NOTEBOOK}


def aspect_of(request: Request) -> Aspect:
    """Return the Aspect of a request; whoever says nothing uses the API."""
    return _ASPECTS.get(request.headers.get("X-Requested-With", ""), Aspect.API)


def manner_of(request: Request, form: str | None = None) -> Manner:
    """Return how a query was sent; ``form`` is its RESPONSEFORMAT.

    ``Cache-Control: no-cache`` takes no rows of an earlier run (RFC 9111, section 5.2.1).
    ``X-Sciplat-History: off`` leaves no record: for what a program asks on its own account.
    """
    wishes = {wish.strip() for wish in request.headers.get("cache-control", "").lower().split(",")}
    return Manner(
        aspect=aspect_of(request),
        form=form,
        is_noted=request.headers.get("x-sciplat-history", "").lower() != "off",
        anew=not wishes.isdisjoint({"no-cache", "no-store", "max-age=0"}),
    )
