"""What jobs that write large files say of a disk that is full, before it is."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sciplat.errors import LimitError

__all__ = ["SPACE_LEFT", "in_words"]

SPACE_LEFT = 64 << 20
"""Bytes of the disk that a job leaves free, so that all else the instance keeps can go on."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    except OSError as error:
        if error.errno in _FULL:
            raise LimitError(
                "The disk is full, so the result cannot be written. Delete results that you no longer need "
                "and run the job again, or ask for less."
            ) from error
        raise
