"""Jobs that cut regions out of images that their owners name: how they are executed (SODA 1.0, async)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sciplat.errors import LimitError, NoOverlapError
from sciplat.identity.models import Scope
from sciplat.jobs.models import Job, JobProgress, JobResult
from sciplat.services.access import Visitor
from sciplat.services.cutout.request import CutoutRequest, CutoutRequests
from sciplat.services.disk import in_words, room_in
from sciplat.services.shelves import Folders
from sciplat.services.stint import Stint
from sciplat.services.work import Done, Expected, Verb, Work
from sciplat.system import sync

if TYPE_CHECKING:
    from sciplat.services.cutout.cut import CutoutService, Sendable

__all__ = ["cutout_verb"]

_SECONDS_EACH = 0.2
_NOTHING = "text/plain"
"""What a result is that has no pixel: a line that says so."""


def cutout_verb(cutout: Callable[[], CutoutService], folders: Folders, *, most: int) -> Verb:
    """Return what executes such jobs.

    Parameters
    ----------
    cutout
        Returns what cuts; it is called by the first job.
    most
        How many cutouts one job may make.
    """

    def expect(job: Job, owner: Visitor) -> Expected:
        count = CutoutRequests.of(job.parameters).count
        return Expected(count, count * _SECONDS_EACH)

    def begin(job: Job, owner: Visitor, bytes_left: int) -> Work:
        requests = CutoutRequests.of(job.parameters)
        if requests.count > most:
            raise LimitError(
                f"The job asks for {requests.count:,} cutouts, each of which is a result; it may ask for "
                f"{most:,}. Many cutouts in one archive are made by /api/cutouts/async."
            )
        folder = folders.path(job.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _CutoutWork(cutout(), job, requests, owner, folder, bytes_left)

    return Verb(expect, begin, frozenset({Scope.READ_IMAGE}))


class _CutoutWork:
    """One job, in the thread that waits for it."""

    def __init__(
        self,
        service: CutoutService,
        job: Job,
        requests: CutoutRequests,
        owner: Visitor,
        folder: Path,
        most_bytes: int,
    ) -> None:
        self._service, self._requests, self._owner = service, requests, owner
        self._folder = folder
        self._stint = Stint(job.execution_duration)
        self._most_bytes = most_bytes
        self._bytes = 0
        self._far = JobProgress(0, 0)

    @property
    def progress(self) -> JobProgress:
        """How many cutouts are made, of how many."""
        return self._far

    def cancel(self) -> None:
        """Stop before the next megabytes."""
        self._stint.cancel()

    def wait(self) -> Done:
        """Make the cutouts, one after the other."""
        total = self._requests.count
        results: list[JobResult] = []
        missed: NoOverlapError | None = None
        with in_words():
            self._most_bytes = min(self._most_bytes, room_in(self._folder))
            for number, request in enumerate(self._requests, 1):
                self._stint.go_on()
                name = "result" if number == 1 else f"result-{number}"
                try:
                    results.append(self._cut(request, name))
                except NoOverlapError as error:
                    missed = error
                    results.append(self._nothing(name, error))
                self._far = JobProgress(number, self._bytes, number / total, of=total)
            sync(self._folder)
        if missed is not None and all(result.mime == _NOTHING for result in results):
            raise missed
        return Done(tuple(results))

    def _cut(self, request: CutoutRequest, name: str) -> JobResult:
        sendable: Sendable = self._service.cutout(request, visitor=self._owner)
        try:
            with (self._folder / name).open("wb") as file:
                for chunk in sendable:
                    self._stint.go_on()
                    self._bytes += len(chunk)
                    if self._bytes > self._most_bytes:
                        raise LimitError(
                            f"The cutouts are larger than the {self._most_bytes / 1e6:,.0f} MB that there is "
                            "room for. Ask for fewer or smaller ones, or delete jobs that you do not need."
                        )
                    file.write(chunk)
                size = file.tell()
                file.flush()
                os.fdatasync(file.fileno())
        finally:
            sendable.close()
        return JobResult(name, None, size, sendable.media_type, sendable.name)

    def _nothing(self, name: str, error: NoOverlapError) -> JobResult:
        content = f"NoContent: {error.message}\n".encode()
        (self._folder / name).write_bytes(content)
        return JobResult(name, None, len(content), _NOTHING, f"{name}.txt")
