"""The process that holds the readers of uploads: ``python -m sciplat.services.reading DESCRIPTOR``.

It imports them once. For each file that it is told to read it makes a copy of itself, which reads this
one file, with limits on its memory and its time, answers, and ends. So whatever a file does to its reader,
nothing else is hurt, and reading begins within moments.
"""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import cdshealpix  # noqa: F401 - imported once, for all files
import pyarrow.dataset  # noqa: F401

from sciplat.errors import IngestError, LimitError, SciplatError, UnavailableError
from sciplat.services.load import load
from sciplat.services.loader import PATIENCE
from sciplat.system import end_with_owner
from sciplat.tables import read_fits, read_votable  # noqa: F401
from sciplat.uploads.models import table_to_json

with suppress(ImportError):
    import pandas as pd  # type: ignore[import-untyped]  # noqa: F401 - where it is, the engine looks at it

__all__ = ["main"]

_log = logging.getLogger(__name__)

_LONGEST = 65_536


def main(descriptor: int) -> NoReturn:
    """Read files as long as the owner of the other end of the socket lives."""
    sys.unraisablehook = _noted
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who closes the socket
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets those that have ended
    control = socket.socket(fileno=descriptor)
    gc.freeze()
    while True:
        text, descriptors, _, _ = socket.recv_fds(control, _LONGEST, 1)
        if not text:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            _answer(json.loads(text), socket.socket(fileno=descriptors[0]))
        for each in descriptors:
            os.close(each)


def _answer(asked: dict[str, Any], owner: socket.socket) -> NoReturn:
    _confine(asked["seconds"], asked["memory_bytes"])
    source = Path(asked["source"])
    try:
        table = load(
            source, Path(asked["target"]), largest=asked["largest"], memory_bytes=asked["memory_bytes"] // 4
        )
        reply = table_to_json(table)
    except (IngestError, LimitError) as error:
        reply = error.facts()
    except MemoryError:
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - whatever a library makes of what no honest writer wrote
        reply = _failure(source.name, error).facts()
    with suppress(OSError):  # nobody waits for it any more
        owner.sendall(json.dumps(reply).encode())
    os._exit(0)


def _noted(unraisable: sys.UnraisableHookArgs) -> None:
    """Note in one line what a library could not raise; whoever sent the file is told of it anyway."""
    _log.warning("A reader of an upload: %r", unraisable.exc_value)


def _failure(label: str, error: Exception) -> SciplatError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _log.error("An upload cannot be written", exc_info=error)
        return UnavailableError(f"{label}: the disk is full; ask the operator of this instance to make room")
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return IngestError(f"{label}: it cannot be read ({reason})")


def _confine(seconds: int, memory_bytes: int) -> None:
    """Let this process neither outlive its owner nor take more than it may."""
    # Its own time: on a busy machine an honest file takes longer, and no more work.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(seconds * PATIENCE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    end_with_owner(signal.SIGKILL)
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


if __name__ == "__main__":
    main(int(sys.argv[1]))
