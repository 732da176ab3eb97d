"""The views process: rows of results for the Portal's tables and plots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI

from sciplat.api import results, rows
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
        with instance.rows() as reading:
            app.state.rows = reading
            app.state.rows_turns = CapacityLimiter(_AT_ONCE)
            yield

    app = application(instance, lifespan)
    app.include_router(results.router)
    app.include_router(rows.router)
    add_error_handlers(app)
    return app
