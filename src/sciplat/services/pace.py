"""How often somebody may do something."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

__all__ = ["Pace"]


class Pace:
    """So much a second, and more at once after a rest; for one thread at a time.

    Parameters
    ----------
    a_second
        In the long run.
    at_once
        After a rest.
    """

    def __init__(self, a_second: float, at_once: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._a_second, self._at_once, self._clock = a_second, at_once, clock
        self._left, self._since = float(at_once), clock()

    def wait(self) -> float:
        """Take one turn and return 0, or return for how many seconds there is none."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._since) * self._a_second)
        self._since = now
        if self._left < 1:
            return (1 - self._left) / self._a_second
        self._left -= 1
        return 0.0
