"""Reading what somebody sent, out of this process."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import BoundedSemaphore, Lock

from sciplat.errors import IngestError, LimitError, SciplatError, UnavailableError
from sciplat.uploads.models import table_from_json
from sciplat.vo.schema import Table

__all__ = ["PATIENCE", "Loader"]

_log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_NICE = 10
_STARTING_SECONDS = 30.0
"""A reader that has just been started has a lot to import."""

PATIENCE = 10
"""How many times as long as its processor time a reader may take: others keep the machine busy."""


class Loader:
    """Has uploads read by `sciplat.services.reading`, a few at a time.

    Parameters
    ----------
    seconds
        Of a processor's time, for one file.
    """

    def __init__(self, *, at_once: int, seconds: int, memory_bytes: int) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._starting = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def load(self, source: Path, target: Path, *, largest: int) -> Table:
        """Write the rows of ``source`` to ``target``, as `sciplat.services.load.load` does.

        Raises
        ------
        IngestError, LimitError
            It cannot be read, or takes too much time or memory.
        UnavailableError
            The disk is full.
        """
        asked = {
            "source": str(source),
            "target": str(target),
            "largest": largest,
            "seconds": self._seconds,
            "memory_bytes": self._memory_bytes,
        }
        with self._turns:
            begun = time.monotonic()
            answer = self._ask(json.dumps(asked).encode())
            overdue = time.monotonic() - begun >= self._seconds
        if not answer:
            _log.warning("A reader of an upload ended without an answer")
            what = (
                f"took more than {self._seconds} s of a processor's time"
                if overdue
                else "takes more memory than it may have"
            )
            raise LimitError(
                f"{source.name}: reading it {what}; send fewer rows, or send them as Parquet or FITS, which "
                "are read many times faster"
            )
        facts = json.loads(answer)
        if "code" in facts:
            raise _error(facts["code"], facts["message"])
        return table_from_json(source.name, facts)

    def prepare(self) -> None:
        """Start the process that holds the readers, if it isn't there; it imports them in the meantime."""
        with self._starting:
            self._ensure()

    def close(self) -> None:
        """End it."""
        with self._starting:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                self._process.wait()
            self._process = self._control = None

    def _ask(self, asked: bytes) -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._starting:
                socket.send_fds(self._ensure(), [asked], [theirs.fileno()])
            ours.settimeout(self._seconds * PATIENCE + _STARTING_SECONDS)
            answer = bytearray()
            try:
                while chunk := ours.recv(_CHUNK):
                    answer += chunk
            except TimeoutError:
                return b""
            return bytes(answer)

    def _ensure(self) -> socket.socket:
        if self._control is None or self._process is None or self._process.poll() is not None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "sciplat.services.reading", str(theirs.fileno())],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                )
            # Queries come first; and so does the start of an instance, before this has imported anything.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
            if self._control is not None:
                self._control.close()
            self._control = ours
        return self._control


def _error(code: str, message: str) -> SciplatError:
    kinds: tuple[type[SciplatError], ...] = (LimitError, UnavailableError)
    return next((kind for kind in kinds if kind.code == code), IngestError)(message)
