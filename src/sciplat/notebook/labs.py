"""The labs that run: noted where the next hub, and whoever stops the instance, finds them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

__all__ = ["Lab", "Labs"]

_CLOCK_SECONDS = 2.0
"""By so much the time at which a process began may be told otherwise after the clock was corrected."""


@dataclass(frozen=True, slots=True)
class Lab:
    """One user's JupyterLab."""

    user: str
    pid: int
    created: float
    """When the process began, seconds since 1970: a later one may have the same id."""

    runtime: str
    """The folder with the sockets of its kernels."""

    @property
    def process(self) -> psutil.Process | None:
        """The process, if it lives and is the same one."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < _CLOCK_SECONDS
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class Labs:
    """A folder with a file for each lab."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, user: str, pid: int, runtime: Path) -> Lab:
        """Keep that a lab has been started."""
        lab = Lab(user, pid, psutil.Process(pid).create_time(), str(runtime))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._file(user).with_suffix(".new")
        fresh.write_text(json.dumps(asdict(lab)), "utf-8")
        fresh.replace(self._file(user))
        return lab

    def lab(self, user: str) -> Lab | None:
        """Return what is kept of a user's lab."""
        try:
            return Lab(**json.loads(self._file(user).read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):  # none, or one of another version
            return None

    def kept(self) -> tuple[str, ...]:
        """Return whose labs are kept, also those that have ended since."""
        return tuple(sorted(file.stem for file in self._folder.glob("*.json")))

    def running(self) -> Iterator[Lab]:
        """Yield the labs that live."""
        for file in sorted(self._folder.glob("*.json")):
            lab = self.lab(file.stem)
            if lab is not None and lab.process is not None:
                yield lab

    def forget(self, user: str) -> None:
        """Remove what is kept of a lab that has ended, and the sockets of its kernels."""
        lab = self.lab(user)
        if lab is not None:
            shutil.rmtree(lab.runtime, ignore_errors=True)
            self._file(user).unlink(missing_ok=True)

    def end(self, *, seconds: float) -> tuple[str, ...]:
        """End every lab with its kernels, and return whose; each is killed after that time."""
        labs = tuple(self.running())
        family = [each for lab in labs if (lead := lab.process) for each in _family(lead)]
        for lab in labs:
            _send(lab, signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=seconds)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for lab in labs:
            self.forget(lab.user)
        return tuple(lab.user for lab in labs)

    def _file(self, user: str) -> Path:
        return self._folder / f"{user}.json"


def _family(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def _send(lab: Lab, number: signal.Signals) -> None:
    if lab.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(lab.pid, number)
