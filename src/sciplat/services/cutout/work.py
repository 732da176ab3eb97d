"""Jobs that cut regions out of images that their owners name: how they are executed (SODA 1.0, async)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sciplat.errors import CancelledError, LimitError, SciplatError
from sciplat.identity.models import Scope
from sciplat.jobs.models import Job, JobProgress, JobResult
from sciplat.services.access import Visitor
from sciplat.services.cutout.request import CutoutRequest, CutoutRequests
from sciplat.services.disk import in_words, room_in
from sciplat.services.shelves import Folders
from sciplat.services.stint import Stint
from sciplat.services.work import Done, Expected, Verb, Work
from sciplat.sky.pos import words
from sciplat.system import sync
from sciplat.vo.soda import error_text

if TYPE_CHECKING:
    from sciplat.services.cutout.cut import CutoutService, Sendable

__all__ = ["cutout_verb"]

_SECONDS_EACH = 0.2
_REASON = "text/plain"
"""What a result is that could not be made: the reason, in the words of the standard."""


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
        """Make the cutouts, one after the other; one that cannot be made keeps no other from it."""
        total = self._requests.count
        results: list[JobResult] = []
        failed: SciplatError | None = None
        with in_words():
            self._most_bytes = min(self._most_bytes, room_in(self._folder))
            for number, request in enumerate(self._requests, 1):
                self._stint.go_on()
                name = "result" if number == 1 else f"result-{number}"
                try:
                    results.append(self._cut(request, name))
                except _CutError as error:
                    failed = failed or error.reason
                    results.append(self._told(name, request, error.reason))
                self._far = JobProgress(number, self._bytes, number / total, of=total)
            sync(self._folder)
        if failed is not None and all(result.failed for result in results):
            raise failed
        return Done(tuple(results))

    def _cut(self, request: CutoutRequest, name: str) -> JobResult:
        """Make one cutout; a `_CutError` is about that one alone, and any other about the job."""
        with _about_one():
            sendable: Sendable = self._service.cutout(request, visitor=self._owner)
        try:
            chunks = iter(sendable)
            with (self._folder / name).open("wb") as file:
                while True:
                    self._stint.go_on()
                    with _about_one():
                        chunk = next(chunks, None)
                    if chunk is None:
                        break
                    if self._bytes + file.tell() + len(chunk) > self._most_bytes:
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
        self._bytes += size
        return JobResult(name, None, size, sendable.media_type, sendable.name)

    def _told(self, name: str, request: CutoutRequest, reason: SciplatError) -> JobResult:
        """Put the reason in place of a cutout: text that begins as errors do (section 6)."""
        asked = [("ID", request.id)]
        asked += [("POS", words(request.region))] if request.region is not None else []
        for parameter, ends in (("BAND", request.band), ("TIME", request.time)):
            asked += [(parameter, " ".join(map(repr, ends)))] if ends is not None else []
        lines = [error_text(reason), *(f"{parameter}={value}" for parameter, value in asked)]
        content = "".join(f"{line}\n" for line in lines).encode()
        (self._folder / name).write_bytes(content)
        return JobResult(name, None, len(content), _REASON, f"{name}.txt", failed=1)


class _CutError(Exception):
    """One of the cutouts cannot be made."""

    def __init__(self, reason: SciplatError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextlib.contextmanager
def _about_one() -> Iterator[None]:
    try:
        yield
    except CancelledError:
        raise
    except SciplatError as error:
        raise _CutError(error) from error
