"""Putting ``sim1`` into an instance: its images as they come, and its tables when they are measured."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sciplat.demo.sim1.schema import COLUMNS, DESCRIPTION, SCHEMA, VERSION_NOTE, sim1_table
from sciplat.errors import LimitError
from sciplat.services.disk import is_full

if TYPE_CHECKING:
    from sciplat.demo.sim1.plan import PlannedVisit
    from sciplat.instance import Instance

__all__ = ["SECONDS", "TABLES", "make_sim1", "table_is_there"]

TABLES = tuple(COLUMNS)

SECONDS = 250.0
"""What the whole of it takes on two processors, in the units of the other demo tables' weights."""

_ANNOUNCE_SECONDS = 8.0
"""At most so often what has come is described in ``ivoa.ObsCore``, which takes about two seconds."""

_BYTES_A_VISIT, _BYTES_BESIDE = 8_000_000, 100_000_000
"""On disk, with the tables."""

Progress = Callable[[str, float], None]


def table_is_there(instance: Instance, name: str) -> bool:
    """Return whether a table is published in this version, which its description ends with."""
    schema = instance.catalogs.snapshot().schema(SCHEMA)
    return schema is not None and any(
        table.name == name and (table.description or "").endswith(VERSION_NOTE) for table in schema.tables
    )


def make_sim1(
    instance: Instance,
    tell: Progress,
    *,
    chosen: tuple[PlannedVisit, ...] | None = None,
    workers: int = 2,
) -> None:
    """Make what isn't there yet of ``sim1``, and let everyone see it.

    Images are described in ``ivoa.ObsCore`` a few seconds after they have come, tables follow when their rows
    are complete: Object first, light curves and changes last. It can be broken off at any time, also by
    ``kill -9``; the next call makes the rest.

    Parameters
    ----------
    tell
        Told what is made, and which part of all of it is done, 0 to 1.
    chosen
        The visits; by default all ninety. Fewer make a smaller survey of the same kind.
    workers
        See `sciplat.demo.sim1.process.process`.

    Raises
    ------
    LimitError
        The disk is too full.
    ConflictError
        There are other images under the name of the release.
    MissingExtraError
        The extras ``demo`` and ``images`` aren't both installed.
    """
    repositories = instance.images.repositories
    from sciplat.demo.sim1.plan import visits  # noqa: PLC0415 (nobody needs it who asks for the state)
    from sciplat.demo.sim1.process import Step, process  # noqa: PLC0415 (the Butler takes seconds)
    from sciplat.demo.sim1.tables import sim1_source  # noqa: PLC0415

    wanted = visits() if chosen is None else chosen
    bands = "".join(band for band in "ugriz" if any(visit.band == band for visit in wanted))
    _check_disk(instance, len(wanted))
    after = {
        Step.VISITS: ("Visit", "CcdVisit", "Source"),
        Step.OBJECTS: ("Object", "CoaddPatches"),
        Step.CHANGES: ("ForcedSource", "DiaObject", "DiaSource"),
    }
    announced = 0.0
    tell("preparing", 0.0)
    with (
        _full_in_words(instance),
        closing(process(instance.home / "repositories", wanted, workers=workers)) as coming,
    ):
        for came in coming:
            # What the pipeline made is nearly all; tables take the rest.
            fraction = 0.97 * came.fraction
            tell(came.words, fraction)
            if came.step is Step.PREPARED and not _is_described(instance):
                instance.ingest.describe_release(SCHEMA, DESCRIPTION, public=True)
            for name in after.get(came.step, ()) if came.is_last else ():
                if not table_is_there(instance, name):
                    tell(f"table {name}", fraction)
                    table = sim1_table(name, bands)
                    instance.ingest.ingest(
                        SCHEMA, name, sim1_source(repositories, name, bands), schema=table, public=True
                    )
            if came.is_last or time.monotonic() - announced > _ANNOUNCE_SECONDS:
                instance.images.announce.announce(SCHEMA)
                announced = time.monotonic()


def _is_described(instance: Instance) -> bool:
    schema = instance.catalogs.snapshot().schema(SCHEMA)
    return schema is not None and schema.description == DESCRIPTION


@contextmanager
def _full_in_words(instance: Instance) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_full(error):
            raise LimitError(
                f"The disk of {instance.home} is full. What has been made of sim1 is kept: make room, and "
                "let it be made again, which makes the rest"
            ) from error
        raise


def _check_disk(instance: Instance, count: int) -> None:
    made = instance.images.repositories.folder_of(SCHEMA)
    have = sum(file.stat().st_size for file in made.rglob("*") if file.is_file()) if made.is_dir() else 0
    needed = max(0, count * _BYTES_A_VISIT + _BYTES_BESIDE - have)
    free = shutil.disk_usage(instance.home).free
    if free < needed:
        raise LimitError(
            f"The disk of {instance.home} has {free / 1e6:.0f} MB free; sim1 needs about "
            f"{needed / 1e6:.0f} MB more. Make room, or choose a --home on another disk"
        )
