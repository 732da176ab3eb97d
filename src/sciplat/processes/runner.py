"""The job runner: executes queued jobs on workers of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

from fastapi import FastAPI

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import SciplatError
from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]

_log = logging.getLogger(__name__)

_TIDY_SECONDS = 60.0


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the job runner; it answers nothing but that it is there."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = instance.settings.query
        instance.ingest.prepare()
        pool = instance.pool("runner", settings.job_workers, queue_seconds=None)
        stop = Event()
        service = instance.execute(instance.query(pool, seconds=settings.async_seconds_max, sync=False))
        threads = [
            Thread(target=service.serve, args=(stop,), name="runner"),
            Thread(target=_tidy, args=(instance.catalogs, stop), name="tidy"),
        ]
        for thread in threads:
            thread.start()
        yield
        stop.set()
        for thread in threads:
            thread.join()
        pool.close()
        instance.recorder.close()

    return application(instance, lifespan)


def _tidy(catalogs: CatalogStore, stop: Event) -> None:
    """Remove tables that were replaced, and that nobody reads any more, for as long as this process lives."""
    while not stop.wait(_TIDY_SECONDS):
        try:
            catalogs.snapshot()  # and so this process holds no older one
            catalogs.tidy()
        except (SciplatError, OSError):
            _log.exception("Replaced tables cannot be removed now")
