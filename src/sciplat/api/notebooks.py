"""``/api/notebooks``: whether there are notebooks, where, and for whom."""

from __future__ import annotations

from fastapi import APIRouter, Request

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Visiting
from sciplat.wire.notebooks import NotebooksResponse

__all__ = ["router"]

router = APIRouter(prefix="/api/notebooks", tags=["notebooks"])


@router.get("")
def notebooks(request: Request, visitor: Visiting, instance: Reach) -> NotebooksResponse:
    """Answer where the asker finds notebooks, or why there are none."""
    url: str | None = request.app.state.notebooks
    state = request.app.state.health().components.get("hub", "off") if url else "off"
    return NotebooksResponse(state=state, url=url, why_not=instance.notebooks.why_not(visitor))
