"""Changes of many visits gathered to objects that change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table, vstack
from lsst.pex.config import Field
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output

from sciplat.images.association import associate
from sciplat.pipelines.connections import TABLE
from sciplat.pipelines.tables import object_ids, table

__all__ = ["AssociateConfig", "AssociateTask"]

Doubles = npt.NDArray[np.float64]


class AssociateConnections(PipelineTaskConnections, dimensions=("skymap", "tract")):
    """The changes in all visits that meet a tract."""

    dia_source_visits = Input(
        doc="What stands out of each difference.",
        name="dia_source_visit",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )
    dia_source = Output(
        doc="All of them, each with its object.",
        name="dia_source",
        storageClass=TABLE,
        dimensions=("skymap", "tract"),
    )
    dia_object = Output(
        doc="The objects, with statistics of each band.",
        name="dia_object",
        storageClass=TABLE,
        dimensions=("skymap", "tract"),
    )


class AssociateConfig(PipelineTaskConfig, pipelineConnections=AssociateConnections):
    """What can be chosen."""

    radius: Any = Field(dtype=float, default=0.7, doc="Arcseconds within which changes are one object.")
    bands: Any = Field(dtype=str, default="ugrizy", doc="Bands that have columns in the table of objects.")


class AssociateTask(PipelineTask):
    """Gather changes by place. Dipoles belong to no object."""

    ConfigClass = AssociateConfig
    config: Any
    _DefaultName = "associate"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read all visits, run, write."""
        inputs = butlerQC.get(inputRefs)
        outputs = self.run(inputs["dia_source_visits"], tract=int(butlerQC.quantum.dataId["tract"]))
        butlerQC.put(outputs, outputRefs)

    def run(self, dia_source_visits: Sequence[Table], *, tract: int = 0) -> Struct:
        """Return ``dia_source`` and ``dia_object``."""
        sources = vstack(list(dia_source_visits), metadata_conflicts="silent")
        sources.sort(["midpointMjdTai", "diaSourceId"])
        kept = ~np.asarray(sources["isDipole"], np.bool_)
        real = sources[kept]
        found = associate(
            np.asarray(real["ra"], np.float64),
            np.asarray(real["dec"], np.float64),
            np.asarray(real["decErr"], np.float64),
            # In the order of time, whatever the numbers of visits are.
            np.unique(np.asarray(real["midpointMjdTai"]), return_inverse=True)[1].astype(np.int64),
            radius=self.config.radius,
        )
        numbers = object_ids(tract, 0, len(found), of_changes=True)
        owner = np.zeros(len(sources), np.int64)
        owner[kept] = numbers[found.owner]
        sources["diaObjectId"] = owner
        self.log.info("%d changes, %d objects", len(sources), len(found))
        return Struct(
            dia_source=sources, dia_object=self._objects(real, found.owner, numbers, found.ra, found.dec)
        )

    def _objects(
        self,
        real: Table,
        owner: npt.NDArray[np.int64],
        numbers: npt.NDArray[np.int64],
        ra: Doubles,
        dec: Doubles,
    ) -> Table:
        size = len(numbers)
        latest = np.full(size, -np.inf)
        np.maximum.at(latest, owner, np.asarray(real["midpointMjdTai"], np.float64))
        rows: dict[str, Any] = {
            "diaObjectId": numbers,
            "ra": ra,
            "dec": dec,
            "radecMjdTai": latest,
            "nDiaSources": np.bincount(owner, minlength=size),
        }
        band = np.asarray(real["band"])
        for name in self.config.bands:
            here = band == name
            values = {
                column: np.asarray(real[column], np.float64)[here]
                for column in ("psfFlux", "psfFluxErr", "scienceFlux", "scienceFluxErr")
            }
            statistics = _statistics(values, owner[here], size)
            rows.update({f"{name}_{column}": each for column, each in statistics.items()})
        return table(rows)


def _statistics(
    values: dict[str, Doubles], owner: npt.NDArray[np.int64], size: int
) -> dict[str, npt.NDArray[Any]]:
    """Return each object's statistics in one band; NaN where there are too few detections for them."""
    flux, error = values["psfFlux"], values["psfFluxErr"]
    count = np.bincount(owner, minlength=size)
    mean, mean_error = _weighted(flux, error, owner, size)
    science, science_error = _weighted(values["scienceFlux"], values["scienceFluxErr"], owner, size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, owner, flux)
    np.maximum.at(high, owner, flux)
    chi2 = np.bincount(owner, ((flux - mean[owner]) / error) ** 2, size)
    return {
        "psfFluxNdata": count,
        "psfFluxMean": mean,
        "psfFluxMeanErr": mean_error,
        "psfFluxSigma": _deviation(flux, owner, size),
        "psfFluxMin": np.where(count > 0, low, np.nan),
        "psfFluxMax": np.where(count > 0, high, np.nan),
        "psfFluxChi2": np.where(count > 0, chi2, np.nan),
        "scienceFluxMean": science,
        "scienceFluxMeanErr": science_error,
        "scienceFluxSigma": _deviation(values["scienceFlux"], owner, size),
    }


def _weighted(
    flux: Doubles, error: Doubles, owner: npt.NDArray[np.int64], size: int
) -> tuple[Doubles, Doubles]:
    total = np.bincount(owner, error**-2.0, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.bincount(owner, flux / error**2, size) / total, np.where(total > 0, total**-0.5, np.nan)


def _deviation(flux: Doubles, owner: npt.NDArray[np.int64], size: int) -> Doubles:
    count = np.bincount(owner, minlength=size)
    mean = np.bincount(owner, flux, size) / np.maximum(count, 1)
    squares = np.bincount(owner, (flux - mean[owner]) ** 2, size)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
