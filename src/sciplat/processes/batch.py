"""The batch process: executes queued jobs that read pixels."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Lock, Thread

from fastapi import FastAPI

from sciplat.engine.pool import QueryPool
from sciplat.instance import Instance
from sciplat.processes.application import application
from sciplat.services.query import QueryService

__all__ = ["create_app"]

_NICENESS = 10


def create_app(instance: Instance) -> FastAPI:
    """Return the ASGI application of the batch process; it answers nothing but that it is there."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        os.nice(_NICENESS)  # whoever waits for a page goes first
        stop, asking = Event(), _Asking(instance)
        service = instance.execute_batch(asking.query)
        thread = Thread(target=service.serve, args=(stop,), name="batch")
        thread.start()
        yield
        stop.set()
        thread.join()
        asking.close()
        instance.recorder.close()

    return application(instance, lifespan)


class _Asking:
    """A worker of the engine, from the first job on that asks the catalogs."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._lock = Lock()
        self._pool: QueryPool | None = None
        self._query: QueryService | None = None

    def query(self) -> QueryService:
        """Return what asks the catalogs."""
        with self._lock:
            if self._query is None:
                settings = self._instance.settings.query
                self._pool = self._instance.pool("batch", 1, queue_seconds=None)
                self._query = self._instance.query(self._pool, seconds=settings.async_seconds_max, sync=False)
            return self._query

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._pool is not None:
            self._pool.close()
