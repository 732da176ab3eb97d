"""One sciplat, assembled from its settings: the rooms and verbs that every door reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING
from uuid import UUID

from sciplat.catalogs.store import CatalogStore
from sciplat.config import Settings
from sciplat.config.home import prepare_home
from sciplat.config.machine import cores
from sciplat.engine.cache import ResultCache
from sciplat.engine.pool import QueryPool
from sciplat.errors import MissingExtraError
from sciplat.history.recorder import Recorder
from sciplat.history.store import HistoryStore
from sciplat.identity.store import IdentityStore
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY
from sciplat.jobs.store import JobStore
from sciplat.services.execute import ExecuteService
from sciplat.services.loader import Loader
from sciplat.services.note import NoteService
from sciplat.services.plan import QueryLimits
from sciplat.services.query import QueryService
from sciplat.services.query_work import query_verb
from sciplat.services.recall import HistoryLimits, RecallService
from sciplat.services.share import ShareService
from sciplat.services.shelves import Folders, Spools
from sciplat.services.sign_in import SignInService
from sciplat.services.space import Space
from sciplat.services.submit import JobLimits, SubmitService
from sciplat.services.tokens import TokenService
from sciplat.services.upload import UploadLimits, UploadService
from sciplat.tiles.hips import HipsFolder
from sciplat.tiles.store import TileStore
from sciplat.uploads.store import UploadStore

_READER_BYTES = 2 << 30
"""Memory of a process that reads an upload."""

_SHORT_CUTOUTS_SECONDS = 30.0
"""Jobs that read pixels and take no longer wait for none that do."""

_READER_MB_PER_SECOND = 1
"""Of TABLEDATA, the slowest format, it reads four on a processor of 2024."""

if TYPE_CHECKING:
    from sciplat.repository.readers import ReaderButlers
    from sciplat.repository.store import Repositories
    from sciplat.services.announce import AnnounceService
    from sciplat.services.cover import CoverService
    from sciplat.services.cutout import CutoutService
    from sciplat.services.ingest import IngestService
    from sciplat.services.ingest_images import IngestImagesService
    from sciplat.services.lend import LendService
    from sciplat.services.locate import LocateService
    from sciplat.services.make_hips import MakeHipsService
    from sciplat.services.picture import PictureService
    from sciplat.services.probe import ProbeService
    from sciplat.services.regenerate import RegenerateService
    from sciplat.services.tile import TileService
    from sciplat.services.watch import WatchService

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
        return cls(home, Settings.load(home))

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
    def repositories(self) -> Repositories:
        """The images of the data releases; they bring the Butler, which takes seconds."""
        try:
            from sciplat.repository.store import Repositories  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "lsst":
                raise
            raise MissingExtraError(
                "Images need the [images] extra: pip install 'sciplat[images]'"
            ) from error
        return Repositories(self.home / "repositories")

    @cached_property
    def announce(self) -> AnnounceService:
        """The verb that describes images in the tables of the standards."""
        repositories = self.repositories
        from sciplat.services.announce import AnnounceService  # noqa: PLC0415

        return AnnounceService(
            self.catalogs,
            repositories,
            self.ingest.describing,
            authority=self.settings.authority,
        )

    @cached_property
    def watch(self) -> WatchService:
        """The verb that announces what others put into repositories."""
        repositories, announce = self.repositories, self.announce
        from sciplat.services.watch import WatchService  # noqa: PLC0415

        return WatchService(repositories, announce)

    @cached_property
    def ingest_images(self) -> IngestImagesService:
        """The verb that takes images into a repository."""
        repositories, announce = self.repositories, self.announce
        from sciplat.services.ingest_images import IngestImagesService  # noqa: PLC0415

        return IngestImagesService(self.catalogs, repositories, announce, work=self.work)

    @cached_property
    def locate(self) -> LocateService:
        """The verb that finds the file of a dataset, for those who may see it."""
        repositories = self.repositories
        from sciplat.services.locate import LocateService  # noqa: PLC0415

        return LocateService(
            self.catalogs,
            repositories,
            authority=self.settings.authority,
            work=self.work / "images",
            again=self._again,
        )

    @cached_property
    def tile_store(self) -> TileStore:
        """What was made of images for viewers."""
        return TileStore(self.home / "tiles", self.settings.images.tiles_mb * 1_000_000)

    @cached_property
    def regenerate(self) -> RegenerateService:
        """The verb that makes datasets again; it brings the pipelines."""
        repositories = self.repositories
        from sciplat.services.regenerate import RegenerateService  # noqa: PLC0415

        return RegenerateService(repositories)

    def _again(self, release: str, id: UUID) -> None:  # noqa: A002
        self.regenerate.again(release, id)

    @cached_property
    def lend(self) -> LendService:
        """The verb that lends the file of one dataset for a while."""
        locate = self.locate
        from sciplat.services.lend import LendService  # noqa: PLC0415

        return LendService(locate, secret_file=self.home / "file-signing.key")

    @cached_property
    def readers(self) -> ReaderButlers:
        """The Butlers of those who read images by HTTP."""
        repositories = self.repositories
        from sciplat.repository.readers import ReaderButlers  # noqa: PLC0415

        return ReaderButlers(repositories, seconds=self.settings.images.butler_seconds, again=self._again)

    @cached_property
    def cutout(self) -> CutoutService:
        """The verb that cuts images."""
        locate = self.locate
        from sciplat.services.cutout import CutoutService  # noqa: PLC0415

        return CutoutService(locate, authority=self.settings.authority, work=self.work / "cutouts")

    @cached_property
    def tiling(self) -> TileService:
        """The verb that makes tiles of images, and keeps them; the process that uses it closes it."""
        from sciplat.services.tile import TileService  # noqa: PLC0415

        return TileService(self.tile_store, threads=cores())

    @cached_property
    def probe(self) -> ProbeService:
        """The verb that tells of images what a viewer must know."""
        from sciplat.services.probe import ProbeService  # noqa: PLC0415

        return ProbeService(self.tiling)

    @cached_property
    def pictures(self) -> PictureService:
        """The verb that makes pictures of images."""
        from sciplat.services.picture import PictureService  # noqa: PLC0415

        return PictureService(self.tiling)

    @cached_property
    def hips(self) -> HipsFolder:
        """The maps of the sky that were made of images."""
        return HipsFolder(self.home / "hips")

    @cached_property
    def make_hips(self) -> MakeHipsService:
        """The verb that makes maps of the sky."""
        repositories, locate = self.repositories, self.locate
        from sciplat.services.make_hips import MakeHipsService  # noqa: PLC0415

        return MakeHipsService(
            repositories, locate, self.hips, authority=self.settings.authority, threads=cores()
        )

    @cached_property
    def cover(self) -> CoverService:
        """The verb that tells which part of the sky images show."""
        from sciplat.services.cover import CoverService  # noqa: PLC0415

        return CoverService(self.catalogs, self.tile_store)

    @cached_property
    def sign_in(self) -> SignInService:
        """The verb that knows who is asking."""
        return SignInService(self.identity, session_days=self.settings.session_days)

    @cached_property
    def tokens(self) -> TokenService:
        """The verb that makes and revokes tokens."""
        return TokenService(self.identity)

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
        from sciplat.services.bulk_cutout import BulkCutoutService, BulkLimits  # noqa: PLC0415
        from sciplat.services.cutout_work import cutout_verb  # noqa: PLC0415

        settings, spools, folders = self.settings.batch, Spools(self.spools), Folders(self.spools)
        bulk = BulkCutoutService(
            self.catalogs,
            self.submit,
            self.uploads,
            spools=spools,
            folders=folders,
            query=query,
            locate=lambda: self.locate,
            limits=BulkLimits(settings.positions, settings.pieces, settings.max_mb * 1_000_000),
        )
        return ExecuteService(
            self.jobs,
            self.identity,
            {
                BULK_CUTOUT: bulk.verb(),
                CUTOUT: cutout_verb(lambda: self.cutout, folders, most=settings.results),
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
