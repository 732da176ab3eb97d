"""The views process: the sole writer of views, all their sockets, and pages of results."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from sciplat.api import results, view_socket, views
from sciplat.api.errors import add_error_handlers
from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the views process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _ = instance.view  # its tables are brought up to date before anybody asks
        yield
        instance.views.close()

    app = application(instance, lifespan)
    for door in (results, views, view_socket):
        app.include_router(door.router)
    add_error_handlers(app)
    return app
