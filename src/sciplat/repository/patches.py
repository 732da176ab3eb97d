"""The datasets that a mosaic is made of: those of one type and band whose patches a region meets."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass

from lsst.daf.butler import Butler
from lsst.sphgeom import LonLat, UnitVector3d

from sciplat.errors import UsageError
from sciplat.repository.find import find
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Circle, Region

__all__ = ["Patch", "patches"]


@dataclass(frozen=True, slots=True)
class Patch:
    """One dataset on a patch of a skymap."""

    id: uuid.UUID
    run: str
    skymap: str
    tract: int
    patch: int


def patches(
    butler: Butler, dataset_type: str, band: str, *, collection: str, region: Region, most: int
) -> list[Patch]:
    """Return the datasets that a region may meet, those nearest to its middle first.

    Parameters
    ----------
    most
        One more than that is returned at most, for whoever wants to know that there are more.

    Raises
    ------
    NotFoundError
        There is no such dataset type.
    UsageError
        Its datasets don't lie on patches.
    """
    found = find(butler, dataset_type, collections=collection, region=region, bands=[band])
    if found and "patch" not in found[0].dimensions:
        raise UsageError(
            f"Datasets of type {dataset_type} don't lie on the patches of a skymap: ask for one by its ID."
        )
    middle = region.centre if isinstance(region, Circle) else region.circle_around.centre
    near = sorted(found[: most + 1], key=lambda ref: separation(middle, _middle(ref.dataId.region)))
    return [
        Patch(
            ref.id,
            ref.run,
            str(ref.dataId["skymap"]),
            int(ref.dataId["tract"]),
            int(ref.dataId["patch"]),
        )
        for ref in near
    ]


def _middle(region: object) -> Position:
    vector: UnitVector3d = region.getCentroid()  # type: ignore[attr-defined]
    place = LonLat(vector)
    return Position(
        math.degrees(place.getLon().asRadians()) % 360.0, math.degrees(place.getLat().asRadians())
    )
