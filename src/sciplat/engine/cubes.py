"""The cubes that brushes are answered from, in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from sciplat.errors import LimitError
from sciplat.tables.cube import Cube

__all__ = ["Cubes"]


class Cubes:
    """Keeps what brushes are answered from in memory, up to a limit; what was used longest ago goes first.

    Parameters
    ----------
    limit_bytes
        What all may take; one may take half of it.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._kept: OrderedDict[str, Cube] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}

    def get(self, key: str, size: int, make: Callable[[], Cube]) -> Cube:
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
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            cube = make()
            with self._lock:
                self._kept[key] = cube
                self._making.pop(key, None)
                while sum(each.bytes for each in self._kept.values()) > self.limit_bytes:
                    self._kept.popitem(last=False)
            return cube
