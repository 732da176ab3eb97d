"""``sim1`` from nothing to its tables, by several processes; what is there already is not made again."""

from __future__ import annotations

import errno
import heapq
import itertools
import logging
import os
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

from sciplat.demo.sim1 import work
from sciplat.demo.sim1.plan import PlannedVisit
from sciplat.services.disk import is_full
from sciplat.system import end_with_owner

__all__ = ["Came", "Step", "process"]


class Step(StrEnum):
    """What is made, one after the other where one needs the other."""

    PREPARED = "preparing"
    VISITS = "visit images"
    COADD = "coadds"
    OBJECTS = "objects"
    FOLLOWED = "differences and light curves"
    CHANGES = "gathering changes"


# Processor seconds of each, measured: of a visit, of a visit in a coadd, of the rest.
_OF_A_VISIT = {Step.VISITS: 1.8, Step.COADD: 0.5, Step.FOLLOWED: 1.7}
_OF_ALL = {Step.PREPARED: 5.0, Step.OBJECTS: 4.0, Step.CHANGES: 3.0}


@dataclass(frozen=True, slots=True)
class Came:
    """Something new is in the repository."""

    step: Step
    is_last: bool
    """Whether it was the last of its step."""

    words: str
    """How far the step is."""

    fraction: float
    """The part of everything that is done, 0 to 1."""


@dataclass(order=True, frozen=True, slots=True)
class _Task:
    """Something that one process can do now; the first in this order comes first."""

    order: int
    number: int
    step: Step = field(compare=False)
    size: int = field(compare=False)
    call: tuple[Callable[..., int], tuple[Any, ...]] = field(compare=False)
    band: str = field(compare=False, default="")


def process(folder: Path, chosen: tuple[PlannedVisit, ...], *, workers: int = 2) -> Generator[Came]:
    """Make raws, calibrated images, coadds, objects, differences and forced photometry; yield what has come.

    It can be broken off at any time, also by ``kill -9``: datasets that are finished stay, and the next call
    makes the rest. While the caller looks at what came, the processes go on with what they have.

    Parameters
    ----------
    folder
        Where the instance keeps its repositories.
    chosen
        The visits.
    workers
        Processes of low priority; 0 does everything in this one. Each needs about 700 MB.
    """
    progress = _Progress(len(chosen))
    work.prepare(folder, chosen)
    yield progress.came(Step.PREPARED, 1, 1, 1)
    of_visits = work.batches(chosen)
    with _executor(workers) as executor:
        yield from _follow(_Plan(folder, of_visits), executor, max(workers, 1), progress)


class _Plan:
    """What can be done when what is done."""

    def __init__(self, folder: Path, of_visits: tuple[work.Batch, ...]) -> None:
        self._folder = folder
        self._of_visits = of_visits
        self._bands = list(dict.fromkeys(batch.band for batch in of_visits))
        self._numbers = itertools.count()
        self._left = {band: sum(batch.band == band for batch in of_visits) for band in self._bands}
        self._coadds_left = len(self._bands)
        self._follow_left = len(of_visits)

    def count(self, step: Step) -> int:
        """Return how many visits, bands or tables a step makes."""
        if step in (Step.VISITS, Step.FOLLOWED):
            return sum(len(batch.visits) for batch in self._of_visits)
        return len(self._bands) if step is Step.COADD else 1

    def first(self) -> list[_Task]:
        """Return what can be done at once."""
        return [
            self._task(Step.VISITS, len(batch.visits), work.calibrate, batch, band=batch.band)
            for batch in self._of_visits
        ]

    def after(self, task: _Task) -> list[_Task]:
        """Return what can be done since a task is done."""
        if task.step is Step.VISITS:
            self._left[task.band] -= 1
            if not self._left[task.band]:
                return [self._task(Step.COADD, 1, work.add_up, task.band, band=task.band)]
        elif task.step is Step.COADD:
            self._coadds_left -= 1
            if not self._coadds_left:
                return [self._task(Step.OBJECTS, 1, work.measure)]
        elif task.step is Step.OBJECTS:
            return [
                self._task(Step.FOLLOWED, len(batch.visits), work.follow, batch) for batch in self._of_visits
            ]
        elif task.step is Step.FOLLOWED:
            self._follow_left -= 1
            if not self._follow_left:
                return [self._task(Step.CHANGES, 1, work.gather)]
        return []

    def _task(
        self, step: Step, size: int, call: Callable[..., int], *arguments: Any, band: str = ""
    ) -> _Task:
        # A coadd whose visits are there goes before more visits.
        order = 0 if step is Step.COADD else 1
        return _Task(order, next(self._numbers), step, size, (call, (self._folder, *arguments)), band)


def _follow(plan: _Plan, executor: Executor, workers: int, progress: _Progress) -> Iterator[Came]:
    ready = plan.first()
    running: dict[Future[int], _Task] = {}
    done = dict.fromkeys(Step, 0)
    finished: set[Future[int]] = set()
    while ready or running:
        news = []
        for future in finished:
            task = running.pop(future)
            future.result()
            done[task.step] += task.size
            news.append(progress.came(task.step, task.size, done[task.step], plan.count(task.step)))
            for following in plan.after(task):
                heapq.heappush(ready, following)
        while ready and len(running) < workers:
            task = heapq.heappop(ready)
            call, arguments = task.call
            running[executor.submit(_called, call, *arguments)] = task
        yield from news
        finished = wait(running, return_when=FIRST_COMPLETED).done if running else set()


def _called(call: Callable[..., int], *arguments: Any) -> int:
    """Call; of a full disk the error says so itself, since another process is not told of its causes."""
    try:
        return call(*arguments)
    except Exception as error:
        if is_full(error) and not isinstance(error, OSError):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


class _Progress:
    """How far everything is, by the time that it takes."""

    def __init__(self, visits: int) -> None:
        self._total = sum(_OF_A_VISIT.values()) * visits + sum(_OF_ALL.values())
        self._visits = visits
        self._done = 0.0

    def came(self, step: Step, size: int, done: int, count: int) -> Came:
        share = size / count
        self._done += share * (_OF_ALL.get(step, 0.0) + _OF_A_VISIT.get(step, 0.0) * self._visits)
        words = f"{step} ({done} of {count})" if count > 1 else str(step)
        return Came(step, done == count, words, min(self._done / self._total, 1.0))


class _Here(Executor):
    """Does everything in this process, at once."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*arguments, **named))
        except Exception as error:  # noqa: BLE001 (it is the caller's, who asks for the result)
            future.set_exception(error)
        return future


@contextmanager
def _executor(workers: int) -> Iterator[Executor]:
    if not workers:
        yield _Here()
        return
    # Linear algebra of its own threads would have them fight for the same cores.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    before = set(active_children())
    executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield executor
    except BaseException:
        # What they are at may take half a minute; it can be broken off as well as anything.
        for child in set(active_children()) - before:
            child.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _begin() -> None:
    """Be a worker: of low priority, quiet, and gone when the owner is."""
    end_with_owner(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner hears it, and ends this process
    os.nice(max(0, 10 - os.nice(0)))
    logging.getLogger("lsst").setLevel(logging.WARNING)
