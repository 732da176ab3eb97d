"""One instance a home: the lock that says so."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sciplat.errors import ConflictError

__all__ = ["locked"]


@contextmanager
def locked(home: Path, *, port: int) -> Iterator[None]:
    """Hold ``home`` for this process; the kernel lets go of it when the process ends, however it ends.

    Raises
    ------
    ConflictError
        Another process holds it; the message names its id and port.
    """
    with (home / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(_who(file.name, home)) from None
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "port": port}, file)
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate()


def _who(path: str, home: Path) -> str:
    try:
        holder = json.loads(Path(path).read_text("utf-8"))
        other = f"process {holder['pid']}, http://127.0.0.1:{holder['port']}/"
    except (OSError, ValueError, KeyError, TypeError):  # it has the lock and has not written yet
        other = "it is just starting or stopping"
    return f"Another instance uses {home} ({other}): stop it, or choose another --home"
