"""What a repository's images are, in the words of ObsCore 1.1; what is known already is not read again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from astropy.time import Time
from lsst.daf.butler import Butler, CollectionType, DatasetRef
from lsst.dax.obscore import ExporterConfig
from lsst.dax.obscore.obscore_exporter import ObscoreExporter

from sciplat.repository.headers import headers_of
from sciplat.repository.store import Repository

__all__ = ["Changes", "Words", "changes"]

_DIMENSIONS = {
    "visit": ("lsst_visit", "int"),
    "exposure": ("lsst_visit", "int"),
    "detector": ("lsst_detector", "int"),
    "tract": ("lsst_tract", "int"),
    "patch": ("lsst_patch", "int"),
    "band": ("lsst_band", "string"),
    "physical_filter": ("lsst_filter", "string"),
}
_OBSERVATIONS = {
    "visit": "{records[visit].name}",
    "exposure": "{records[exposure].obs_id}",
    "patch": "{skymap}-{tract}-{patch}",
}
"""What identifies an observation, by the dimension that its data have."""

_AT_ONCE = 500
"""Datasets that the database is asked about together."""

_PARTS = ("detector", "tract", "patch")
"""The dimensions that only say which part of an observation, or of the sky, this is."""

_SPATIAL = frozenset({"s_ra", "s_dec", "s_fov", "s_region"})
_MOST_SHARED = 1_000

_LATE = 120_000_000
"""Microseconds by which a dataset may say that it came before the last one known: it says so first."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of images beside what the repository knows."""

    images: Mapping[str, Mapping[str, Any]]
    """The dataset types that are images, each with its ``calib_level`` and ``o_ucd``."""

    bands: Mapping[str, Sequence[float]]
    """The shortest and longest wavelength of each band, in metres."""

    authority: str
    """Of the images' identifiers, ``ivo://AUTHORITY/RELEASE?ID``."""

    facility: str
    """Where nothing else is known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done to the rows that are known."""

    rows: Iterator[dict[str, Any]]
    """Of datasets that are new or not as they were, each with ``_id``, ``_came`` and what its headers say."""

    gone: frozenset[str] = field(default_factory=frozenset)
    """The ``_id`` of those that are not there any more."""

    collections: tuple[str, ...] = ()
    """Those that were searched, in order, to be given next time."""


def changes(
    repository: Repository,
    words: Words,
    *,
    known: Mapping[str, tuple[str, int]],
    collections: tuple[str, ...] = (),
) -> Changes:
    """Return how the images in the collection of the release's name differ from those that are known.

    What came since the last one is asked for first. Only where the numbers don't agree then, every dataset
    is looked at, which takes 0.1 ms each; a row takes 3 ms.

    Parameters
    ----------
    known
        By ``_id`` the dataset type and ``_came`` of each; nothing to have all rows anew.
    collections
        Which were searched for them.
    """
    butler, release = repository.butler, repository.release
    butler.registry.refresh()
    if not butler.collections.query(release):
        return Changes(iter(()), frozenset(known))
    types = {kind.name for kind in butler.registry.queryDatasetTypes(list(words.images))}
    searched = butler.collections.query_info(release, flatten_chains=True)
    names = tuple(info.name for info in searched)
    is_plain = all(info.type is CollectionType.RUN for info in searched)
    gone: frozenset[str] = frozenset()
    there = None
    if known and is_plain and names == collections:
        before = _counts(butler, release, types)
        new = _newest(butler, release, types, known)
        # While others write, only what is new can be told for sure; they leave a mark, so one looks again.
        if _counts(butler, release, types) != before or before == _counted(known, new):
            there = new
    if there is None:
        there = _came(butler, release, types)
        gone = frozenset(known.keys() - there.keys())
    wanted = {each: fact for each, fact in there.items() if known.get(each) != fact}
    return Changes(_rows(repository, words, wanted), gone, names)


def _newest(
    butler: Butler, release: str, types: set[str], known: Mapping[str, tuple[str, int]]
) -> dict[str, tuple[str, int]]:
    """Return the dataset type and the time of coming of those that came after the last known.

    Those that say that they came a little earlier are looked for only where there are more than are known:
    after many that came at once these would all be asked for again.
    """
    last = max(came for _, came in known.values())
    since, early = last + 1, last - _LATE
    recent = {id: fact for id, fact in known.items() if fact[1] >= early}  # noqa: A001
    found = _came(butler, release, types, since)
    if _counts(butler, release, types, early) == _counted(recent, found):
        return found
    return _came(butler, release, types, early)


def _after(name: str, since: int) -> tuple[str, dict[str, Time]]:
    """Return the condition that datasets of a type came at a time or later."""
    return f"{name}.ingest_date >= since", {"since": Time(since / 1e6, format="unix_tai", scale="tai")}


def _came(
    butler: Butler, release: str, types: set[str], since: int | None = None
) -> dict[str, tuple[str, int]]:
    """Return the dataset type and the time of coming of those that came since then, or of all."""
    found: dict[str, tuple[str, int]] = {}
    for name in types:
        with butler.query() as query:
            search = query.join_dataset_search(name, release)
            if since is not None:
                condition, bind = _after(name, since)
                search = search.where(condition, bind=bind)
            rows = search.general(
                butler.get_dataset_type(name).dimensions,
                dataset_fields={name: {"dataset_id", "ingest_date"}},
                find_first=True,
            )
            for row in rows:
                came = round(row[f"{name}.ingest_date"].unix_tai * 1e6)
                found[str(row[f"{name}.dataset_id"])] = (name, came)
    return found


