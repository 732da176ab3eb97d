"""Wait until a job changes its phase, without a thread or a question to the database for each who waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from starlette.concurrency import run_in_threadpool

from sciplat.errors import SciplatError
from sciplat.jobs.models import Job, Phase

__all__ = ["Changes", "look_until_changed"]

_LOOK_SECONDS = 0.02


class Changes:
    """Tells those who wait for a job that its phase is another one.

    One task looks at a cheap version number while anybody waits, whoever wrote it and in
    whichever process, and after a change asks once for the phases of all jobs that somebody
    waits for. Nobody looks while nobody waits.

    Parameters
    ----------
    version
        Returns a number that differs after any change.
    phases
        Returns the phases of jobs, without those that are gone.
    """

    def __init__(
        self, version: Callable[[], int], phases: Callable[[Iterable[str]], Mapping[str, Phase]]
    ) -> None:
        self._version = version
        self._phases = phases
        self._waiting: dict[str, dict[asyncio.Event, Phase]] = {}
        self._task: asyncio.Task[None] | None = None
        self._seen: int | None = None

    async def wait(self, job_id: str, held: Phase, seconds: float) -> None:
        """Return when the job's phase is not ``held``, or after so many seconds."""
        changed = asyncio.Event()
        self._waiting.setdefault(job_id, {})[changed] = held
        # What happened between the look of who waits and now has to be looked at once.
        self._seen = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(changed.wait(), seconds)
        except TimeoutError:
            return
        finally:
            events = self._waiting[job_id]
            del events[changed]
            if not events:
                del self._waiting[job_id]

    async def _look(self) -> None:
        while self._waiting:
            asked = tuple(self._waiting)
            try:
                version = self._version()
                if version != self._seen:
                    self._seen = version
                    self._tell(asked, await run_in_threadpool(self._phases, asked))
            except SciplatError:
                # Whoever waits looks for himself, and hears why that is not possible.
                self._tell(asked, {})
            await asyncio.sleep(_LOOK_SECONDS)

    def _tell(self, asked: Iterable[str], phases: Mapping[str, Phase]) -> None:
        for job_id in asked:
            for changed, held in self._waiting.get(job_id, {}).items():
                if phases.get(job_id) is not held:
                    changed.set()


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
    found = await run_in_threadpool(look)
    held = held or found.phase
    while found.phase is held and found.phase.is_active and (left := deadline - time.monotonic()) > 0:
        await changes.wait(found.id, held, left)
        found = await run_in_threadpool(look)
    return found
