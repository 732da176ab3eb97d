"""Where the results of jobs lie: one Arrow file a query, one folder with files for any other job."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sciplat.engine.spool import result_file, result_files
from sciplat.errors import NotFoundError

__all__ = ["Folders", "Shelf", "Spools", "bytes_on"]

_SUFFIX = ".files"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Shelf(Protocol):
    """The results of jobs of one sort, finished or not."""

    def names(self) -> set[str]:
        """Return the ids of the jobs that have something here."""

    def remove(self, job_id: str) -> None:
        """Remove what a job has here, if anything."""

    def bytes(self) -> int:
        """Return how much all of them take on the disk."""


class Spools:
    """One Arrow file a job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, job_id: str) -> Path:
        """Return the file of a job, which need not be there."""
        return result_file(self._folder, job_id)

    def names(self) -> set[str]:
        """Return the ids of the jobs that have a file, finished or not."""
        return {name for name, _ in result_files(self._folder)}

    def remove(self, job_id: str) -> None:
        """Remove the file of a job, also an unfinished one."""
        for name, file in result_files(self._folder):
            if name == job_id:
                file.unlink(missing_ok=True)

    def bytes(self) -> int:
        """Return how much all files take."""
        return _bytes(file for _, file in result_files(self._folder))


class Folders:
    """One folder a job, with any files; those whose names begin with a dot are for who executes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, job_id: str) -> Path:
        """Return the folder of a job, which need not be there."""
        return self._folder / f"{job_id}{_SUFFIX}"

    def file(self, job_id: str, name: str) -> Path:
        """Return one result of a job.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        file = self.path(job_id) / name
        if not _NAME.fullmatch(name) or not file.is_file():
            raise NotFoundError(f"Job {job_id} has no result {name[:80]!r}.")
        return file

    def names(self) -> set[str]:
        """Return the ids of the jobs that have a folder."""
        return {folder.name.removesuffix(_SUFFIX) for folder in self._folder.glob(f"*{_SUFFIX}")}

    def remove(self, job_id: str) -> None:
        """Remove the folder of a job."""
        shutil.rmtree(self.path(job_id), ignore_errors=True)

    def bytes(self) -> int:
        """Return how much all files in all folders take."""
        return _bytes(self._folder.glob(f"*{_SUFFIX}/**/*"))


def bytes_on(shelves: Iterable[Shelf]) -> int:
    """Return how much all shelves hold together."""
    return sum(shelf.bytes() for shelf in shelves)


def _bytes(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        with suppress(FileNotFoundError):  # its owner deletes it at this moment
            total += file.stat().st_size
    return total
