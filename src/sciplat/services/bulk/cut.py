"""Cut many regions out of many images: one archive, and an index that tells what came of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.result import Result
from sciplat.engine.running import Running
from sciplat.errors import LimitError, NotFoundError, UsageError
from sciplat.identity.models import Scope
from sciplat.jobs.models import QUERY, Job
from sciplat.services.access import Visitor
from sciplat.services.bulk.patches import COLUMNS
from sciplat.services.bulk.plan import Targets, plan_work
from sciplat.services.bulk.request import BulkRequest
from sciplat.services.bulk.work import BulkWork
from sciplat.services.query import QueryService
from sciplat.services.query_work import query_of
from sciplat.services.shelves import Folders, Spools
from sciplat.services.submit import SubmitService
from sciplat.services.upload import UploadService
from sciplat.services.work import Expected, Verb, Work
from sciplat.sky.tessellation import Tessellation
from sciplat.system import sync

if TYPE_CHECKING:
    from sciplat.services.locate import Located, LocateService

__all__ = ["BulkCutoutService", "BulkLimits"]

_EXPECTED_SECONDS = 60.0
"""Of a job whose rows nobody has counted: it leaves a place to those that are short."""


@dataclass(frozen=True, slots=True)
class BulkLimits:
    """What one job may use."""

    positions: int
    pieces: int
    bytes: int
    """Of its archive."""


class BulkCutoutService:
    """Makes the archives of jobs.

    Parameters
    ----------
    query
        Returns what asks the catalogs for positions; it is called by the first job that does.
    locate
        Returns what finds images; it is called by the first job.
    """

    def __init__(
        self,
        catalogs: CatalogStore,
        submit: SubmitService,
        uploads: UploadService,
        *,
        spools: Spools,
        folders: Folders,
        query: Callable[[], QueryService],
        locate: Callable[[], LocateService],
        limits: BulkLimits,
    ) -> None:
        self._catalogs = catalogs
        self._submit = submit
        self._uploads = uploads
        self._spools = spools
        self._folders = folders
        self._query = query
        self._locate = locate
        self._limits = limits

    def verb(self) -> Verb:
        """Return how such jobs are executed."""
        scopes = frozenset({Scope.READ_TAP, Scope.READ_IMAGE})
        return Verb(self.expect, self.begin, scopes, resumes=True)

    def expect(self, job: Job, owner: Visitor) -> Expected:
        """Tell what a job will take."""
        BulkRequest.of(job.parameters)
        return Expected(None, _EXPECTED_SECONDS)

    def begin(self, job: Job, owner: Visitor, bytes_left: int) -> Work:
        """Begin a job, or go on with it."""
        request = BulkRequest.of(job.parameters)
        folder = self._folders.path(job.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        most = min(self._limits.bytes, bytes_left)
        return BulkWork(self, job, request, owner, folder, most)

    def table(self, job: Job, request: BulkRequest, owner: Visitor, spool: Path) -> Running | None:
        """Begin to write the rows with the positions to ``spool``; None where they are there already.

        Raises
        ------
        LimitError
            The table has too many rows.
        """
        if request.job is not None:
            with self._submit.of(QUERY).result(request.job, visitor=owner) as result:
                self.check(result)
            spool.unlink(missing_ok=True)
            os.link(self._spools.path(request.job), spool)  # it stays when that job is deleted
            sync(spool.parent)
            return None
        asked = query_of(job, self._uploads)
        query = self._query()
        most = self._limits.positions + 1
        plan = query.plan(replace(asked, maxrec=min(most, asked.maxrec or most)), visitor=owner)
        return query.run(plan, spool=spool, durable=True, seconds=job.execution_duration)

    def check(self, result: Result) -> None:
        """Refuse a table with more rows than there may be."""
        most = self._limits.positions
        if result.rows > most:
            raise LimitError(
                f"The table has more than the {most:,} rows that one job takes. Send it in parts, or ask the "
                "operator to raise batch.positions."
            )

    def plan(self, request: BulkRequest, owner: Visitor, spool: Path) -> Iterator[pa.RecordBatch]:
        """Yield what is to be done for the rows in a spool."""
        with Result.open(spool) as result:
            self.check(result)
            targets = Targets.of(result, request)
        observations = None if request.release is None else self._observations(request, owner)
        yield from plan_work(
            targets,
            request,
            observations,
            most=self._limits.pieces,
            skymaps=lambda name: self._skymap(request, name),
        )

    def locate(self, dataset: str, owner: Visitor) -> Located:
        """Return where an image is; raises as `LocateService.identified` does."""
        located = self._locate().identified(dataset, visitor=owner)
        if not located.is_image:
            raise UsageError(f"The {located.dataset_type} {located.id} is no image.")
        return located

    def _skymap(self, request: BulkRequest, name: str) -> Tessellation | None:
        assert request.release is not None
        with self._locate().repository(request.release) as repository:
            return repository.tessellation(name)

    def _observations(self, request: BulkRequest, owner: Visitor) -> pa.Table:
        """Return the rows of ObsCore of the images that are asked for."""
        assert request.release is not None
        self._locate().release(request.release, visitor=owner)
        known = self._catalogs.manifest().release(request.release)
        if known is None or known.observations is None:
            raise NotFoundError(f"There are no images of release {request.release[:100]!r}.")
        rows = pq.read_table(
            self._catalogs.folder / request.release / known.observations,
            columns=["obs_publisher_did", "_s_region", *COLUMNS],
        )
        there = pc.unique(rows["dataproduct_subtype"]).to_pylist()
        for each in request.dataset_types:
            if each not in there:
                raise NotFoundError(
                    f"Release {request.release!r} has no {each[:60]!r}; it has "
                    f"{', '.join(sorted(filter(None, there)))}."
                )
        rows = rows.filter(pc.is_in(rows["dataproduct_subtype"], pa.array(request.dataset_types)))
        if request.bands:
            bands = pc.unique(rows["lsst_band"]).to_pylist()
            for each in request.bands:
                if each not in bands:
                    raise NotFoundError(
                        f"There is no {' or '.join(request.dataset_types)} of {request.release} in band "
                        f"{each[:40]!r}; there is {', '.join(sorted(filter(None, bands)))}."
                    )
            rows = rows.filter(pc.is_in(rows["lsst_band"], pa.array(request.bands)))
        return rows.sort_by("obs_publisher_did")
