"""Finding datasets by place, time and band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy.time import Time
from lsst.daf.butler import Butler, DatasetRef, MissingDatasetTypeError, Timespan
from lsst.sphgeom import Angle, ConvexPolygon, LonLat, UnitVector3d
from lsst.sphgeom import Circle as SphereCircle

from sciplat.errors import NotFoundError
from sciplat.repository.records import polygon_of, region_of
from sciplat.sky.region import Circle, Polygon, Region

__all__ = ["find"]

_SPATIAL = {"visit": "visit_detector_region", "patch": "patch", "tract": "tract"}
_TEMPORAL = ("visit", "exposure")


def find(
    butler: Butler,
    dataset_type: str,
    *,
    collections: str | Sequence[str],
    region: Region | None = None,
    begin: Time | None = None,
    end: Time | None = None,
    bands: Sequence[str] = (),
    instrument: str | None = None,
    limit: int | None = None,
) -> list[DatasetRef]:
    """Return the datasets of a type, with their data IDs' records, that meet all that is asked.

    Parameters
    ----------
    collections
        Where they are looked for; the first that has a dataset with some data ID is the one that counts.
    region
        That their footprints meet. Datasets without a place, such as raws, are found only without it.
    begin, end
        Of an interval in which some of the exposure lies; each side may be open. Datasets without a time
        are found only without both.
    bands
        One of which theirs is; none asks for all.
    limit
        At most so many.

    Raises
    ------
    NotFoundError
        There is no such dataset type.
    """
    try:
        dimensions = butler.get_dataset_type(dataset_type).dimensions
    except MissingDatasetTypeError as error:
        raise NotFoundError(f"There is no dataset type {dataset_type!r} here") from error
    conditions: list[str] = []
    bind: dict[str, Any] = {}
    if region is not None:
        element = next((_SPATIAL[name] for name in _SPATIAL if name in dimensions), None)
        if element is None:
            return []
        conditions.append(f"{element}.region OVERLAPS place")
        bind["place"] = _on_sphere(region)
    if begin is not None or end is not None:
        of = next((name for name in _TEMPORAL if name in dimensions), None)
        if of is None:
            return []
        conditions.append(f"{of}.timespan OVERLAPS span")
        bind["span"] = Timespan(begin, end)
    if bands:
        conditions.append(f"band IN ({', '.join(f':band{i}' for i in range(len(bands)))})")
        bind |= {f"band{i}": band for i, band in enumerate(bands)}
    if instrument is not None:
        conditions.append("instrument = :instrument_name")
        bind["instrument_name"] = instrument
    with butler.query() as query:
        found = query.datasets(dataset_type, collections).where(
            *([" AND ".join(conditions)] if conditions else []), bind=bind
        )
        refs = list(found.with_dimension_records())
    if isinstance(region, Polygon):
        # A concave polygon was asked for by its hull.
        refs = [ref for ref in refs if _meets(ref, region)]
    refs.sort(key=lambda ref: (tuple(map(str, ref.dataId.required_values)), ref.id))
    return refs[:limit]


def _on_sphere(region: Region) -> SphereCircle | ConvexPolygon:
    if isinstance(region, Circle):
        centre = UnitVector3d(LonLat.fromDegrees(region.centre.ra, region.centre.dec))
        return SphereCircle(centre, Angle.fromDegrees(region.radius))
    return region_of(region.corners)


def _meets(ref: DatasetRef, region: Polygon) -> bool:
    footprint = ref.dataId.region
    return not isinstance(footprint, ConvexPolygon) or polygon_of(footprint).meets(region)
