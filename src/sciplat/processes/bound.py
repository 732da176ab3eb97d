"""Become a program that ends when the supervisor does, however that ends.

Our own processes watch a pipe for that; a program of others, the front door, cannot. On Linux the
kernel tells it; elsewhere the next start ends what is left.

Run as ``python -m sciplat.processes.bound PROGRAM ARGUMENT…``.
"""

from __future__ import annotations

import os
import signal
import sys

from sciplat.system import end_with_owner

__all__ = ["main"]


def main() -> None:
    """Ask the kernel for the signal, and become the program."""
    supervisor = os.getppid()
    end_with_owner(signal.SIGTERM)
    if os.getppid() != supervisor:  # it died before the kernel was asked
        raise SystemExit(1)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  our own command


if __name__ == "__main__":
    main()
