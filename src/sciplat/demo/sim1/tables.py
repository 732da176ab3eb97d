"""What the pipeline measured, from the datasets of the repository to rows of the release's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from astropy.table import Table as Measured
from astropy.table import vstack

from sciplat.demo.rows import Rows, batch
from sciplat.demo.sim1.schema import SCHEMA, sim1_table
from sciplat.demo.sim1.work import COLLECTION, SKYMAP
from sciplat.demo.visits import mjd_to_datetime
from sciplat.repository.store import Repositories, Repository
from sciplat.tables.arrow import arrow_type
from sciplat.tables.source import RowSource

__all__ = ["sim1_source"]

_DATASETS = {
    "Visit": "visit_summary",
    "CcdVisit": "visit_summary",
    "Object": "object",
    "Source": "source",
    "ForcedSource": "forced_source",
    "DiaObject": "dia_object",
    "DiaSource": "dia_source",
}


def sim1_source(repositories: Repositories, name: str, bands: str) -> RowSource:
    """Return the rows of ``sim1.<name>``, as they are in the repository when they are read."""
    table = sim1_table(name, bands)
    schema = pa.schema([(column.name, arrow_type(column)) for column in table.columns])

    def batches() -> Iterator[pa.RecordBatch]:
        repository = repositories.open(SCHEMA)
        try:
            rows = _patches() if name == "CoaddPatches" else _MORE[name](_measured(repository, name))
        finally:
            repository.close()
        yield batch(rows, schema)

    return RowSource(f"{SCHEMA}.{name}", table.columns, schema, batches)


def _measured(repository: Repository, name: str) -> Measured:
    """Return all datasets of a kind one after the other, in the order of their data IDs."""
    butler = repository.butler
    refs = butler.query_datasets(_DATASETS[name], collections=COLLECTION, limit=None)
    refs.sort(key=lambda ref: tuple(map(str, ref.dataId.required_values)))
    parts = [butler.get(ref) for ref in refs]
    return vstack([part for part in parts if len(part)] or parts[:1], metadata_conflicts="silent")


def _as_they_are(measured: Measured) -> Rows:
    return {name: np.asarray(measured[name]) for name in measured.colnames}


def _in_visits(measured: Measured) -> Rows:
    rows: dict[str, Any] = dict(_as_they_are(measured))
    rows["visit"] = rows["visitId"]
    for name in ("expMidpt", "obsStart"):
        rows[name] = pa.array([mjd_to_datetime(float(mjd)) for mjd in rows[f"{name}MJD"]])
    return rows


def _changes(measured: Measured) -> Rows:
    rows: dict[str, Any] = dict(_as_they_are(measured))
    owner = rows["diaObjectId"]
    rows["diaObjectId"] = pa.array(owner, mask=owner == 0)
    return rows


def _patches() -> Rows:
    patches = [
        (0, patch.id, patch.region, patch.tract.wcs.pixel_to_world_values(*_middle(patch.outer)))
        for patch in SKYMAP.tract(0).patches()
    ]
    return {
        "lsst_tract": np.array([tract for tract, _, _, _ in patches]),
        "lsst_patch": np.array([patch for _, patch, _, _ in patches]),
        "s_ra": np.array([float(place[0]) for _, _, _, place in patches]),
        "s_dec": np.array([float(place[1]) for _, _, _, place in patches]),
        "s_region": pa.array(
            [
                "POLYGON ICRS " + " ".join(f"{c.ra:.7f} {c.dec:.7f}" for c in region.corners)
                for _, _, region, _ in patches
            ]
        ),
    }


def _middle(bounds: tuple[int, int, int, int]) -> tuple[float, float]:
    return (bounds[0] + bounds[2] - 1) / 2, (bounds[1] + bounds[3] - 1) / 2


_MORE: dict[str, Callable[[Measured], Rows]] = {
    "Visit": _in_visits,
    "CcdVisit": _in_visits,
    "Object": _as_they_are,
    "Source": _as_they_are,
    "ForcedSource": _as_they_are,
    "DiaObject": _as_they_are,
    "DiaSource": _changes,
}
