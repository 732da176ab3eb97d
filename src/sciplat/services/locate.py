"""Locate a dataset: which file has it, for those who may see it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import AuthenticationError, NotFoundError, UnavailableError, UsageError
from sciplat.identity.models import Scope
from sciplat.images.fits import write
from sciplat.images.layout import Layout, lies_alone, pixels_of
from sciplat.images.pixels import by_name
from sciplat.repository.database import in_words
from sciplat.repository.foreign import read_layout_file
from sciplat.repository.storage import EXPOSURE
from sciplat.repository.store import Repositories, Repository
from sciplat.repository.stored import Stored, stored
from sciplat.services.access import Visitor, may_see_images
from sciplat.tiles.store import TileStore

__all__ = ["LocateService", "Located"]

_IDENTIFIER = re.compile(r"ivo://(?P<authority>[^/?#]+)/(?P<release>[^/?#]+)\?(?P<id>[^?#]+)")

_PATIENCE_SECONDS = 10.0
"""How long one waits for others who look into the same repository."""

_MOST_KNOWN = 10_000
"""Datasets of which the place is remembered."""

_Mark = tuple[tuple[Path, int, int, int], ...]
"""Of files: inode, size and time of change, by which one sees that they are the same still."""


@dataclass(frozen=True, slots=True)
class Located:
    """A dataset, and where it lies."""

    release: str
    public: bool
    """Everybody may see it."""

    id: uuid.UUID
    dataset_type: str
    data_id: Mapping[str, str | int]
    is_image: bool
    path: Path
    """The file. If it is an image: a FITS file that can be sent whole and cut (`sciplat.images.cutout`)."""

    layout: Layout | None = None
    """Of an image that was left in files of others: where its planes lie, which may not be in ``path``."""

    @property
    def name(self) -> str:
        """What the file is called where a person keeps it."""
        words = [self.release, self.dataset_type, *(str(value) for value in self.data_id.values())]
        return "-".join(re.sub(r"[^A-Za-z0-9_.+]+", "_", word) for word in words) + self._suffix

    @property
    def is_converted(self) -> bool:
        """Whether the file was put together of those of others: it goes when nobody asks for it."""
        return self.layout is not None and self.path != self.layout.image.file

    @property
    def _suffix(self) -> str:
        endings = [suffix.lower() for suffix in self.path.suffixes[-2:]]
        if endings[-1:] == [".gz"]:
            return ".fits.gz"
        return "".join(endings[-1:]) or ".fits"


class LocateService:
    """Finds datasets by their ids; for any number of threads."""

    def __init__(
        self,
        catalogs: CatalogStore,
        repositories: Repositories,
        *,
        authority: str,
        converted: TileStore,
        again: Callable[[str, uuid.UUID], None],
    ) -> None:
        """Look into ``repositories``; what must be put together of several files is kept in ``converted``.

        ``again`` makes the file of a dataset that was dropped, or raises `NotFoundError`.
        """
        self._again = again
        self._catalogs = catalogs
        self._repositories = repositories
        self._authority = authority
        self._converted = converted
        self._locks: dict[str, Lock] = {}
        self._open: dict[str, tuple[_Mark, Repository]] = {}
        self._known: dict[tuple[str, uuid.UUID], tuple[_Mark, Located]] = {}

    def identified(self, identifier: str, *, visitor: Visitor) -> Located:
        """Return the dataset with this publisher's identifier, ``ivo://AUTHORITY/RELEASE?ID``.

        Raises
        ------
        UsageError
            It is no such identifier.
        AuthenticationError, PermissionDeniedError, NotFoundError
            As for `dataset`.
        """
        parts = _IDENTIFIER.fullmatch(identifier.strip())
        if parts is None:
            raise UsageError(
                f"{identifier[:100]!r} identifies no image: it is ivo://{self._authority}/RELEASE?ID, as "
                "obs_publisher_did in ivoa.ObsCore has it."
            )
        if parts["authority"].lower() != self._authority.lower():
            raise NotFoundError(
                f"The images of {parts['authority'][:100]!r} are not here: this is {self._authority!r}."
            )
        return self.dataset(parts["release"], parts["id"], visitor=visitor)

    def dataset(self, release: str, id: str | uuid.UUID, *, visitor: Visitor) -> Located:  # noqa: A002
        """Return a dataset of a release.

        Raises
        ------
        AuthenticationError
            Only somebody who signs in may see images of that release, or there are none.
        PermissionDeniedError
            The session or token lacks the scope ``read:image``.
        NotFoundError
            There is no such dataset, or its file is gone.
        ImageFileError
            Files of others cannot be read any more.
        """
        self.release(release, visitor=visitor)
        try:
            number = id if isinstance(id, uuid.UUID) else uuid.UUID(id)
        except ValueError:
            raise _none(release, id) from None
        return self.for_the_instance(release, number)

    def for_the_instance(self, release: str, id: uuid.UUID) -> Located:  # noqa: A002
        """Return a dataset for the instance itself, which sees all: who may see its work is decided there.

        Raises
        ------
        NotFoundError, ImageFileError
            As for `dataset`.
        """
        return self._found(release, id)[1]

    def release(self, release: str, *, visitor: Visitor) -> bool:
        """Return whether everybody may see the images of a release.

        Raises
        ------
        AuthenticationError, PermissionDeniedError, NotFoundError
            This visitor may not, or there are none.
        """
        visitor.require(Scope.READ_IMAGE, unless_anonymous=True)
        public = self._catalogs.snapshot().images.get(release)
        if not may_see_images(visitor, public):
            if visitor.user is None:
                raise AuthenticationError(
                    f"There are no public images of release {release[:100]!r}. Sign in, or send a token."
                )
            raise NotFoundError(f"There are no images of release {release[:100]!r}.")
        return bool(public)

    def as_the_butler_reads(self, release: str, id: uuid.UUID) -> Path:  # noqa: A002
        """Return the file of a dataset for a Butler client, of whom it is known that it may see it.

        Images in files of others are put together into one of ours.

        Raises
        ------
        NotFoundError
            There is no such dataset, or its file is gone.
        ImageFileError
            Files of others cannot be read any more.
        """
        mark, located = self._found(release, id)
        if located.layout is None or located.is_converted:
            return located.path
        return self._put_together(id, located.layout, mark)

    def _found(self, release: str, id: uuid.UUID) -> tuple[_Mark, Located]:  # noqa: A002
        """Return what is remembered of a dataset as long as its files are the same, else look."""
        public = bool(self._catalogs.snapshot().images.get(release))
        mark, located = self._known.get((release, id), ((), None))
        if located is not None and located.is_converted:
            self._converted.touch(located.path)
        if located is None or located.public != public or _mark(*(each[0] for each in mark)) != mark:
            mark, located = self._look(release, id, public=public)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[release, id] = mark, located
        return mark, located

    def _look(self, release: str, id: uuid.UUID, *, public: bool) -> tuple[_Mark, Located]:  # noqa: A002
        found = self._stored(release, id)
        if found is None:
            raise _none(release, id)
        if found.path is None:
            # Its file was dropped: whatever can be made again is.
            self._again(release, id)
            found = self._stored(release, id) or found
        path, layout = found.path, None
        if path is None or not path.is_file():
            raise NotFoundError(f"The file of {found.dataset_type} {id} of release {release!r} is not kept.")
        # Also what the registry says may change: a dataset that is removed may leave its file.
        files = [path, self._repositories.folder_of(release) / "gen3.sqlite3"]
        is_image = found.storage_class == EXPOSURE
        if is_image and path.suffix == ".json":
            layout = read_layout_file(path)["layout"]
            files += dict.fromkeys(
                plane.file for plane in (layout.image, layout.mask, layout.variance, layout.wcs) if plane
            )
        mark = _mark(*files)
        if len(mark) < len(files):
            raise NotFoundError(
                f"The files of {found.dataset_type} {id} of release {release!r} are not where they were when "
                "they were taken in."
            )
        if layout is not None:
            path = layout.image.file if lies_alone(layout) else self._put_together(id, layout, mark)
            mark = (*mark, *_mark(path))
        return mark, Located(release, public, id, found.dataset_type, found.data_id, is_image, path, layout)

    def _stored(self, release: str, id: uuid.UUID) -> Stored | None:  # noqa: A002
        with self.repository(release) as repository:
            return stored(repository.butler, id)

    @contextmanager
    def repository(self, release: str) -> Iterator[Repository]:
        """Lend the repository of a release, which stays open, to one thread at a time.

        Who may see what is in it is not asked here.

        Raises
        ------
        NotFoundError
            The release has no images.
        UnavailableError
            Its repository is locked, damaged or gone.
        """
        lock = self._locks.setdefault(release, Lock())
        if not lock.acquire(timeout=_PATIENCE_SECONDS):
            raise UnavailableError(
                f"The images of release {release!r} cannot be looked up at this moment; ask again soon."
            )
        try:
            # A repository that was removed and made again is another one.
            mark = _mark(self._repositories.folder_of(release) / "butler.yaml")
            before, repository = self._open.get(release, ((), None))
            if repository is None or before != mark:
                if repository is not None:
                    repository.close()
                repository = self._repositories.open(release)
                self._open[release] = mark, repository
            with in_words(release):
                yield repository
        finally:
            lock.release()

    def _put_together(self, id: uuid.UUID, layout: Layout, mark: _Mark) -> Path:  # noqa: A002
        """Write an exposure whose planes lie in several files, or beside others, into one of its own."""
        newest = max(changed for file, _, _, changed in mark if file.suffix != ".sqlite3")
        image, name = id.hex, f"{newest:x}.fits"
        path = self._converted.file(image, name)
        if path is None:
            with by_name(layout.image.file), pixels_of(layout) as pixels:
                exposure = pixels.read()
            try:
                path = self._converted.make(image, name, partial(write, exposure))
            except OSError as error:
                raise UnavailableError(
                    f"The image {id} cannot be put together of its files: {error.strerror or error}. The "
                    "operator has to make room on the disk."
                ) from error
        return path


def _none(release: str, id: object) -> NotFoundError:  # noqa: A002
    return NotFoundError(f"Release {release!r} has no dataset {str(id)[:100]!r}.")


def _mark(*files: Path) -> _Mark:
    """Return what tells whether files are the same still; those that are gone have no mark."""
    marks = []
    for file in files:
        try:
            told = file.stat()
        except OSError:
            continue
        marks.append((file, told.st_ino, told.st_size, told.st_mtime_ns))
    return tuple(marks)
