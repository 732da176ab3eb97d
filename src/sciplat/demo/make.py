"""Putting the demo surveys into an instance: tables of catalogs first, then what is processed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sciplat.demo import gaia, simwide_schema
from sciplat.demo.sim1 import make as sim1
from sciplat.demo.sim1.schema import SCHEMA as SIM1
from sciplat.demo.simwide import TABLES, simwide_source
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Table

if TYPE_CHECKING:
    from sciplat.instance import Instance

__all__ = ["SURVEYS", "Progress", "State", "is_ready", "make", "state"]

SURVEYS = (gaia.SCHEMA, simwide_schema.SCHEMA, SIM1)
"""In the order in which they are made."""

Progress = Callable[[str, float | None], None]
"""Told which table is being made, and which part of everything is done, 0 to 1."""


class State(StrEnum):
    """How far the demo data are; the words of ``/api/health``."""

    ABSENT = "absent"
    MAKING = "making"
    """Some tables are there: they are being made, or making them was broken off."""

    READY = "ready"


@dataclass(frozen=True, slots=True)
class _Part:
    """One table of the demo data."""

    release: str
    name: str
    about_release: str
    table: Callable[[], Table]
    source: Callable[[], RowSource]
    weight: float
    """Its share of the time that everything takes."""

    cluster_by: tuple[str, ...] = ()


_WEIGHTS = {
    "Visit": 2.0,
    "CcdVisit": 0.4,
    "Object": 4.0,
    "DiaObject": 0.8,
    "DiaSource": 0.9,
    "ForcedSource": 11.0,
    "Source": 8.6,
}


def _parts() -> tuple[_Part, ...]:
    """Return all tables in the order in which they are made: what is quick and real comes first."""
    stars = _Part(gaia.SCHEMA, gaia.TABLE, gaia.DESCRIPTION, gaia.gaia_table, gaia.gaia_source, weight=2.0)
    return (stars, *(_simwide_part(name) for name in TABLES))


def _simwide_part(name: str) -> _Part:
    return _Part(
        simwide_schema.SCHEMA,
        name,
        simwide_schema.DESCRIPTION,
        lambda: simwide_schema.simwide_table(name),
        lambda: simwide_source(name),
        _WEIGHTS[name],
    )


def make(instance: Instance, progress: Progress | None = None, *, surveys: Collection[str] = SURVEYS) -> None:
    """Make what isn't there yet of the demo surveys, and let everyone see it.

    It can be broken off at any time: what is finished stays, and the next call makes the rest. What is of
    an older version is replaced.

    Parameters
    ----------
    progress
        Called with what is made, which begins with the name of its survey.
    surveys
        Which, of `SURVEYS`.

    Raises
    ------
    LimitError
        The disk is too full.
    ConflictError
        There are other images under the name of a survey.
    MissingExtraError
        The package's extras ``demo`` and ``images`` aren't installed.
    """
    tell = progress or (lambda _stage, _fraction: None)
    parts = [part for part in _parts() if part.release in surveys]
    has_sim1 = SIM1 in surveys
    total = sum(part.weight for part in parts) + (sim1.SECONDS if has_sim1 else 0.0)
    done = 0.0
    for part in parts:
        stage = f"{part.release}.{part.name}"
        if not _is_there(instance, part):

            def within(
                step: str,
                fraction: float | None,
                *,
                before: float = done,
                stage: str = stage,
                part: _Part = part,
            ) -> None:
                share = part.weight * _STEPS.get(step, (0.0, 0.0))[0]
                share += part.weight * _STEPS.get(step, (0.0, 0.0))[1] * (fraction or 0.0)
                tell(stage, (before + share) / total)

            tell(stage, done / total)
            instance.ingest.ingest(
                part.release,
                part.name,
                part.source(),
                schema=part.table(),
                public=True,
                cluster_by=part.cluster_by,
                progress=within,
            )
        _describe(instance, part)
        done += part.weight
    if has_sim1 and not _has_sim1(instance):
        before = done
        sim1.make_sim1(
            instance,
            lambda what, part: tell(f"{SIM1}: {what}", (before + part * sim1.SECONDS) / total),
        )
    tell("ready", 1.0)


# Where the steps of an ingest begin, and how much of it they are.
_STEPS = {
    "reading": (0.0, 0.0),
    "sorting": (0.0, 0.5),
    "checking keys": (0.5, 0.1),
    "writing Parquet": (0.6, 0.38),
    "publishing": (0.98, 0.0),
}


def is_ready(instance: Instance, surveys: Collection[str] = SURVEYS) -> bool:
    """Return whether all tables of the demo surveys are there, in this version."""
    return state(instance, surveys) is State.READY


def state(instance: Instance, surveys: Collection[str] = SURVEYS) -> State:
    """Return how far the demo surveys are; a look at the catalogs, without making anything."""
    there = [_is_there(instance, part) for part in _parts() if part.release in surveys]
    if SIM1 in surveys:
        there += [sim1.table_is_there(instance, name) for name in sim1.TABLES]
    if all(there):
        return State.READY
    return State.MAKING if any(there) else State.ABSENT


def _has_sim1(instance: Instance) -> bool:
    return all(sim1.table_is_there(instance, name) for name in sim1.TABLES)


def _version(part: _Part) -> str:
    return gaia.VERSION_NOTE if part.release == gaia.SCHEMA else simwide_schema.VERSION_NOTE


def _is_there(instance: Instance, part: _Part) -> bool:
    """Return whether the table is published in this version, which its description ends with."""
    schema = instance.catalogs.snapshot().schema(part.release)
    if schema is None:
        return False
    tables = {table.name: table for table in schema.tables}
    found = tables.get(part.name)
    return found is not None and (found.description or "").endswith(_version(part))


def _describe(instance: Instance, part: _Part) -> None:
    """Say what the release is, where that isn't said yet."""
    schema = instance.catalogs.snapshot().schema(part.release)
    if schema is not None and schema.description != part.about_release:
        instance.ingest.describe_release(part.release, part.about_release)
