"""Which states of the catalogs are still in use, by whichever process.

A process that reads a state holds a shared lock on a file of its own number. The kernel lets go of
it with the process, so what a crash leaves is nothing but an empty file.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

__all__ = ["Pin", "Pins"]


class Pin:
    """Holds one state of the catalogs for as long as this object lives."""

    def __init__(self, path: Path) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        weakref.finalize(self, os.close, file)
        fcntl.flock(file, fcntl.LOCK_SH)


class Pins:
    """The states that somebody holds.

    Parameters
    ----------
    folder
        Where their files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hold(self, revision: int) -> Pin:
        """Hold the state of this number.

        Look afterwards whether it still is the newest one: if not, it may have been given up just before.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Pin(self._folder / f"r{revision}")

    def oldest(self, newest: int) -> int:
        """Return the oldest state that somebody holds, ``newest`` where it is no older one."""
        held = [revision for revision in self._revisions() if revision < newest and self._is_held(revision)]
        return min(held, default=newest)

    def _revisions(self) -> list[int]:
        return [int(path.name[1:]) for path in self._folder.glob("r[0-9]*")]

    def _is_held(self, revision: int) -> bool:
        path = self._folder / f"r{revision}"
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            # Whoever opens it now looks, after the lock, whether its state is still the newest.
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)
