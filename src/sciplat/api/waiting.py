"""Wait until a job changes, without a thread for each who waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from sciplat.jobs.models import Job, Phase

__all__ = ["Changes", "look_until_changed"]

_LOOK_SECONDS = 0.02


class Changes:
    """Tells those who wait that something changed.

    One task looks at a cheap version number while anybody waits, whoever wrote it and in
    whichever process; nobody looks while nobody waits.
    """

    def __init__(self, version: Callable[[], int]) -> None:
        self._version = version
        self._waiting: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> int:
        """Return the version to wait from: take it before looking at what may change."""
        return self._version()

    async def wait(self, since: int, seconds: float) -> None:
        """Return at the first change after ``since``, or after so many seconds."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            if self._version() != since:
                return
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look(since))
            await asyncio.wait_for(changed.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._waiting.discard(changed)

    async def _look(self, seen: int) -> None:
        while self._waiting:
            version = self._version()
            if version != seen:
                seen = version
                for changed in self._waiting:
                    changed.set()
            await asyncio.sleep(_LOOK_SECONDS)


async def look_until_changed(
    changes: Changes, look: Callable[[], Job], *, seconds: float, held: Phase | None = None
) -> Job:
    """Return a job when its phase is no longer ``held`` or it is over, or after so many seconds.

    Parameters
    ----------
    look
        Reads the job; called in a thread.
    held
        The phase that it must leave; without one, the phase that it has now.
    """
    deadline = time.monotonic() + seconds
    since = changes.now()
    found = await run_in_threadpool(look)
    held = held or found.phase
    while found.phase is held and found.phase.is_active and time.monotonic() < deadline:
        await changes.wait(since, deadline - time.monotonic())
        since = changes.now()
        found = await run_in_threadpool(look)
    return found
