"""The web process: sign-in, the Portal's pages, TAP, and the JSON beside it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI

from sciplat.api import (
    cutouts_async,
    datalink,
    explain,
    health,
    identity,
    jobs,
    links,
    metadata,
    notebooks,
    oauth,
    queries,
    scs,
    sia,
    tap,
    tap_async,
)
from sciplat.api.errors import add_error_handlers
from sciplat.api.uploads import Receiving
from sciplat.api.waiting import Changes
from sciplat.instance import Instance
from sciplat.portal import pages
from sciplat.processes.application import application
from sciplat.services.tap_schema import NAME as TAP_SCHEMA
from sciplat.tables.scratch import Room, use_room

__all__ = ["create_app"]

_QUERIES_AT_ONCE = 200
"""Synchronous queries that wait or run, each in a thread that others do not need; more wait before that."""


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the web process; it owns the workers for synchronous queries."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = instance.settings.query
        if instance.catalogs.snapshot().schema(TAP_SCHEMA) is None:
            instance.ingest.prepare()
        for left in ("results", "uploads"):
            shutil.rmtree(instance.work / left, ignore_errors=True)
        instance.uploads.prepare()
        pool = instance.pool("web", settings.sync_workers, queue_seconds=settings.queue_seconds)
        app.state.query = instance.query(pool, seconds=settings.sync_seconds, sync=True)
        use_room(Room(instance.fetched, instance.space.left))
        app.state.turns = CapacityLimiter(_QUERIES_AT_ONCE)
        app.state.receiving = Receiving()
        app.state.changes = Changes(instance.jobs.version, instance.jobs.phases)
        yield
        pool.close()
        instance.uploads.close()
        instance.recorder.close()

    app = application(instance, lifespan)
    doors = (
        identity,
        notebooks,
        oauth,
        tap,
        tap_async,
        scs,
        sia,
        datalink,
        cutouts_async,
        metadata,
        jobs,
        explain,
        links,
        queries,
        pages,
    )
    for door in (health, *doors):
        app.include_router(door.router)
    add_error_handlers(app)
    return app
