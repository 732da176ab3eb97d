"""Processes that read what somebody sent: whatever a file does to its reader, nothing else is hurt.

A fork server holds the readers, imported once; each file is read in a process of its own, with limits
on its memory and its time.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from threading import BoundedSemaphore

from sciplat.errors import IngestError, LimitError, SciplatError, UnavailableError
from sciplat.vo.schema import Table

__all__ = ["Loader"]

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_READERS = [
    "sciplat.services.load",
    "sciplat.tables.read_fits",
    "sciplat.tables.read_votable",
    "cdshealpix",
    "pyarrow.dataset",
    "pandas",
]
"""The last two, where they are installed, the engine imports by itself when it meets rows of Arrow."""


class Loader:
    """Reads uploads, a few at a time."""

    def __init__(self, *, at_once: int, seconds: float, memory_bytes: int) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(_READERS)

    def load(self, source: Path, target: Path, *, largest: int) -> Table:
        """Write the rows of ``source`` to ``target``, as `sciplat.services.load.load` does.

        Raises
        ------
        IngestError, LimitError
            It cannot be read, or takes too much time or memory.
        UnavailableError
            The disk is full.
        """
        with self._turns:
            ours, theirs = self._processes.Pipe(duplex=False)
            process = self._processes.Process(
                target=_work, args=(theirs, source, target, largest, self._memory_bytes), daemon=True
            )
            process.start()
            theirs.close()
            try:
                if not ours.poll(self._seconds):
                    raise LimitError(
                        f"{source.name}: reading it took more than {self._seconds:.0f} s; send fewer rows, "
                        "or send them as Parquet"
                    )
                table: Table | SciplatError = ours.recv()
            except EOFError:
                process.join()
                _log.warning("A reader of an upload ended with %s", process.exitcode)
                raise _too_much(source) from None
            finally:
                process.kill()
                process.join()
                ours.close()
                process.close()
        if isinstance(table, SciplatError):
            raise table
        return table


def _too_much(source: Path) -> LimitError:
    return LimitError(f"{source.name}: reading it takes more memory than an upload may have; send fewer rows")


def _work(answer: Connection, source: Path, target: Path, largest: int, memory_bytes: int) -> None:
    """Read one file; what comes of it is sent as an answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    from sciplat.services.load import load  # noqa: PLC0415 - this process alone pays for the readers

    try:
        answer.send(load(source, target, largest=largest, memory_bytes=memory_bytes // 4))
    except (IngestError, LimitError) as error:
        answer.send(type(error)(error.message))
    except MemoryError:
        answer.send(_too_much(source))
    except OSError as error:
        _log.exception("An upload cannot be written")
        answer.send(UnavailableError(f"{source.name}: it cannot be kept now ({error.strerror})"))
    except Exception as error:  # noqa: BLE001
        # Whatever a library makes of a file that no honest writer wrote.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        answer.send(IngestError(f"{source.name}: it cannot be read ({reason})"))
