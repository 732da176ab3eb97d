"""Become a program that ends when the supervisor does, however that ends.

Our own processes watch a pipe for that; a program of others, the front door, cannot. On Linux the
kernel tells it (``prctl(2)``, ``PR_SET_PDEATHSIG``), which survives becoming another program;
elsewhere the next start ends what is left.

Run as ``python -m sciplat.processes.bound PROGRAM ARGUMENT…``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for the signal, and become the program."""
    supervisor = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # it died before the kernel was asked
        raise SystemExit(1)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  our own command


if __name__ == "__main__":
    main()
