"""A warm pool of query workers."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from sciplat.engine.keeper import CLOSED, Keeper
from sciplat.engine.limits import Limits
from sciplat.engine.running import Running
from sciplat.engine.statement import Statement
from sciplat.errors import UnavailableError

__all__ = ["QueryPool"]


class QueryPool:
    """Runs queries in worker processes, one at a time in each, first come, first served.

    Workers start when the pool is made. ``memory_limit_bytes``, ``threads`` and
    ``temp_limit_bytes`` hold for each of them; sorting and joining spill into ``directory``,
    which belongs to this pool alone.
    """

    def __init__(
        self,
        size: int,
        *,
        directory: Path,
        memory_limit_bytes: int,
        threads: int,
        temp_limit_bytes: int,
        queue_seconds: float | None = 30.0,
    ) -> None:
        self._queue_seconds = queue_seconds
        self._waiting: deque[Running] = deque()
        self._changed = threading.Condition()
        self._heavy = 0
        self._most_heavy = max(1, size - 1)
        self._closed = False
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        for left_over in directory.glob("worker-*"):  # of an owner that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        self._keepers = [
            Keeper(
                directory / f"worker-{number}",
                Limits(
                    memory_bytes=memory_limit_bytes,
                    threads=threads,
                    temp_bytes=temp_limit_bytes,
                    temp_directory=str(directory / f"worker-{number}"),
                ),
                take=self._take,
                release=self._release,
            )
            for number in range(1, size + 1)
        ]
        for keeper in self._keepers:
            keeper.start()

    def run(
        self,
        statement: Statement,
        *,
        spool: Path,
        durable: bool = False,
        heavy: bool = False,
        queue_seconds: float | None = None,
    ) -> Running:
        """Queue a query and return at once.

        Parameters
        ----------
        spool
            A path that no result has had before. A large or durable result is a file there when
            the query is finished; a failed one leaves nothing.
        durable
            The result is safe on the disk when the query is finished.
        heavy
            It may take long: such queries leave one worker to the others.
        queue_seconds
            How long to wait for a free worker; None takes the pool's own limit.
        """
        limit = self._queue_seconds if queue_seconds is None else queue_seconds
        running = Running(
            statement,
            spool.absolute(),
            durable=durable,
            heavy=heavy,
            queue_deadline=None if limit is None else time.monotonic() + limit,
            expire=self._expire,
            on_cancel=self._cancel,
        )
        with self._changed:
            if self._closed:
                raise UnavailableError(CLOSED)
            self._waiting.append(running)
            self._changed.notify_all()
        return running

    def warm(self, timeout_seconds: float = 30.0) -> None:
        """Wait until every worker is ready.

        Raises
        ------
        UnavailableError
            If one isn't in time.
        """
        deadline = time.monotonic() + timeout_seconds
        for keeper in self._keepers:
            if not keeper.ready.wait(max(0.0, deadline - time.monotonic())):
                raise UnavailableError("The query workers did not start in time.")

    @property
    def ready(self) -> bool:
        """At least one worker can take a query."""
        return any(keeper.ready.is_set() for keeper in self._keepers)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The process ids of the workers that are ready."""
        return tuple(keeper.pid for keeper in self._keepers if keeper.ready.is_set())

    @property
    def queued(self) -> int:
        """How many queries wait for a worker."""
        with self._changed:
            return len(self._waiting)

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Stop every query and end every worker."""
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for queued in waiting:
            queued.fail(UnavailableError(CLOSED))
        deadline = time.monotonic() + timeout_seconds
        for keeper in self._keepers:
            keeper.stop()
        for keeper in self._keepers:
            keeper.join(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, timeout_seconds: float) -> Running | None:
        """Hand the next query to a keeper; None if there is none in time, or the pool is closed."""
        deadline = time.monotonic() + timeout_seconds
        while not self._closed:
            with self._changed:
                late, running = self._pick()
                if running is None and not late:
                    now = time.monotonic()
                    if now >= deadline:
                        return None
                    self._changed.wait(deadline - now)
            for expired in late:
                expired.fail(UnavailableError(_BUSY))
            if running is not None:
                return running
        return None

    def _pick(self) -> tuple[list[Running], Running | None]:
        """Take those that waited too long out of the queue, and the first that may run."""
        now = time.monotonic()
        late = [r for r in self._waiting if r.queue_deadline is not None and now > r.queue_deadline]
        for running in late:
            self._waiting.remove(running)
        for running in self._waiting:
            if not running.heavy or self._heavy < self._most_heavy:
                self._waiting.remove(running)
                self._heavy += running.heavy
                return late, running
        return late, None

    def _release(self, running: Running) -> None:
        with self._changed:
            self._heavy -= running.heavy
            if running.heavy:
                self._changed.notify_all()

    def _expire(self, running: Running) -> None:
        if self._withdraw(running):
            running.fail(UnavailableError(_BUSY))

    def _cancel(self, running: Running) -> None:
        if self._withdraw(running):
            assert running.reason is not None
            running.fail(running.reason)
        else:
            for keeper in self._keepers:
                keeper.interrupt(running)

    def _withdraw(self, running: Running) -> bool:
        with self._changed, contextlib.suppress(ValueError):
            self._waiting.remove(running)
            return True
        return False


_BUSY = (
    "All query workers are busy, and none came free in time. Try again in a moment, or run the query as an "
    "asynchronous job, which waits for its turn."
)
