"""The images of one sciplat: what finds, cuts, draws and announces them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sciplat.catalogs.store import CatalogStore
from sciplat.config import Settings
from sciplat.config.machine import cores
from sciplat.errors import MissingExtraError
from sciplat.tiles.hips import HipsFolder
from sciplat.tiles.store import TileStore

if TYPE_CHECKING:
    from sciplat.repository.readers import ReaderButlers
    from sciplat.repository.store import Repositories
    from sciplat.services.announce import AnnounceService
    from sciplat.services.cover import CoverService
    from sciplat.services.cutout.cut import CutoutService
    from sciplat.services.describe import DescribeService
    from sciplat.services.ingest_images import IngestImagesService
    from sciplat.services.lend import LendService
    from sciplat.services.locate import LocateService
    from sciplat.services.make_hips import MakeHipsService
    from sciplat.services.picture import PictureService
    from sciplat.services.probe import ProbeService
    from sciplat.services.regenerate import RegenerateService
    from sciplat.services.tile import TileService
    from sciplat.services.watch import WatchService

__all__ = ["Imaging"]

_GRACE_SECONDS = 600.0
"""Who was told of the file of an image opens it within that time."""


@dataclass(frozen=True)
class Imaging:
    """The verbs of images, each made when it is first asked for: most bring the Butler, which takes seconds.

    Parameters
    ----------
    home
        The folder of the instance.
    describing
        Returns what describes tables to the standards.
    work
        Returns the folder for what no restart needs.
    """

    home: Path
    settings: Settings
    catalogs: CatalogStore
    describing: Callable[[], DescribeService]
    work: Callable[[], Path]

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
            self.describing(),
            authority=self.settings.authority,
        )

    @cached_property
    def watch(self) -> WatchService:
        """The verb that announces what others put into repositories."""
        repositories, announce = self.repositories, self.announce
        from sciplat.services.watch import WatchService  # noqa: PLC0415

        return WatchService(repositories, announce)

    @cached_property
    def ingest(self) -> IngestImagesService:
        """The verb that takes images into a repository."""
        repositories, announce = self.repositories, self.announce
        from sciplat.services.ingest_images import IngestImagesService  # noqa: PLC0415

        return IngestImagesService(self.catalogs, repositories, announce, work=self.work())

    @cached_property
    def locate(self) -> LocateService:
        """The verb that finds the file of a dataset, for those who may see it."""
        repositories = self.repositories
        from sciplat.services.locate import LocateService  # noqa: PLC0415

        return LocateService(
            self.catalogs,
            repositories,
            authority=self.settings.authority,
            converted=TileStore(
                self.work() / "images",
                self.settings.images.converted_mb * 1_000_000,
                grace_seconds=_GRACE_SECONDS,
            ),
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
        from sciplat.services.cutout.cut import CutoutService  # noqa: PLC0415

        return CutoutService(locate, authority=self.settings.authority, work=self.work() / "cutouts")

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
