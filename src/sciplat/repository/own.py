"""A Butler repository of one's own: inputs from a release that is read by HTTP, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsst.daf.butler import (
    Butler,
    CollectionType,
    Config,
    DatasetNotFoundError,
    DatasetRef,
    MissingCollectionError,
    MissingDatasetTypeError,
)

from sciplat.errors import UsageError
from sciplat.repository.storage import config

__all__ = ["OwnRepository"]


class OwnRepository:
    """A Butler repository in one's own folder, beside a release.

    What a pipeline needs is fetched once and is the same dataset here, with its id, its data ID and its run;
    what is made goes into runs of one's own. Nothing is ever sent to the release.

    Parameters
    ----------
    folder
        Where it lies; it is made where there is none.
    release
        The name of the release, and here of the collection with what was fetched of it.
    remote
        The Butler of the release.
    """

    def __init__(self, folder: Path, release: str, remote: Butler) -> None:
        self.folder = folder
        self.release = release
        self.remote = remote
        if not (folder / "butler.yaml").is_file():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            Butler.makeRepo(str(folder), config=Config(config()), dimensionConfig=_dimensions(remote))
        self.butler = Butler.from_config(str(folder), writeable=True)
        self.butler.collections.register(release, CollectionType.CHAINED)

    def __repr__(self) -> str:
        return f"OwnRepository({str(self.folder)!r}, {self.release!r})"

    def fetch(
        self, dataset_type: str, *, where: str = "", bind: Mapping[str, Any] | None = None
    ) -> list[DatasetRef]:
        """Copy datasets of the release here, unless they are here already, and return them.

        They are found in the collection of the release's name, and come with what is known of their visits,
        detectors and patches.

        Parameters
        ----------
        dataset_type, where, bind
            Which, as in ``Butler.query_datasets``.

        Raises
        ------
        UsageError
            The release has none of them.
        """
        found = self.remote.query_datasets(
            dataset_type, self.release, where=where, bind=bind, with_dimension_records=True, explain=False
        )
        if not found:
            raise UsageError(
                f"Release {self.release!r} has no {dataset_type} {f'where {where}' if where else ''}"
            )
        self.butler.transfer_from(
            self.remote, found, transfer="copy", register_dataset_types=True, transfer_dimensions=True
        )
        known = self.butler.collections.get_info(self.release).children
        runs = [run for run in dict.fromkeys(ref.run for ref in found) if run not in known]
        self.butler.collections.extend_chain(self.release, runs)
        return found

    def get(
        self,
        dataset_type: str,
        data_id: Mapping[str, Any] | None = None,
        *,
        parameters: dict[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        """Return a dataset: one's own, the newest run first; else that of the release.

        Parameters
        ----------
        dataset_type, data_id, parameters, more
            As in ``Butler.get``.
        """
        runs = sorted(self.butler.collections.query("*", collection_types={CollectionType.RUN}), reverse=True)
        try:
            return self.butler.get(dataset_type, data_id, parameters=parameters, collections=runs, **more)
        except (DatasetNotFoundError, MissingDatasetTypeError, MissingCollectionError):
            return self.remote.get(
                dataset_type, data_id, parameters=parameters, collections=self.release, **more
            )

    def close(self) -> None:
        """Give files and connections back."""
        self.butler.close()


def _dimensions(remote: Butler) -> Config:
    """Return the dimensions that the release has, which both repositories must have."""
    return Config(remote.dimensions.dimensionConfig)
