"""Take turns at work that needs processors and memory, so that any number may ask at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from sciplat.errors import CancelledError, UnavailableError

__all__ = ["Makers"]

_Made = TypeVar("_Made")

_MOST_WAITING = 1000


class Makers:
    """Lets so many work at once; others wait, first come first served, each without a thread.

    Parameters
    ----------
    at_once
        How many.
    """

    def __init__(self, at_once: int) -> None:
        self._turns = CapacityLimiter(at_once)
        self._threads = CapacityLimiter(at_once)

    async def make(self, request: Request, work: Callable[[], _Made]) -> _Made:
        """Return what ``work`` returns when its turn has come; who has gone away by then gets nothing.

        Raises
        ------
        UnavailableError
            Too many wait.
        CancelledError
            The asker has gone.
        """
        if self._turns.statistics().tasks_waiting >= _MOST_WAITING:
            raise UnavailableError("Too many images are asked for at this moment; ask again soon.")
        async with self._turns:
            if await request.is_disconnected():
                raise CancelledError("Whoever asked for this has gone.")
            return await to_thread.run_sync(work, limiter=self._threads)
