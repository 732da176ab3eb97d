"""``sim1`` from nothing to its tables, by several processes; what is there already is not made again."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sciplat.demo.sim1 import work
from sciplat.demo.sim1.plan import BANDS_OF_SIM1

__all__ = ["Progress", "process"]

Progress = Callable[[str, float], None]
"""Told which step is under way, and which part of everything is done, 0 to 1."""

# Shares of the time that everything takes, measured.
_CALIBRATE, _COADD, _MEASURE, _FOLLOW = 0.38, 0.14, 0.02, 0.45


def process(folder: Path, *, workers: int = 2, progress: Progress | None = None) -> None:
    """Make raws, calibrated images, coadds, objects, forced photometry and differences of ``sim1``.

    It can be broken off at any time: images that are finished stay, and the next call makes the rest.

    Parameters
    ----------
    folder
        Where the instance keeps its repositories.
    workers
        Processes; each needs about 700 MB.
    progress
        Called in this process.
    """
    tell = progress or (lambda _step, _part: None)
    tell("preparing", 0.0)
    work.prepare(folder)
    # Linear algebra of its own threads would have them fight for the same cores.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        done = 0.01
        of_visits = work.batches()
        jobs = [pool.submit(work.calibrate, folder, batch) for batch in of_visits]
        done = _wait(jobs, "calibrating", done, _CALIBRATE, tell)
        jobs = [pool.submit(work.add_up, folder, band) for band in BANDS_OF_SIM1]
        done = _wait(jobs, "coadding", done, _COADD, tell)
        done = _wait([pool.submit(work.measure, folder)], "measuring objects", done, _MEASURE, tell)
        jobs = [pool.submit(work.follow, folder, batch) for batch in of_visits]
        done = _wait(jobs, "differences and light curves", done, _FOLLOW, tell)
        _wait([pool.submit(work.gather, folder)], "gathering changes", done, 1 - done, tell)


def _quiet() -> None:
    logging.getLogger("lsst").setLevel(logging.WARNING)


def _wait(jobs: list[Future[Any]], step: str, before: float, share: float, tell: Progress) -> float:
    """Wait for all jobs; the first that fails ends the others."""
    tell(step, before)
    try:
        for number, job in enumerate(as_completed(jobs), start=1):
            job.result()
            tell(step, before + share * number / len(jobs))
    except BaseException:
        for job in jobs:
            job.cancel()
        raise
    return before + share
