"""The job runner: executes queued jobs on workers of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

from fastapi import FastAPI

from sciplat.instance import Instance
from sciplat.processes.application import application

__all__ = ["create_app"]


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the job runner; it answers nothing but that it is there."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = instance.settings.query
        instance.ingest.prepare()
        pool = instance.pool("runner", settings.job_workers, queue_seconds=None)
        stop = Event()
        service = instance.execute(instance.query(pool, seconds=settings.async_seconds_max, sync=False))
        thread = Thread(target=service.serve, args=(stop,), name="runner")
        thread.start()
        yield
        stop.set()
        thread.join()
        pool.close()
        instance.recorder.close()

    return application(instance, lifespan)
