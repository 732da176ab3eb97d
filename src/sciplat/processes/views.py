"""The views process: the sole writer of views, all their sockets, and rows of results."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI

from sciplat.api import results, rows, view_socket, views
from sciplat.api.errors import add_error_handlers
from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]

_AT_ONCE = 40
"""Questions about rows that wait or are answered, each in a thread."""


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the views process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _ = instance.view  # its tables are brought up to date before anybody asks
        with instance.rows() as reading:
            app.state.rows = reading
            app.state.rows_turns = CapacityLimiter(_AT_ONCE)
            yield
        instance.views.close()

    app = application(instance, lifespan)
    for door in (results, rows, views, view_socket):
        app.include_router(door.router)
    add_error_handlers(app)
    return app
