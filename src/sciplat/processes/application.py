"""What the ASGI applications of all processes have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from fastapi import FastAPI

from sciplat.api.admission import Admission
from sciplat.api.cross_origin import CrossOrigin
from sciplat.api.head import Head
from sciplat.api.reserve import Reserve
from sciplat.instance import Instance

__all__ = ["application"]


def application(
    instance: Instance, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> FastAPI:
    """Return an application that reaches ``instance``; its OpenAPI is at ``/api/openapi.json``."""
    app = FastAPI(
        title="sciplat",
        version=version("sciplat"),
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Admission)
    app.add_middleware(CrossOrigin)
    app.add_middleware(Head)
    app.add_middleware(Reserve)
    app.state.instance = instance
    return app
