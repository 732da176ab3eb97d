"""Butlers for readers who come by HTTP: one a request, read only, and for a limited time.

They answer what `lsst.daf.butler.remote_butler.server` asks of a Butler, and say of each file where on the
instance it can be fetched, instead of where it lies on the disk.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy
from lsst.daf.butler import Butler, ButlerUserError, DatasetRef, InvalidQueryError
from lsst.daf.butler.datastore.stored_file_info import StoredFileInfo, make_datastore_path_relative
from lsst.daf.butler.direct_butler import DirectButler
from lsst.daf.butler.registry import InconsistentDataIdError, OrphanedRecordError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sciplat.errors import NotFoundError
from sciplat.repository.foreign import LayoutFormatter
from sciplat.repository.formatter import ExposureFormatter
from sciplat.repository.store import Repositories

__all__ = ["REFUSALS", "Address", "ReaderButler", "ReaderButlers", "refused"]

Address = Callable[[uuid.UUID, str, int], str]
"""Where a file can be fetched: of a dataset's id, the file's name, and how many seconds the address works."""

_STEPS = 20_000
"""Instructions of SQLite between two looks at the clock: less than a millisecond."""

_FITS_FORMATTER, _LAYOUT_FORMATTER = (
    f"{formatter.__module__}.{formatter.__qualname__}" for formatter in (ExposureFormatter, LayoutFormatter)
)


REFUSALS = (
    *(ValueError, TypeError, LookupError, ArithmeticError, RecursionError, NotImplementedError),
    *(SQLAlchemyError, InconsistentDataIdError, OrphanedRecordError),
)
"""What the Butler raises on requests that its own client would not send."""


def refused(error: BaseException) -> ButlerUserError:
    """Return what a client is told of one of `REFUSALS`: never the text of a query to the database."""
    if isinstance(error, ButlerUserError):
        return error
    if isinstance(error, RecursionError):
        return InvalidQueryError("This is nested too deeply for the Butler.")
    if not isinstance(error, DBAPIError):
        words = str(error).strip().partition("\n")[0][:200]
        return InvalidQueryError(f"The Butler cannot answer this: {words or type(error).__name__}.")
    if "interrupted" in str(error.orig):
        return InvalidQueryError("This took longer than it may; ask for less at a time.")
    return InvalidQueryError(f"The database cannot answer this: {str(error.orig)[:200]}.")


class _Clock(threading.local):
    """When the request that this thread answers has to be over."""

    over: float = float("inf")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A Butler that is copied for each request, and the file by which one sees that it is still the same."""

    mark: tuple[int, int]
    butler: Butler


class ReaderButlers:
    """The Butlers of all releases, for any number of threads.

    Parameters
    ----------
    repositories
        Those of the instance; one that is made later is found too.
    seconds
        How long what one request asks of the database may take.
    again
        Makes the file of a dataset that was dropped; raises `NotFoundError` where that cannot be.
    """

    def __init__(
        self, repositories: Repositories, *, seconds: float, again: Callable[[str, uuid.UUID], None]
    ) -> None:
        self._repositories = repositories
        self._again = again
        self._seconds = seconds
        self._clock = _Clock()
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def open(self, release: str, address: Address) -> ReaderButler:
        """Return a Butler for one request, which knows all that the repository has now.

        The clock of this thread begins to run: queries end with `InvalidQueryError` when time is up.

        Raises
        ------
        NotFoundError
            The release has no images.
        """
        self._clock.over = float("inf")  # this thread's last request is over
        with self._lock:
            butler = self._template(release).clone()
        butler.registry.refresh()
        self._clock.over = time.monotonic() + self._seconds
        assert isinstance(butler, DirectButler)
        return ReaderButler(butler, address, again=partial(self._make_again, release))

    def _make_again(self, release: str, id: uuid.UUID) -> None:  # noqa: A002
        self._again(release, id)
        self._clock.over = time.monotonic() + self._seconds  # what it took is no time of the database

    def _template(self, release: str) -> Butler:
        repository = self._repositories.open(release)
        told = (repository.folder / "butler.yaml").stat()
        mark = (told.st_ino, told.st_mtime_ns)
        kept = self._kept.get(release)
        if kept is None or kept.mark != mark:
            kept = _Kept(mark, repository.butler)
            assert isinstance(kept.butler, DirectButler)
            # The Butler has no limit of its own; its database is asked only through the engine that it made.
            sqlalchemy.event.listen(kept.butler._registry._db._engine, "checkout", self._watch)  # noqa: SLF001
            self._kept[release] = kept
        return kept.butler

    def _watch(self, connection: Any, record: Any, proxy: Any) -> None:
        """Let a connection that a thread begins to use look at that thread's clock."""
        if isinstance(connection, sqlite3.Connection):
            connection.set_progress_handler(self._is_over, _STEPS)

    def _is_over(self) -> bool:
        return time.monotonic() > self._clock.over


