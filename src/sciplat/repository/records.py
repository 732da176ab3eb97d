"""What a repository knows beside datasets: observations, where and when, and tracts and patches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astropy.time import Time
from lsst.daf.butler import Butler, DimensionRecord, Timespan
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

from sciplat.errors import ConflictError, UsageError
from sciplat.sky.position import Position
from sciplat.sky.region import Polygon
from sciplat.sky.tessellation import Tessellation
from sciplat.sky.tract import Tract

__all__ = [
    "Footprint",
    "Observation",
    "polygon_of",
    "put_observations",
    "put_skymap",
    "put_tracts",
    "region_of",
]

_VISIT_SYSTEM = 0
"""One exposure is one visit."""

_UNDATED = 0
"""The day of what has no time."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one detector saw during an observation."""

    detector: int
    corners: tuple[Position, ...]
    """Of its pixels, convex; in any direction."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One exposure, which is one visit too."""

    instrument: str
    id: int
    """Of the exposure and of the visit, at most `LARGEST`."""

    name: str
    """What the observatory calls it; at most 64 characters."""

    physical_filter: str
    begin: Time | None = None
    end: Time | None = None
    seconds: float | None = None
    """Of exposure."""

    target: str | None = None
    program: str | None = None
    type: str = "science"
    footprints: tuple[Footprint, ...] = ()

    @property
    def day(self) -> int:
        """The day on which it began, as ``YYYYMMDD`` (TAI); 0 where no time is known."""
        return _UNDATED if self.begin is None else int(self.begin.tai.strftime("%Y%m%d"))

    @property
    def timespan(self) -> Timespan | None:
        """From beginning to end."""
        if self.begin is None:
            return None
        if self.end is None or self.end <= self.begin:
            return Timespan.fromInstant(self.begin)
        return Timespan(self.begin, self.end)


def region_of(corners: Iterable[Position]) -> ConvexPolygon:
    """Return the convex hull of some directions, as the Butler keeps regions.

    Raises
    ------
    UsageError
        They enclose nothing, or more than a hemisphere.
    """
    vectors = [
        UnitVector3d(LonLat.fromDegrees(corner.ra, max(-90.0, min(90.0, corner.dec)))) for corner in corners
    ]
    try:
        return ConvexPolygon.convexHull(vectors)
    except (ValueError, RuntimeError) as error:
        raise UsageError(f"The corners of an image enclose no part of the sky ({error})") from error


def put_observations(butler: Butler, observations: Sequence[Observation]) -> None:
    """Tell a repository of observations; those that it knows are told anew, and keep their other detectors.

    The instruments, filters and detectors are known already.
    """
    registry = butler.registry
    with registry.transaction():
        for instrument in sorted({each.instrument for each in observations}):
            registry.syncDimensionData(
                "visit_system",
                {"instrument": instrument, "id": _VISIT_SYSTEM, "name": "one-to-one"},
            )
        for each in observations:
            _put(butler, each)


def _put(butler: Butler, observation: Observation) -> None:
    registry, span = butler.registry, observation.timespan
    of = {"instrument": observation.instrument}
    registry.syncDimensionData("day_obs", {**of, "id": observation.day})
    group = f"{observation.id}"
    registry.syncDimensionData("group", {**of, "name": group})
    common = {
        **of,
        "id": observation.id,
        "physical_filter": observation.physical_filter,
        "day_obs": observation.day,
        "exposure_time": observation.seconds,
        "target_name": _short(observation.target),
        "science_program": _short(observation.program),
        "timespan": span,
    }
    exposure = {
        **common,
        "obs_id": observation.name[:64],
        "group": group,
        "observation_type": observation.type[:16],
        "can_see_sky": True,
    }
    registry.syncDimensionData("exposure", exposure, update=True)
    regions = {each.detector: region_of(each.corners) for each in observation.footprints}
    visit = {**common, "name": observation.name[:64], "region": _joined(butler, observation, regions)}
    registry.syncDimensionData("visit", visit, update=True)
    both = {**of, "visit": observation.id}
    registry.syncDimensionData("visit_definition", {**both, "exposure": observation.id})
    registry.syncDimensionData("visit_system_membership", {**both, "visit_system": _VISIT_SYSTEM})
    for detector, region in regions.items():
        registry.syncDimensionData(
            "visit_detector_region", {**both, "detector": detector, "region": region}, update=True
        )


def _joined(
    butler: Butler, observation: Observation, regions: dict[int, ConvexPolygon]
) -> ConvexPolygon | None:
    """Return the convex hull of all detectors of a visit, those that are known already too."""
    known: dict[int, ConvexPolygon] = {}
    with butler.query() as query:
        found: Iterable[DimensionRecord] = query.where(
            instrument=observation.instrument, visit=observation.id
        ).dimension_records("visit_detector_region")
        for record in found:
            known[record.detector] = record.region
    vertices = [vertex for region in {**known, **regions}.values() for vertex in region.getVertices()]
    return ConvexPolygon.convexHull(vertices) if vertices else None


def _short(text: str | None) -> str | None:
    return None if text is None else text[:64]


def put_skymap(butler: Butler, skymap: Tessellation) -> None:
    """Tell a repository of a skymap; its tracts come with `put_tracts`.

    Raises
    ------
    ConflictError
        It knows another skymap of that name.
    """
    columns, rows = skymap.largest
    with butler.query() as query:
        known = [record for record in query.dimension_records("skymap") if record.name == skymap.name]
    if known:
        if known[0].hash != skymap.digest:
            raise ConflictError(
                f"The repository has a skymap {skymap.name!r} with other tracts or patches; "
                "choose another name"
            )
        return
    butler.registry.syncDimensionData(
        "skymap",
        {
            "name": skymap.name,
            "hash": skymap.digest,
            "tract_max": skymap.count,
            "patch_nx_max": columns,
            "patch_ny_max": rows,
        },
    )


def put_tracts(butler: Butler, skymap: Tessellation, tracts: Iterable[Tract]) -> None:
    """Tell a repository of tracts and all their patches; those that it knows stay as they are.

    A skymap of the whole sky has a million patches: only tracts that hold something are told of.

    Raises
    ------
    ConflictError
        The repository knows another skymap of that name.
    """
    put_skymap(butler, skymap)
    cells: dict[str, list[dict[str, object]]] = defaultdict(list)
    for tract in tracts:
        of = {"skymap": skymap.name}
        cells["tract"].append({**of, "id": tract.id, "region": region_of(tract.region.corners)})
        for patch in tract.patches():
            cells["patch"].append(
                {
                    **of,
                    "tract": tract.id,
                    "id": patch.id,
                    "cell_x": patch.cell_x,
                    "cell_y": patch.cell_y,
                    "region": region_of(patch.region.corners),
                }
            )
    for element in ("tract", "patch"):
        if cells[element]:
            butler.registry.insertDimensionData(element, *cells[element], skip_existing=True)


def polygon_of(region: ConvexPolygon) -> Polygon:
    """Return a region of the Butler as one of ours."""
    return Polygon(
        tuple(Position.from_vector((vertex.x(), vertex.y(), vertex.z())) for vertex in region.getVertices())
    )
