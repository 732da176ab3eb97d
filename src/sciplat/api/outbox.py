"""Messages to a client, which takes them at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Outbox"]


class Outbox:
    """What waits for one client; for one event loop.

    What lasts for a moment is replaced by the next of its kind, however slow the client is; all else waits.

    Parameters
    ----------
    most
        Characters that may wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._messages: deque[str] = deque()
        self._passing: dict[tuple[str, ...], str] = {}
        self._size = 0
        self._some = asyncio.Event()
        self.overflown = asyncio.Event()

    def put(self, text: str) -> None:
        """Add a message, unless there are too many: then no more are taken, and `overflown` is set."""
        if self._size + len(text) > self._most and self._messages:
            self.overflown.set()
        if not self.overflown.is_set():
            self._messages.append(text)
            self._size += len(text)
            self._some.set()

    def pass_by(self, key: tuple[str, ...], text: str) -> None:
        """Add a message that replaces the one before of the same key."""
        self._passing[key] = text
        self._some.set()

    def over(self, first: str) -> None:
        """Forget passing messages whose key begins so: what they led to has been done."""
        for key in [key for key in self._passing if key[0] == first]:
            del self._passing[key]

    async def take(self) -> str:
        """Wait for the next message and return it."""
        while not self._messages and not self._passing:
            self._some.clear()
            await self._some.wait()
        if self._messages:
            text = self._messages.popleft()
            self._size -= len(text)
            return text
        return self._passing.pop(next(iter(self._passing)))
