"""``/api/health``: how the instance is, for people and monitors, without signing in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from sciplat.api.policy import Anyone
from sciplat.wire.health import HealthResponse

__all__ = ["router"]

router = APIRouter(prefix="/api/health", tags=["health"])


@router.get("", response_model=HealthResponse)
def health(request: Request, _: Anyone) -> JSONResponse:
    """Answer the states of the processes; 503 while the instance is starting."""
    state: HealthResponse = request.app.state.health()
    return JSONResponse(state.model_dump(), 503 if state.status == "starting" else 200)
