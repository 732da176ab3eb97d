"""Tiles and files on disk, with a cap: what was asked for longest ago goes first.

Everything here can be made again, so nothing is waited for: a full disk keeps nothing more, a crash leaves at
most an unfinished file, and two who make the same tile both write it. When something was asked for last is
told by its time of access, so that the fingerprint of a file stays.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import BinaryIO

__all__ = ["TileStore", "fingerprint"]

_log = logging.getLogger(__name__)

_FREED = 0.9
"""How full the store is after the oldest went."""

_LEAST_FREE = 0.02
"""Of the disk, what is left to others."""

_UNFINISHED = ".unfinished"
_STALE_SECONDS = 3600.0


def fingerprint(paths: Iterable[Path]) -> str:
    """Return what changes when any of these files does: 32 letters and digits.

    Raises
    ------
    OSError
        A file is gone.
    """
    facts = [
        (str(path), told.st_ino, told.st_size, told.st_mtime_ns) for path in paths for told in (path.stat(),)
    ]
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


class TileStore:
    """Pieces of bytes by image and name; for any number of threads and processes.

    Parameters
    ----------
    folder
        Where they are kept; it is made when there is something to keep.
    most_bytes
        How much is kept.
    grace_seconds
        For so long nothing goes that was asked for as a file, over the cap or not: who was told of it has not
        opened it yet. Who has it open reads on, whether it goes or not.
    """

    def __init__(self, folder: Path, most_bytes: int, *, grace_seconds: float = 0.0) -> None:
        self._folder, self._most, self._grace = folder, most_bytes, grace_seconds
        self._lock = Lock()
        self._bytes: int | None = None
        self._warned = 0.0

    def get(self, image: str, name: str) -> bytes | None:
        """Return what is kept of an image, by its fingerprint, under a name; None where nothing is."""
        path = self._path(image, name)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return content

    def put(self, image: str, name: str, content: bytes) -> bool:
        """Keep something, and return whether there was room."""
        if not self.has_room(len(content)):
            return False
        path = self._path(image, name)
        unfinished = path.with_name(f"{uuid.uuid4().hex}{_UNFINISHED}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(path)
        except OSError as error:
            self._warn(error)
            unfinished.unlink(missing_ok=True)
            return False
        with self._lock:
            self._bytes = (self._bytes or 0) + len(content)
        return True

    def file(self, image: str, name: str) -> Path | None:
        """Return the file of what is kept, which stays for the grace; None where nothing is."""
        path = self._path(image, name)
        return path if self.touch(path) else None

    def touch(self, path: Path) -> bool:
        """Note that a file here is asked for, and return whether it is there still."""
        try:
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        except OSError:
            return False
        return True

    def make(self, image: str, name: str, write: Callable[[BinaryIO], None]) -> Path:
        """Keep a file that ``write`` writes, however large, and return it.

        Raises
        ------
        OSError
            The disk is full.
        """
        path = self._path(image, name)
        unfinished = path.with_name(f"{uuid.uuid4().hex}{_UNFINISHED}")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                write(file)
            size = unfinished.stat().st_size
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        with self._lock:
            self._bytes = None if self._bytes is None else self._bytes + size
            if self._bytes is None or self._bytes > self._most:
                self._bytes = self._free(int(_FREED * self._most))
        return path

    def _path(self, image: str, name: str) -> Path:
        return self._folder / image[:2] / image / name

    def has_room(self, size: int = 1) -> bool:
        """Return whether so many bytes can be kept, after the oldest have gone where they must."""
        if size > self._most:
            return False
        try:
            disk = shutil.disk_usage(self._folder if self._folder.is_dir() else self._folder.parent)
        except OSError as error:
            self._warn(error)
            return False
        if disk.free - size < _LEAST_FREE * disk.total:
            self._warn(OSError("the disk is full"))
            return False
        with self._lock:
            if self._bytes is None or self._bytes + size > self._most:
                self._bytes = self._free(int(_FREED * self._most) - size)
        return True

    def _free(self, most: int) -> int:
        """Remove the oldest until no more than ``most`` bytes are there; return how many there are then."""
        files: list[tuple[float, int, str]] = []
        now = time.time()
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = f"{folder}/{name}"
                try:
                    told = os.stat(path)  # noqa: PTH116  of very many
                    if name.endswith(_UNFINISHED) and now - told.st_mtime > _STALE_SECONDS:
                        os.unlink(path)  # noqa: PTH108
                        continue
                except OSError:  # it goes at this moment
                    continue
                files.append((max(told.st_atime, told.st_mtime), told.st_size, path))
        taken = sum(size for _, size, _ in files)
        if taken <= self._most and taken <= max(most, 0) / _FREED:
            return taken
        for asked, size, path in sorted(files):
            if taken <= most or now - asked < self._grace:
                break
            try:
                os.unlink(path)  # noqa: PTH108
                taken -= size
                os.rmdir(os.path.dirname(path))  # noqa: PTH106, PTH120  where it was the last of its image
            except OSError:
                continue
        return taken

    def _warn(self, error: OSError) -> None:
        if time.monotonic() - self._warned > 60 or not self._warned:
            self._warned = time.monotonic()
            _log.warning("Tiles are made without being kept: %s", error)
