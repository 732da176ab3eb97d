"""Regenerate: a dataset whose file was dropped to save room is made again when somebody asks for it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from threading import BoundedSemaphore

from sciplat.errors import ConflictError, NotFoundError, UnavailableError
from sciplat.pipelines.again import make_again
from sciplat.repository.provenance import read_quanta
from sciplat.repository.store import Repositories

__all__ = ["RegenerateService"]

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
"""How long somebody waits while others' datasets are made again."""


class RegenerateService:
    """Drops files of datasets that can be made again, and makes them again; for any number of threads."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._one = BoundedSemaphore(1)

    def again(self, release: str, id: uuid.UUID) -> None:  # noqa: A002
        """Make the file of a dataset again; of several who ask for it at once, one does.

        Raises
        ------
        NotFoundError
            There is no such dataset, or it cannot be made again.
        UnavailableError
            Others are being made; ask again soon.
        """
        if not self._one.acquire(timeout=_PATIENCE_SECONDS):
            raise UnavailableError("Other images are being made again at this moment; ask again soon.")
        try:
            repository = self._repositories.open(release, writeable=True)
            try:
                made = make_again(repository, id)
            finally:
                repository.close()
        finally:
            self._one.release()
        for ref in made:
            _log.info(
                "made again", extra={"release": release, "dataset": str(ref.id), "type": ref.datasetType.name}
            )

    def chosen(
        self, release: str, dataset_type: str, where: str = "", *, dropped: bool = False
    ) -> list[uuid.UUID]:
        """Return the datasets of a type that meet an expression; with ``dropped`` those without a file.

        Raises
        ------
        NotFoundError
            The release has no images.
        UsageError
            There is no such dataset type, or the expression is wrong.
        """
        repository = self._repositories.open(release)
        try:
            found = repository.datasets(dataset_type, where)
            return [ref.id for ref in found if not dropped or not repository.butler.stored(ref)]
        finally:
            repository.close()

    def drop(self, release: str, ids: Sequence[uuid.UUID]) -> int:
        """Drop the files of datasets that are recorded as outputs of tasks; return how many were there.

        The registry goes on to know them, and what reads them makes them again.

        Raises
        ------
        NotFoundError
            The release has no such dataset.
        ConflictError
            One is not recorded as made by a task, so nothing could make it again.
        """
        repository = self._repositories.open(release, writeable=True)
        try:
            rows = read_quanta(repository.folder).to_pydict()
            made = {d for d, role in zip(rows["dataset"], rows["role"], strict=True) if role == "output"}
            found = {ref.id: ref for ref in repository.butler.get_many_datasets(ids)}
            for each in ids:
                if each not in found:
                    raise NotFoundError(f"Release {release!r} has no dataset {each}.")
                if str(each) not in made:
                    raise ConflictError(
                        f"Nothing is recorded of how {found[each].datasetType.name} {each} was made, so it "
                        "could not be made again."
                    )
            there = [ref for ref in found.values() if repository.butler.stored(ref)]
            with repository.alone() as butler:
                butler.pruneDatasets(there, disassociate=False, unstore=True)
        finally:
            repository.close()
        return len(there)
