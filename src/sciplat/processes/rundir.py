"""The run directory of a running instance, and the record by which the next start cleans up."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

__all__ = [
    "ProcessRecord",
    "RunRecord",
    "clean_up",
    "forget",
    "make_run_directory",
    "read_record",
    "running",
    "write_record",
    "write_whole",
]

_PREFIX = "sciplat-"
_LONGEST_SOCKET_NAME = "/caddy-admin.sock"
_LONGEST_SOCKET_PATH = 107  # sun_path of unix(7), without its end


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A process, so that it can be told from a later one with the same id."""

    pid: int
    created: float
    """When it began, seconds since 1970, as the operating system says."""

    @classmethod
    def of(cls, pid: int) -> ProcessRecord | None:
        """Return the record of a process that lives, else None."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def find(self) -> psutil.Process | None:
        """Return the process if it still lives and is the same one."""
        try:
            process = psutil.Process(self.pid)
            # The operating system counts in hundredths of a second; a corrected clock may move it by more,
            # but never to another process of the same id.
            same = (
                abs(process.create_time() - self.created) < 2.0 and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return None
        return process if same else None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What ``<home>/run.json`` says about the instance that runs, or ran, on this home."""

    supervisor: ProcessRecord
    url: str
    directory: Path
    children: Mapping[str, ProcessRecord] = field(default_factory=dict)


def make_run_directory() -> Path:
    """Make a private folder whose paths are short enough for unix sockets.

    It is in ``XDG_RUNTIME_DIR``, else in the folder for temporary files.
    """
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108  mkdtemp is private
        if not parent or not os.access(parent, os.W_OK | os.X_OK):
            continue
        directory = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
        if len(os.fsencode(directory + _LONGEST_SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return Path(directory)
        Path(directory).rmdir()
    raise OSError("There is no folder for sockets: set XDG_RUNTIME_DIR to a folder with a short name")


def write_whole(path: Path, text: str) -> None:
    """Put a file in place of the last one: who reads it gets the one or the other, never a part."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def write_record(home: Path, record: RunRecord) -> None:
    """Put the record in place of the last one."""
    values = {**asdict(record), "home": _identity(home)}
    write_whole(home / "run.json", json.dumps(values, default=str, indent=1) + "\n")


def read_record(home: Path) -> RunRecord | None:
    """Return the record, or None where nothing runs and nothing was left.

    A home that was copied from one that runs has that one's record, which says nothing of the copy.
    """
    try:
        values = json.loads((home / "run.json").read_text("utf-8"))
        if values["home"] != _identity(home):
            return None
        return RunRecord(
            supervisor=ProcessRecord(**values["supervisor"]),
            url=str(values["url"]),
            directory=Path(values["directory"]),
            children={name: ProcessRecord(**child) for name, child in values["children"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError):  # no record, or one of another version
        return None


def running(home: Path) -> RunRecord | None:
    """Return the record of the instance that runs on a home, or None where none does."""
    record = read_record(home)
    return None if record is None or record.supervisor.find() is None else record


def _identity(home: Path) -> list[int]:
    """Return what tells a folder from its copies, wherever it is moved on its disk."""
    told = home.stat()
    return [told.st_dev, told.st_ino]


def forget(home: Path, directory: Path) -> None:
    """Remove the run directory and the record of it."""
    if directory.name.startswith(_PREFIX) and not directory.is_symlink():
        shutil.rmtree(directory, ignore_errors=True)
    (home / "run.json").unlink(missing_ok=True)


def clean_up(home: Path, *, patience_seconds: float = 5.0) -> tuple[str, ...]:
    """End what a supervisor that was killed left behind, and return the names of it.

    To be called with the lock of the home held, so that what the record names
    is nobody's.
    """
    record = read_record(home)
    if record is None:
        return ()
    found = {name: process for name, child in record.children.items() if (process := child.find())}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in found.values():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
                process.send_signal(number)
        if _wait_until_gone(record.children, patience_seconds):
            break
    forget(home, record.directory)
    return tuple(found)


def _wait_until_gone(children: Mapping[str, ProcessRecord], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(child.find() for child in children.values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
