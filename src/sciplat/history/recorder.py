"""Writes records behind the back of whoever asks: nobody waits for the disk."""

from __future__ import annotations

import logging
from collections import deque
from threading import Event, Lock, Thread

from sciplat.errors import SciplatError
from sciplat.history.models import Record
from sciplat.history.store import HistoryStore

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.2
"""Records of so long are written together; a crash loses no more of them."""

_AGAIN_SECONDS = 5.0
_BATCH = 1000
_WAITING_MAX = 20_000
"""More cannot wait for a disk that is full; what comes then is not kept, and the log says how much."""


class Recorder:
    """Takes records and writes them soon, many at a time, in one thread."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store
        self._waiting: deque[Record] = deque()
        self._lost = 0
        self._thread: Thread | None = None
        self._lock = Lock()
        self._writing = Lock()
        self._something = Event()
        self._stop = Event()

    def record(self, record: Record) -> None:
        """Take a record, in microseconds."""
        with self._lock:
            if len(self._waiting) >= _WAITING_MAX:
                self._lost += 1
                return
            self._waiting.append(record)
            if self._thread is None:
                self._thread = Thread(target=self._serve, name="recorder", daemon=True)
                self._thread.start()
        self._something.set()

    def flush(self) -> None:
        """Write what was taken until now.

        Raises
        ------
        UnavailableError
            The store cannot be written now; nothing is lost by that.
        """
        with self._writing:
            while self._waiting:
                batch: list[Record] = []
                with self._lock:
                    while self._waiting and len(batch) < _BATCH:
                        batch.append(self._waiting.popleft())
                    lost, self._lost = self._lost, 0
                if lost:
                    _log.error("%d queries are missing in the history: it could not be written in time", lost)
                try:
                    self._keep(batch)
                except BaseException:
                    with self._lock:
                        self._waiting.extendleft(reversed(batch))
                    raise

    def close(self) -> None:
        """Write what was taken, and stop."""
        self._stop.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
        except SciplatError:
            _log.exception("%d queries are missing in the history", len(self._waiting))

    def _keep(self, batch: list[Record]) -> None:
        try:
            self._store.keep(batch)
        except SciplatError:
            raise
        except Exception:  # noqa: BLE001 - a record that no rule foresaw
            # What cannot be written must not hold up all that comes after it.
            if len(batch) == 1:
                _log.exception("A query is missing in the history: its record cannot be written")
                return
            for record in batch:
                self._keep([record])

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._something.wait()
            self._stop.wait(_GATHER_SECONDS)
            self._something.clear()
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a full disk passes, and the history must go on afterwards
                _log.exception("The history cannot be written now")
                self._stop.wait(_AGAIN_SECONDS)
                self._something.set()
