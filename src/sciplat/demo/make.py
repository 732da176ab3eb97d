"""Putting the demo data into an instance, table by table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sciplat.demo import gaia, simwide_schema
from sciplat.demo.simwide import TABLES, simwide_source
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Table

if TYPE_CHECKING:
    from sciplat.instance import Instance

__all__ = ["Progress", "State", "is_ready", "make", "state"]

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


def make(instance: Instance, progress: Progress | None = None) -> None:
    """Make the tables of ``gaia`` and ``simwide`` that aren't there yet, and let everyone read them.

    It can be broken off at any time: what is finished stays, and the next call makes the rest. A table
    of an older version is replaced.

    Raises
    ------
    MissingExtraError
        The package's extra ``demo`` isn't installed.
    """
    tell = progress or (lambda _stage, _fraction: None)
    parts = _parts()
    total = sum(part.weight for part in parts)
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
    tell("ready", 1.0)


# Where the steps of an ingest begin, and how much of it they are.
_STEPS = {
    "reading": (0.0, 0.0),
    "sorting": (0.0, 0.5),
    "checking keys": (0.5, 0.1),
    "writing Parquet": (0.6, 0.38),
    "publishing": (0.98, 0.0),
}


def is_ready(instance: Instance) -> bool:
    """Return whether all tables of the demo data are there, in this version."""
    return state(instance) is State.READY


def state(instance: Instance) -> State:
    """Return how far the demo data are; a look at the catalogs, without making anything."""
    there = [_is_there(instance, part) for part in _parts()]
    if all(there):
        return State.READY
    return State.MAKING if any(there) else State.ABSENT


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
