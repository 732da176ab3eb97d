"""The views process: pages of results for the Portal's tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from sciplat.api import results
from sciplat.api.errors import add_error_handlers
from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the views process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = application(instance, lifespan)
    app.include_router(results.router)
    add_error_handlers(app)
    return app
