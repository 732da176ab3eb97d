"""What those who write files say of a disk that is full, if possible before it is."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sciplat.errors import LimitError

__all__ = ["SPACE_LEFT", "in_words", "is_full", "room_in"]

SPACE_LEFT = 64 << 20
"""Bytes of the disk that a job leaves free, so that all else the instance keeps can go on."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error comes of a full disk, whatever others have put around that of the system."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, OSError) and "Not enough space on disk" in str(error):
            return True  # astropy says it in words alone
        if isinstance(error, sqlite3.OperationalError) and "is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def room_in(folder: Path) -> int:
    """Return how many bytes a job may write into a folder.

    Raises
    ------
    LimitError
        There is no room.
    """
    room = shutil.disk_usage(folder).free - SPACE_LEFT
    if room <= 0:
        raise _full()
    return room


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what the system says of a full disk into an error for the owner of a job.

    Raises
    ------
    LimitError
        The disk is full.
    """
    try:
        yield
    except Exception as error:
        if is_full(error):
            raise _full() from error
        raise


def _full() -> LimitError:
    return LimitError(
        "The disk is full, so the result cannot be written. Delete results that you no longer need "
        "and run the job again, or ask for less."
    )