class ReaderButler:
    """A Butler for one request; whatever is not said here is that of the Butler of the repository."""

    def __init__(self, butler: DirectButler, address: Address, *, again: Callable[[uuid.UUID], None]) -> None:
        self._butler = butler
        self._datastore = _Files(butler._datastore, address, again)  # noqa: SLF001  as the server does

    def __getattr__(self, name: str) -> Any:
        return getattr(self._butler, name)

    @contextmanager
    def query(self) -> Iterator[Any]:
        """Give a query; what goes wrong in it is told to who asked."""
        with self._told(), self._butler.query() as query:
            yield query

    @contextmanager
    def _query_driver(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        with self._told(), self._butler._query_driver(*arguments, **named) as driver:  # noqa: SLF001
            yield driver

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what is wrong with a query in a form that the client knows, also amid its rows."""
        try:
            yield
        except REFUSALS as error:
            raise refused(error) from error


class _Files:
    """The datastore of a Butler for one request: files have addresses instead of places."""

    def __init__(self, datastore: Any, address: Address, again: Callable[[uuid.UUID], None]) -> None:
        self._datastore = datastore
        self._address = address
        self._again = again

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datastore, name)

    def prepare_get_for_external_client(self, ref: DatasetRef) -> list[tuple[_Place, StoredFileInfo]] | None:
        """Return where the files of a dataset can be fetched, and what reads them; None if it has none.

        A file that was dropped is made again, which may take a while.
        """
        found = self._datastore.prepare_get_for_external_client(ref)
        if found is None:
            try:
                self._again(ref.id)
            except NotFoundError:
                return None
            # What the Butler knew of the dataset's files came with the dataset, and was nothing.
            found = self._datastore.prepare_get_for_external_client(_without_records(ref))
        if found is None:
            return None
        shown = [_shown(info) for _, info in found]
        return [(_Place(_Signed(self._address, ref.id, _name(info))), info) for info in shown]

    def get_file_info_for_transfer(self, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Any]]:
        """Return what reads the files of datasets; the server itself knows where they can be fetched."""
        found = self._datastore.get_file_info_for_transfer(ids)
        return {
            dataset: [record._replace(file_info=_shown(record.file_info)) for record in records]
            for dataset, records in found.items()
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """Instead of a Butler's ``Location``."""

    uri: _Signed


@dataclass(frozen=True, slots=True)
class _Signed:
    """Instead of a ``ResourcePath``: paths of files cannot be signed."""

    address: Address
    id: uuid.UUID
    name: str

    def generate_presigned_get_url(self, *, expiration_time_seconds: int) -> str:
        """Return an address that works without credentials, for so long."""
        return self.address(self.id, self.name, expiration_time_seconds)


def _without_records(ref: DatasetRef) -> DatasetRef:
    return ref.replace(datastore_records=None)


def _name(info: StoredFileInfo) -> str:
    return PurePosixPath(info.path).name


def _shown(info: StoredFileInfo) -> StoredFileInfo:
    """Return how a client elsewhere reads a file: images in files of others are sent as files of ours."""
    if info.formatter != _LAYOUT_FORMATTER:
        return info
    path = PurePosixPath(make_datastore_path_relative(info.path)).with_suffix(".fits")
    return info.update(formatter=_FITS_FORMATTER, path=str(path), checksum=None, file_size=-1)
