"""The cubes that brushes are answered from, in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sciplat.errors import LimitError

__all__ = ["Cubes", "Sized"]


class Sized(Protocol):
    """What knows how much memory it takes."""

    @property
    def bytes(self) -> int:
        """How much memory it takes."""


_MOST = 32
"""Each holds files of vectors too, which take disk as long as they are mapped."""

T = TypeVar("T", bound=Sized)


class Cubes:
    """Keeps what brushes are answered from in memory, up to a limit; what was used longest ago goes first.

    Parameters
    ----------
    limit_bytes
        What all may take; one may take half of it.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._making: set[str] = set()
        self._changed = threading.Condition()

    def get(self, key: str, size: int, make: Callable[[], T]) -> T:
        """Return the cube of a key, made if it is not there; two that want the same one wait for one making.

        Raises
        ------
        LimitError
            It would be too large.
        """
        if size > self.limit_bytes // 2:
            raise LimitError(
                f"These charts have too many bins to be brushed together: figures of {size >> 20} MB, "
                f"and {self.limit_bytes >> 21} MB are allowed. Ask for fewer bins."
            )
        with self._changed:
            while key not in self._kept and key in self._making:
                self._changed.wait()
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
            self._making.add(key)
        try:
            made = make()
            with self._changed:
                self._kept[key] = made
                while len(self._kept) > _MOST or sum(e.bytes for e in self._kept.values()) > self.limit_bytes:
                    self._kept.popitem(last=False)
            return made
        finally:
            with self._changed:
                self._making.discard(key)
                self._changed.notify_all()
