"""Keeps finished results for a while, for whoever asks the same of the same tables."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sciplat.engine.result import Result
from sciplat.engine.running import Running
from sciplat.engine.statement import Outcome, Statement
from sciplat.errors import NotFoundError

__all__ = ["Kept", "ResultCache"]

Key = tuple[str | None, str, tuple[tuple[str, Path], ...], int | None, int | None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A result of an earlier run."""

    result: Result
    outcome: Outcome
    age: float
    """Seconds since it was made."""


@dataclass(frozen=True, slots=True)
class _Entry:
    running: Running
    outcome: Outcome
    since: float


class ResultCache:
    """Results in memory and in files, the least recently used removed first; for several threads.

    Generations never change and a new one has another path, so a result is right for as long as it is asked
    for on the same files. What one visitor asked is not found by another, who could tell from an answer that
    comes at once.

    Parameters
    ----------
    seconds
        How long a result is kept; 0 keeps none.
    memory_bytes, disk_bytes
        How much of either all results take together.
    clock
        Tells the time, in seconds.
    """

    def __init__(
        self,
        *,
        seconds: float,
        memory_bytes: int,
        disk_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._limits = {False: memory_bytes, True: disk_bytes}
        self._sizes = {False: 0, True: 0}
        self._now = clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = Lock()

    @property
    def is_on(self) -> bool:
        """Whether anything is kept at all."""
        return self._seconds > 0

    def find(self, who: str | None, statement: Statement) -> Kept | None:
        """Return the result of ``statement`` that ``who`` asked for, if it is kept."""
        key = _key(who, statement)
        with self._lock:
            self._expire()
            entry = self._entries.get(key)
            if entry is None or entry.running.statement.columns != statement.columns:
                return None
            self._entries.move_to_end(key)
        try:
            return Kept(entry.running.result(), entry.outcome, self._now() - entry.since)
        except NotFoundError:  # removed in this moment
            return None

    def keep(self, who: str | None, running: Running, outcome: Outcome) -> bool:
        """Keep the result of a query that is finished; return whether its file is the cache's now."""
        is_file = outcome.spooled
        if not (self.is_on and running.statement.is_repeatable and outcome.bytes <= self._limits[is_file]):
            return False
        key = _key(who, running.statement)
        with self._lock:
            self._expire()
            self._remove(key)
            self._entries[key] = _Entry(running, outcome, self._now())
            self._sizes[is_file] += outcome.bytes
            while self._sizes[is_file] > self._limits[is_file]:
                self._remove(next(k for k, e in self._entries.items() if e.outcome.spooled == is_file))
        return is_file

    def _expire(self) -> None:
        late = self._now() - self._seconds
        for key in [key for key, entry in self._entries.items() if entry.since <= late]:
            self._remove(key)

    def _remove(self, key: Key) -> None:
        """Let go of a result; who reads it still has it."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._sizes[entry.outcome.spooled] -= entry.outcome.bytes
            if entry.outcome.spooled:
                entry.running.spool.unlink(missing_ok=True)


def _key(who: str | None, statement: Statement) -> Key:
    return who, statement.sql, statement.attachments, statement.maxrec, statement.byte_limit
