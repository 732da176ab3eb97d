"""The images process: all doors behind which the Butler is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

from anyio import to_thread
from fastapi import FastAPI

from sciplat.api import hips, images, images_tiles, soda, soda_async
from sciplat.api.butler import add_butler
from sciplat.api.errors import add_error_handlers
from sciplat.api.makers import Makers
from sciplat.api.sending import Cutting
from sciplat.api.waiting import Changes
from sciplat.config.machine import cores
from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]

_STOP_SECONDS = 5.0
"""That an announcement may go on when the process ends; nothing is lost where it is broken off."""


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the images process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _ = instance.images.cutout  # what takes long is imported before the first request comes
        settings = instance.settings.images
        app.state.cutting = Cutting(settings.cutouts_at_once, seconds=settings.queue_seconds)
        app.state.changes = Changes(instance.jobs.version, instance.jobs.phases)
        app.state.makers = Makers(cores())
        stopped = Event()
        watching = Thread(target=instance.images.watch.run, args=(stopped,), name="watch", daemon=True)
        watching.start()
        yield
        stopped.set()
        await to_thread.run_sync(watching.join, _STOP_SECONDS)
        instance.images.tiling.close()
        instance.recorder.close()

    app = application(instance, lifespan)
    for door in (hips, images, images_tiles, soda, soda_async):
        app.include_router(door.router)
    add_butler(app)
    add_error_handlers(app)
    return app
