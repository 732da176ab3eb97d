"""What ties a process to its supervisor: it ends when asked to, and when the supervisor has died."""

from __future__ import annotations

import os
import signal
import threading

from sciplat.processes.process import LIFELINE_VARIABLE

__all__ = ["obey_supervisor"]

_PATIENCE_SECONDS = 10.0


def obey_supervisor() -> None:
    """End on SIGTERM, also before the server listens to signals, and when the supervisor dies.

    The supervisor's death shows as the end of a pipe that only it can write to.
    """
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if lifeline := os.environ.pop(LIFELINE_VARIABLE, None):
        descriptor = int(lifeline)
        os.set_inheritable(descriptor, False)
        threading.Thread(target=_watch, args=(descriptor,), name="lifeline", daemon=True).start()


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_PATIENCE_SECONDS)
    os._exit(1)
