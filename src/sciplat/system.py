"""What only the operating system can promise: data are on the disk, a process ends with its owner, chance."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import sys
from pathlib import Path

__all__ = ["end_with_owner", "new_id", "sync"]

_PR_SET_PDEATHSIG = 1


def sync(path: Path) -> None:
    """Return when what was written to a file is on the disk; of a folder, which names are in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_id() -> str:
    """Return an unguessable id: 128 random bits, as 26 lower-case letters and digits."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def end_with_owner(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when the thread that started it ends.

    On Linux alone (``prctl(2)``, ``PR_SET_PDEATHSIG``), also after it has become another program. An
    owner that ended before is not noticed: compare `os.getppid` afterwards.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  # few processes need it

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
