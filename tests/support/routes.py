"""The routes of an application, those of included routers and of sockets too."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

__all__ = ["FRAMEWORK", "calls", "routes"]

FRAMEWORK = frozenset({"/api/openapi.json"})
"""Routes that FastAPI makes itself: public descriptions, without data."""


def routes(app: FastAPI) -> list[APIRoute | APIWebSocketRoute]:
    """Return every route of ours; one of a kind that cannot be judged is an error."""
    found = list(_walk(app.routes))
    assert found, "an application without routes has nothing to judge"
    return found


def _walk(candidates: list[object]) -> Iterator[APIRoute | APIWebSocketRoute]:
    for route in candidates:
        if isinstance(route, APIRoute | APIWebSocketRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _walk(route.original_router.routes)
        else:
            assert getattr(route, "path", None) in FRAMEWORK, f"{route!r} has no policy"


def calls(dependant: Dependant) -> Iterator[object]:
    """Yield everything that a route depends on."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)