def _counts(butler: Butler, release: str, types: set[str], since: int | None = None) -> dict[str, int]:
    """Return how many datasets of each type there are, all or those that came since then."""
    counts: dict[str, int] = {}
    for name in types:
        with butler.query() as query:
            search = query.datasets(name, release)
            if since is not None:
                condition, bind = _after(name, since)
                search = search.where(condition, bind=bind)
            counts[name] = search.count()
    return {name: count for name, count in counts.items() if count}


def _counted(known: Mapping[str, tuple[str, int]], new: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, _ in {**known, **new}.values():
        counts[name] = counts.get(name, 0) + 1
    return counts


def _rows(
    repository: Repository, words: Words, wanted: Mapping[str, tuple[str, int]]
) -> Iterator[dict[str, Any]]:
    if not wanted:
        return
    butler, release = repository.butler, repository.release
    of_type: dict[str, list[uuid.UUID]] = {}
    for id, (name, _) in wanted.items():  # noqa: A001
        of_type.setdefault(name, []).append(uuid.UUID(id))
    config = _config(butler, release, words, of_type)
    described = _Described(config, ObscoreExporter(butler, config).record_factory)
    for name, ids in of_type.items():
        rest = _refs(butler, described.factory, name, release, ids)
        while found := list(islice(rest, _AT_ONCE)):
            paths = _paths(butler, [ref for ref, _ in found])
            for ref, region in found:
                row = described.row(ref, region)
                path = paths.get(ref)
                outline = row["s_region"]
                id = str(ref.id)  # noqa: A001
                yield {
                    **row,
                    "_id": id,
                    "_came": wanted[id][1],
                    "_s_region": None if outline is None else [float(part) for part in outline.split()[2:]],
                    "_headers": headers_of(path) if path is not None else None,
                }


class _Described:
    """Makes rows as `lsst.dax.obscore` does, but once what all detectors of an observation share."""

    def __init__(self, config: ExporterConfig, factory: Any) -> None:
        self._config, self.factory = config, factory
        self._empty = dict.fromkeys(field.name for field in factory.schema.table_spec.fields)
        self._shared: dict[tuple[object, ...], dict[str, Any]] = {}

    def row(self, ref: DatasetRef, region: Any) -> dict[str, Any]:
        """Return the row of a dataset whose image lies in a region."""
        kind = ref.datasetType.name
        key = (kind, *(value for name, value in ref.dataId.mapping.items() if name not in _PARTS))
        if key not in self._shared:
            if len(self._shared) >= _MOST_SHARED:
                self._shared.clear()
            made = self.factory.make_universe_records(ref)
            self._shared[key] = {name: value for name, value in made.items() if name not in _SPATIAL}
        detector = ref.dataId.records["detector"] if "detector" in ref.dimensions else None
        return {
            **self._empty,
            **self.factory.make_generic_records(ref, self._config.dataset_types[kind]),
            **self._shared[key],
            **self.factory.make_spatial_records(region, warn=True, msg=f"The region of dataset {ref.id}"),
            "lsst_raft": None if detector is None else detector.raft,
        }


def _paths(butler: Butler, refs: Sequence[DatasetRef]) -> dict[DatasetRef, Path]:
    """Return the files of those datasets that are kept, with one question for all."""
    found = butler._datastore.getManyURIs(refs, allow_missing=True)  # noqa: SLF001  the Butler asks for each alone
    return {ref: Path(uris.primaryURI.ospath) for ref, uris in found.items() if uris.primaryURI is not None}


def _refs(
    butler: Butler, factory: Any, name: str, release: str, ids: Sequence[uuid.UUID]
) -> Iterator[tuple[DatasetRef, Any]]:
    """Yield datasets with the records of their data IDs, each with its region."""
    dimensions = butler.get_dataset_type(name).dimensions
    element, column = factory.region_dimension(dimensions)
    region = [] if element is None else [f"{element}.{column}"]
    wanted = set(ids)
    for start in range(0, len(ids), _AT_ONCE):
        with butler.query() as query:
            search = query.join_dataset_search(name, release)
            is_all = len(ids) > 20 * _AT_ONCE
            if not is_all:
                search = search.where(
                    f"{name}.dataset_id IN (:ids)", bind={"ids": list(ids[start : start + _AT_ONCE])}
                )
            found = search.general(
                dimensions, *region, dataset_fields={name: {"dataset_id", "run"}}, find_first=True
            )
            for _, (ref,), row in found.with_dimension_records().iter_tuples(butler.get_dataset_type(name)):
                if ref.id in wanted:
                    yield ref, row[region[0]] if region else None
        if is_all:
            return


def _config(butler: Butler, release: str, words: Words, types: Mapping[str, object]) -> ExporterConfig:
    said: dict[str, Any] = {}
    for name in types:
        dimensions = butler.get_dataset_type(name).dimensions
        observed = next((text for key, text in _OBSERVATIONS.items() if key in dimensions), "{id}")
        said[name] = {
            **words.images[name],
            "dataproduct_type": "image",
            "dataproduct_subtype": name,
            "obs_id_fmt": observed,
            "extra_columns": {
                column: {"template": f"{{{dimension}}}", "type": kind}
                for dimension, (column, kind) in _DIMENSIONS.items()
                if dimension in dimensions
            },
        }
    return ExporterConfig(
        facility_name=words.facility,
        obs_collection=release,
        collections=[release],
        dataset_types=said,
        spectral_ranges={band: (limits[0], limits[1]) for band, limits in words.bands.items()},
        obs_publisher_did_fmt=f"ivo://{words.authority}/{release}?{{id}}",
    )
