"""By which Aspect a request came: what its sender says of itself."""

from __future__ import annotations

from fastapi import Request

from sciplat.api.errors import PORTAL
from sciplat.history.models import Aspect

__all__ = ["NOTEBOOK", "aspect_of"]

NOTEBOOK = "sciplat-notebook"
"""What our client calls itself in ``X-Requested-With`` when it is used in a notebook."""

_ASPECTS = {PORTAL: Aspect.PORTAL, NOTEBOOK: Aspect.NOTEBOOK}


def aspect_of(request: Request) -> Aspect:
    """Return the Aspect of a request; whoever says nothing uses the API."""
    return _ASPECTS.get(request.headers.get("X-Requested-With", ""), Aspect.API)
