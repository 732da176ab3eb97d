"""A small ``sim1``: six visits in g and r, made by the code that makes the ninety of the demo."""

from __future__ import annotations

from pathlib import Path

from sciplat.demo.sim1.make import make_sim1
from sciplat.demo.sim1.plan import PlannedVisit, visits
from sciplat.instance import Instance

NIGHTS = (1, 4, 8)


def chosen() -> tuple[PlannedVisit, ...]:
    """Three nights of one season, in one of which the supernovae have begun."""
    return tuple(visit for visit in visits() if visit.index // 5 in NIGHTS and visit.band in "gr")


def make_small_sim1(home: Path) -> Path:
    """Make its images and tables in an instance at ``home`` (about 50 s of a processor); return ``home``."""
    instance = Instance.open(home)
    instance.ingest.prepare()
    make_sim1(instance, lambda _what, _part: None, chosen=chosen(), workers=0)
    return home
