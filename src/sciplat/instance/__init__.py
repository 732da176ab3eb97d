"""One sciplat, assembled from its settings: the rooms and verbs that every door reaches."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import disk_usage
from threading import Lock
from typing import TYPE_CHECKING

from sciplat.catalogs.store import CatalogStore
from sciplat.config import Settings
from sciplat.config.home import prepare_home
from sciplat.config.machine import cores
from sciplat.engine.cache import ResultCache
from sciplat.engine.cubes import Cubes
from sciplat.engine.pool import QueryPool
from sciplat.engine.vectors import Vectors
from sciplat.history.recorder import Recorder
from sciplat.history.store import HistoryStore
from sciplat.identity.store import IdentityStore
from sciplat.instance.imaging import Imaging
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY
from sciplat.jobs.store import JobStore
from sciplat.services.authorize import HUB, AuthorizeService
from sciplat.services.execute import ExecuteService
from sciplat.services.loader import Loader
from sciplat.services.note import NoteService
from sciplat.services.notebook import NotebookService
from sciplat.services.plan import QueryLimits
from sciplat.services.query import QueryService
from sciplat.services.query_work import query_verb
from sciplat.services.recall import HistoryLimits, RecallService
from sciplat.services.rows import RowsLimits, RowsService
from sciplat.services.share import ShareService
from sciplat.services.shelves import Folders, Spools
from sciplat.services.sign_in import SignInService
from sciplat.services.space import Space
from sciplat.services.submit import JobLimits, SubmitService
from sciplat.services.tokens import TokenService
from sciplat.services.upload import UploadLimits, UploadService
from sciplat.services.view import ViewService
from sciplat.uploads.store import UploadStore
from sciplat.views.store import ViewStore

_READER_BYTES = 2 << 30
"""Memory of a process that reads an upload."""

_SHORT_CUTOUTS_SECONDS = 30.0
"""Jobs that read pixels and take no longer wait for none that do."""

_READER_MB_PER_SECOND = 1
"""Of TABLEDATA, the slowest format, it reads four on a processor of 2024."""

if TYPE_CHECKING:
    from sciplat.services.ingest import IngestService

__all__ = ["Instance"]


@dataclass(frozen=True)
class Instance:
    """A deployed platform: its home folder and settings, and from them everything else.

    Parts are made when they are first asked for, so a command pays only for what it uses.
    """

    home: Path
    settings: Settings

    @classmethod
    def open(cls, home: Path) -> Instance:
        """Open the instance at ``home``, which need not have been started before nor be there.

        Raises
        ------
        UsageError
            The home cannot be made or written.
        ConfigError
            ``sciplat.yaml`` or an environment variable is wrong.
        """
        prepare_home(home)
        settings = Settings.load(home)
        if settings.notebooks.spawner == "system-users":
            os.umask(0o077)  # their accounts pass through the home, and read nothing on their way
        return cls(home, settings)

    @cached_property
    def catalogs(self) -> CatalogStore:
        """The data releases and their tables."""
        return CatalogStore(self.home / "catalogs")

    @cached_property
    def identity(self) -> IdentityStore:
        """Users, tokens and sessions."""
        return IdentityStore.open(self.home)

    @cached_property
    def jobs(self) -> JobStore:
        """The asynchronous jobs of all users."""
        return JobStore.open(self.home)

    @cached_property
    def history(self) -> HistoryStore:
        """What users have asked."""
        return HistoryStore.open(self.home)

    @cached_property
    def recorder(self) -> Recorder:
        """What writes the history; the process that uses it closes it."""
        return Recorder(self.history)

    @cached_property
    def notes(self) -> NoteService:
        """The verb that notes what users ask."""
        return NoteService(self.recorder, self.uploads)

    @cached_property
    def recall(self) -> RecallService:
        """The verb that shows users what they have asked."""
        settings = self.settings.history
        return RecallService(
            self.history,
            self.recorder,
            self.jobs,
            self.catalogs,
            self.submit,
            self.uploads,
            limits=HistoryLimits(days=settings.days, most=settings.most),
        )

    @cached_property
    def share(self) -> ShareService:
        """The verb that shares queries by links."""
        return ShareService(self.history, self.recall)

    @cached_property
    def ingest(self) -> IngestService:
        """The verb that makes tables of files; it brings what reads them, which not every process needs."""
        from sciplat.services.ingest import IngestService  # noqa: PLC0415

        return IngestService(self.catalogs, work=self.work)

    @cached_property
    def images(self) -> Imaging:
        """The verbs of images."""
        return Imaging(
            self.home,
            self.settings,
            self.catalogs,
            describing=lambda: self.ingest.describing,
            work=lambda: self.work,
        )

    @cached_property
    def sign_in(self) -> SignInService:
        """The verb that knows who is asking."""
        return SignInService(self.identity, session_days=self.settings.session_days)

    @cached_property
    def tokens(self) -> TokenService:
        """The verb that makes and revokes tokens."""
        return TokenService(self.identity)

    @cached_property
    def authorize(self) -> AuthorizeService:
        """The verb that tells programs of this instance who a user is."""
        return AuthorizeService(self.identity.clients, {HUB: self.notebooks.require})

    @cached_property
    def notebooks(self) -> NotebookService:
        """The verb that says who may start notebooks, and gives labs their tokens."""
        settings = self.settings.notebooks
        return NotebookService(self.identity, same_user=settings.spawner == "same-user", days=settings.days)

    @cached_property
    def submit(self) -> SubmitService:
        """The verb that takes jobs."""
        settings = self.settings.query
        return SubmitService(
            self.jobs,
            self.uploads,
            spools=Spools(self.spools),
            folders=Folders(self.spools),
            limits=JobLimits(
                seconds=settings.async_seconds,
                seconds_max=settings.async_seconds_max,
                days=settings.result_days,
                days_max=settings.result_days_max,
                slots=settings.job_workers,
                batch_slots=self.settings.batch.jobs,
                anonymous=settings.anonymous_jobs,
            ),
            notes=self.notes,
        )

    @cached_property
    def uploads(self) -> UploadService:
        """The verb that takes in tables that come with queries."""
        settings = self.settings.query
        return UploadService(
            UploadStore(self.home / "uploads"),
            Loader(
                at_once=cores(),
                # As long as the slowest format needs for all that one may send.
                seconds=max(settings.upload_seconds, settings.upload_mb // _READER_MB_PER_SECOND),
                memory_bytes=_READER_BYTES,
            ),
            work=self.work / "uploads",
            limits=UploadLimits(
                bytes=settings.upload_bytes,
                kept_bytes=int(disk_usage(self.home).total * settings.spool_disk_fraction),
                seconds=settings.upload_seconds,
                hosts=frozenset(settings.upload_hosts.split()),
                later_seconds=86_400.0 * self.settings.history.upload_days,
                keep_seconds=10 * (settings.sync_seconds + settings.queue_seconds),
            ),
        )

    @cached_property
    def views(self) -> ViewStore:
        """The views of all users; the process that uses it closes it."""
        return ViewStore.open(self.home)

    @cached_property
    def view(self) -> ViewService:
        """The verb that shares views; one process at a time uses it."""
        return ViewService(self.views, self.identity)

    @property
    def spools(self) -> Path:
        """The folder with the results of jobs, one file each."""
        folder = self.home / "spool"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @cached_property
    def space(self) -> Space:
        """The room for results of synchronous queries, in `fetched`."""
        fraction = self.settings.query.spool_disk_fraction
        return Space(self.fetched, int(disk_usage(self.home).total * fraction / 2))

    @property
    def fetched(self) -> Path:
        """The folder with results of synchronous queries, and with what is made of any result."""
        folder = self.work / "results"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def work(self) -> Path:
        """The folder for what no restart needs: rows of private releases among it."""
        folder = self.home / "tmp"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @contextmanager
    def rows(self) -> Iterator[RowsService]:
        """Yield the verbs of rows of results; their workers start when they are first needed."""
        settings = self.settings.rows
        with ExitStack() as stack:
            lock = Lock()
            pools: list[QueryPool] = []

            def pool() -> QueryPool:
                with lock:
                    if not pools:
                        made = self.pool("rows", settings.workers, queue_seconds=settings.seconds)
                        pools.append(stack.enter_context(made))
                    return pools[0]

            folder = self.work / "vectors"
            shutil.rmtree(folder, ignore_errors=True)
            yield RowsService(
                self.submit,
                pool,
                Vectors(folder / "kept", settings.cache_mb * 1_000_000),
                Cubes(settings.cubes_mb * 1_000_000),
                work=folder,
                limits=RowsLimits(settings.seconds, settings.at_once, reckon_at_once=cores()),
            )

    def pool(self, name: str, workers: int, *, queue_seconds: float | None) -> QueryPool:
        """Start that many warm query workers; the caller closes them.

        Parameters
        ----------
        name
            Of the process that owns them: they spill into a folder of its own.
        queue_seconds
            How long a query waits for a free worker; None waits for ever.
        """
        settings = self.settings.query
        spilled = int(disk_usage(self.home).total * settings.spool_disk_fraction)
        return QueryPool(
            workers,
            directory=self.work / name,
            memory_limit_bytes=settings.memory_mb * 1_000_000,
            threads=cores(),
            temp_limit_bytes=spilled // (settings.sync_workers + settings.job_workers),
            queue_seconds=queue_seconds,
            short_seconds=settings.short_seconds,
        )

    def query(self, pool: QueryPool, *, seconds: float, sync: bool) -> QueryService:
        """Return the verb that asks the catalogs, on the workers of ``pool``.

        Parameters
        ----------
        seconds
            How long a query may take.
        sync
            Its users wait for their answers, each for so many at once.
        """
        settings = self.settings.query
        return QueryService(
            self.catalogs,
            pool,
            spools=self.fetched,
            limits=QueryLimits(
                seconds=seconds,
                rows=settings.max_rows,
                bytes=settings.max_bytes,
                at_once=settings.sync_queries_per_user if sync else None,
                at_once_anonymous=settings.sync_queries_anonymous if sync else None,
            ),
            notes=self.notes,
            short_seconds=settings.short_seconds,
            space=self.space if sync else None,
            cache=ResultCache(
                seconds=settings.cache_seconds,
                memory_bytes=settings.cache_memory_mb * 1_000_000,
                disk_bytes=settings.cache_disk_mb * 1_000_000,
            ),
        )

    def execute_batch(self, query: Callable[[], QueryService]) -> ExecuteService:
        """Return the verb that executes queued jobs that read pixels.

        Parameters
        ----------
        query
            Returns what asks the catalogs where a job needs that; what reads images is imported then too.
        """
        from sciplat.services.bulk.cut import BulkCutoutService, BulkLimits  # noqa: PLC0415
        from sciplat.services.cutout.work import cutout_verb  # noqa: PLC0415

        settings, spools, folders = self.settings.batch, Spools(self.spools), Folders(self.spools)
        bulk = BulkCutoutService(
            self.catalogs,
            self.submit,
            self.uploads,
            spools=spools,
            folders=folders,
            query=query,
            locate=lambda: self.images.locate,
            limits=BulkLimits(settings.positions, settings.pieces, settings.max_mb * 1_000_000),
        )
        return ExecuteService(
            self.jobs,
            self.identity,
            {
                BULK_CUTOUT: bulk.verb(),
                CUTOUT: cutout_verb(lambda: self.images.cutout, folders, most=settings.results),
            },
            self.uploads,
            shelves=(folders, spools),
            disk=self.home,
            spool_disk_fraction=self.settings.query.spool_disk_fraction,
            slots=settings.jobs,
            running_per_user=settings.jobs_per_user,
            short_seconds=_SHORT_CUTOUTS_SECONDS,
        )

    def execute(self, query: QueryService) -> ExecuteService:
        """Return the verb that executes queued jobs that ask the catalogs."""
        settings = self.settings.query
        spools = Spools(self.spools)
        return ExecuteService(
            self.jobs,
            self.identity,
            {QUERY: query_verb(query, self.uploads, spools, notes=self.notes)},
            self.uploads,
            shelves=(spools, Folders(self.spools)),
            disk=self.home,
            spool_disk_fraction=settings.spool_disk_fraction,
            slots=settings.job_workers,
            running_per_user=settings.running_jobs_per_user,
            short_seconds=settings.short_seconds,
            notes=self.notes,
            recall=self.recall,
        )
