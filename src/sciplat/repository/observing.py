"""Observations of cameras that no code describes: told to a repository as they come."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from lsst.daf.butler import Butler, MissingDatasetTypeError
from lsst.daf.butler.registry import ConflictingDefinitionError, MissingCollectionError

from sciplat.errors import ConflictError
from sciplat.repository.dataset_types import DATASET_TYPES
from sciplat.repository.instruments import register_instrument
from sciplat.repository.records import Observation, put_observations

__all__ = ["Observing"]


class Observing:
    """Tells a repository of observations, and knows which are there.

    Parameters
    ----------
    butler
        A writeable one.
    run
        The collection in which datasets are looked for.
    """

    def __init__(self, butler: Butler, run: str) -> None:
        self._butler, self._run = butler, run
        self._told: set[tuple[str, ...]] = set()

    def observe(self, observation: Observation, band: str, detectors: Mapping[int, str]) -> None:
        """Tell of an observation, of its instrument, and of the band of its filter.

        Raises
        ------
        ConflictError
            The repository knows something else of it.
        """
        registry, name = self._butler.registry, observation.instrument
        try:
            if (name,) not in self._told:
                register_instrument(registry, name, {}, {})
            glass = {"instrument": name, "name": observation.physical_filter, "band": band}
            if tuple(glass.values()) not in self._told:
                registry.syncDimensionData("physical_filter", glass, update=True)
            for number, detector in detectors.items():
                if (name, str(number)) not in self._told:
                    self._detector(name, number, detector)
                    self._told.add((name, str(number)))
            put_observations(self._butler, [observation])
        except ConflictingDefinitionError as error:
            raise ConflictError(f"The release knows something else of this observation: {error}") from error
        self._told |= {(name,), tuple(glass.values())}

    def _detector(self, instrument: str, number: int, name: str) -> None:
        """Tell of a detector, by its number where another one has its name; a known one keeps its name."""
        names: dict[str, int] = {}
        with self._butler.query() as query:
            for record in query.where(instrument=instrument).dimension_records("detector"):
                names[record.full_name] = record.id
        if number in names.values():
            return
        full_name = name if name not in names else f"{name[:24]}-{number}"
        register_instrument(self._butler.registry, instrument, {}, {number: full_name})

    def filter_of(self, instrument: str, exposure: int) -> str | None:
        """Return the physical filter of an exposure, or None where it is not known."""
        with self._butler.query() as query:
            found = query.where(
                "instrument = :of AND exposure = :number", bind={"of": instrument, "number": exposure}
            ).dimension_records("exposure")
            return next((str(record.physical_filter) for record in found), None)

    def holder(self, dataset_type: str, data_id: Mapping[str, str | int]) -> uuid.UUID | None:
        """Return the dataset that has a data ID in the run, or None."""
        return next(iter(self._ids(dataset_type, data_id)), None)

    def others(self, instrument: str, exposure: int, than: uuid.UUID) -> bool:
        """Tell whether the run has another dataset of an exposure than the one named."""
        for name, dimensions in DATASET_TYPES.items():
            for dimension in ("visit", "exposure"):
                if dimension in dimensions:
                    found = self._ids(name, {"instrument": instrument, dimension: exposure})
                    if any(each != than for each in found):
                        return True
        return False

    def _ids(self, dataset_type: str, data_id: Mapping[str, str | int]) -> Iterable[uuid.UUID]:
        names = {f"v{number}": value for number, value in enumerate(data_id.values())}
        where = " AND ".join(f"{dimension} = :v{number}" for number, dimension in enumerate(data_id))
        try:
            with self._butler.query() as query:
                return [ref.id for ref in query.datasets(dataset_type, self._run).where(where, bind=names)]
        except (MissingDatasetTypeError, MissingCollectionError):
            return []
