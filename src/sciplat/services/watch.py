"""Watch repositories: datasets that come otherwise than by an ingest are announced too, within seconds."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from sciplat.errors import SciplatError
from sciplat.repository.store import Repositories, Repository
from sciplat.services.announce import AnnounceService

__all__ = ["WatchService"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_QUIET_SECONDS = 0.75
"""A repository that has not changed for so long is looked at now."""

_MOST_SECONDS = 2.0
"""One that changes all the time is looked at after so long."""

_REST = 2.0
"""For so many times as long as an announcement took there is none of this release: to keep others working."""

_AFTER_ERROR_SECONDS = 5.0
_FILES = ("gen3.sqlite3", "gen3.sqlite3-wal", "quanta", "butler.yaml")

_Mark = tuple[tuple[int, int, int] | None, ...]


@dataclass(slots=True)
class _Watched:
    repository: Repository
    seen: _Mark | None = None
    """What was there when the repository was announced last."""

    last: _Mark = ()
    changed: float = field(default_factory=time.monotonic)
    first: float | None = None
    """When the first change was seen that is not announced yet."""

    rests_until: float = 0.0


class WatchService:
    """Announces what others put into repositories."""

    def __init__(self, repositories: Repositories, announcing: AnnounceService) -> None:
        """Watch ``repositories``, all that there are and that come."""
        self._repositories = repositories
        self._announcing = announcing
        self._watched: dict[str, _Watched] = {}

    def run(self, stopped: threading.Event) -> None:
        """Look again and again, until it is stopped."""
        while not stopped.wait(_LOOK_SECONDS):
            self.look()
        for watched in self._watched.values():
            watched.repository.close()

    def look(self) -> tuple[str, ...]:
        """Announce the releases that have changed and are quiet now, and return them.

        Whether one has changed is told by the dates of its files. At first each is announced, since nobody
        knows what came while nobody looked.
        """
        return tuple(release for release in self._repositories.releases() if self._look_at(release))

    def _look_at(self, release: str) -> bool:
        now, mark = time.monotonic(), self._mark(release)
        watched = self._watched.get(release)
        if watched is None or (watched.last and watched.last[-1] != mark[-1]):
            if watched is not None:  # it was removed and made again
                watched.repository.close()
            watched = self._watched[release] = _Watched(self._repositories.open(release))
        if mark != watched.last:
            watched.last, watched.changed = mark, now
            watched.first = watched.first or now
        is_ripe = now - watched.changed >= _QUIET_SECONDS or now - (watched.first or now) >= _MOST_SECONDS
        if mark == watched.seen or not is_ripe or now < watched.rests_until:
            return False
        watched.first = None
        try:
            self._announcing.announce_from(watched.repository)
            watched.seen = mark  # taken before, so that what came meanwhile is a change
        except SciplatError as error:
            _log.warning("The images of release %s cannot be announced: %s", release, error)
            watched.rests_until = time.monotonic() + _AFTER_ERROR_SECONDS
            return False
        except Exception:  # noqa: BLE001  a locked, damaged or removed repository concerns no other one
            _log.exception("The images of release %s cannot be announced", release)
            watched.rests_until = time.monotonic() + _AFTER_ERROR_SECONDS
            return False
        done = time.monotonic()
        watched.rests_until = done + _REST * (done - now)
        return True

    def _mark(self, release: str) -> _Mark:
        folder = self._repositories.folder_of(release)
        marks: list[tuple[int, int, int] | None] = []
        for name in _FILES:
            try:
                told = (folder / name).stat()
            except OSError:
                marks.append(None)
            else:
                marks.append((told.st_ino, told.st_size, told.st_mtime_ns))
        return tuple(marks)
