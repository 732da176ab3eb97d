"""One worker process as its owner sees it: begun, measured, told to give way, ended."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import psutil

from sciplat.engine.limits import Limits
from sciplat.engine.protocol import Channel

__all__ = ["WorkerProcess"]

_HEAVY_NICENESS = 5
"""Beyond the owner's: a third of the share that others have. With 10, a tenth, heavy queries came to a stand
beside many cones."""


class WorkerProcess:
    """A worker process and the connection to it."""

    def __init__(self, limits: Limits, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)  # what a killed worker had spilled
        directory.mkdir()
        ours, theirs = socket.socketpair()
        try:
            self._popen = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [
                    *(sys.executable, "-P", "-m", "sciplat.engine.worker"),
                    *(str(theirs.fileno()), str(os.getpid()), json.dumps(asdict(limits))),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=directory,
                env=_environment(directory),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.channel = Channel(ours)
        self.pid = self._popen.pid
        self._facts = psutil.Process(self.pid)

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        return self._popen.poll() is None

    def memory_bytes(self) -> int:
        """Return what the process has for itself: neither mapped files nor shared code count."""
        try:
            memory = self._facts.memory_info()
        except psutil.NoSuchProcess:
            return 0
        used: int = memory.rss - memory.shared
        return used

    def processor_seconds(self) -> float:
        """Return the time of all processors that it has used."""
        try:
            used = self._facts.cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(used.user + used.system)

    def give_way(self) -> None:
        """Let other processes go first, from now on."""
        self._set_niceness(os.getpriority(os.PRIO_PROCESS, 0) + _HEAVY_NICENESS)

    def favour(self) -> bool:
        """Take `give_way` back; False if that is not allowed, as it is to hardly anybody."""
        return self._set_niceness(os.getpriority(os.PRIO_PROCESS, 0))

    def _set_niceness(self, value: int) -> bool:
        # Linux knows it of each thread; new threads take it from the one that makes them.
        tasks = Path(f"/proc/{self.pid}/task")
        try:
            for task in [int(path.name) for path in tasks.iterdir()] if tasks.exists() else [self.pid]:
                with suppress(ProcessLookupError):
                    os.setpriority(os.PRIO_PROCESS, task, value)
        except OSError:
            return False
        return True

    def end(self, timeout_seconds: float) -> None:
        """Let it end by itself (it does when the connection closes), else kill it."""
        self.channel.close()
        try:
            self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def _environment(directory: Path) -> dict[str, str]:
    """Return the little that a worker needs: no secret of the owner is in its environment."""
    package = str(Path(__file__).parents[2])
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    paths = [package, *(str(Path(path).absolute()) for path in given)]
    return {
        "PATH": os.defpath,
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": os.pathsep.join(paths),
    }
