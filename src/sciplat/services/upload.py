"""Take in tables that belong to a query (TAP 1.1, section 2.7.6)."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from sciplat.errors import ConflictError, IngestError, LimitError, UsageError
from sciplat.identity.models import Scope
from sciplat.services.access import PART_OF_NOBODY, Visitor
from sciplat.services.fetch import fetch
from sciplat.services.loader import Loader
from sciplat.uploads.models import SCHEMA, Upload
from sciplat.uploads.store import LATER, UploadStore

__all__ = ["MOST", "Sent", "UploadLimits", "UploadService"]


MOST = 20
"""Tables that come with one query."""

_log = logging.getLogger(__name__)

_LATER_PART = 4
"""Which part of the room for uploads may be taken by those that are kept for the history."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What uploads may take."""

    bytes: int
    """Of all that is sent with one query."""

    kept_bytes: int
    """Of all uploads that are kept."""

    seconds: float
    """To fetch one from elsewhere."""

    keep_seconds: float
    """How long one is kept after its last use: longer than a synchronous query may take."""

    later_seconds: float = 0.0
    """How long one is kept for the history of whoever sent it."""

    hosts: frozenset[str] = frozenset()
    """Of private networks, from which one may be fetched."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A table as it came with a query."""

    name: str
    """What the query calls it, after ``TAP_UPLOAD.``."""

    chunks: Iterable[bytes]
    """Its bytes; they may come only while they are read."""


class UploadService:
    """Makes tables that a query can read of what was sent with it."""

    def __init__(self, store: UploadStore, loader: Loader, *, work: Path, limits: UploadLimits) -> None:
        self._store = store
        self._loader = loader
        self._work = work
        self.limits = limits

    def prepare(self) -> None:
        """Make ready for the first one; files of requests wait on this instance's own disk."""
        self._loader.prepare()
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.tempdir = str(self._work)

    def close(self) -> None:
        """End the process that reads."""
        self._loader.close()

    def receive(self, sent: Sequence[Sent], *, visitor: Visitor) -> tuple[Upload, ...]:
        """Take in the tables of one query; what was sent before is not read again.

        Raises
        ------
        UsageError
            Two have the same name, or a file is no table; the message names the upload.
        LimitError
            They are too many or too large, or there is no room for them.
        """
        visitor.require(Scope.READ_TAP, unless_anonymous=True)
        if len(sent) > MOST:
            raise LimitError(f"UPLOAD names {len(sent)} tables; a query may come with {MOST}.")
        room = int(self.limits.kept_bytes * (PART_OF_NOBODY if visitor.user is None else 1))
        for number, each in enumerate(sent):
            if any(each.name.lower() == other.name.lower() for other in sent[:number]):
                raise UsageError(f"UPLOAD names the table {each.name!r} twice.")
        left = self.limits.bytes
        received = []
        for each in sent:
            upload, size = self._take(each, left, room)
            left -= size
            received.append(upload)
        return tuple(received)

    def fetch(self, name: str, url: str) -> Iterator[bytes]:
        """Return the bytes at an address, for the table ``name``; raises as `services.fetch.fetch` does."""
        return fetch(url, name, seconds=self.limits.seconds, hosts=self.limits.hosts)

    def find(self, name: str, content: str) -> Upload:
        """Return an upload that was received before, by the hash of its content.

        Raises
        ------
        ConflictError
            It is no longer kept.
        """
        upload = self._store.find(name, content)
        if upload is None:
            raise _gone(name)
        return upload

    def source(self, name: str, content: str) -> Path:
        """Return the file that was sent; raises as `find` does."""
        self.find(name, content)
        return self._store.source(content)

    def hold(self, uploads: Sequence[Upload], holder: str) -> None:
        """Keep uploads until `release`, or until `clean` is told that the holder is gone.

        Raises
        ------
        ConflictError
            One is no longer kept.
        """
        for upload in uploads:
            if not self._store.hold(upload.sha256, holder):
                raise _gone(upload.table.name)

    def keep_for(self, query_id: str, contents: Iterable[str]) -> None:
        """Keep uploads of these contents for a query of somebody's history, while there is room."""
        if self.limits.later_seconds > 0:
            try:
                for content in contents:
                    self._store.hold(content, f"{LATER}-{query_id}")
            except OSError:  # the query itself has its answer
                _log.exception("What was uploaded with query %s is not kept for its history", query_id)

    def release(self, holder: str) -> None:
        """Say that ``holder`` needs its uploads no more."""
        self._store.release(holder)

    def forget(self, query_id: str) -> None:
        """Keep nothing any more for a query of somebody's history."""
        self._store.release(f"{LATER}-{query_id}")

    def clean(self, living: Callable[[str, Collection[str]], Collection[str]]) -> None:
        """Remove what no holder needs, once it has not been used for a while.

        Parameters
        ----------
        living
            Given a kind of holders and their ids, returns the ids of those that still live.
        """
        limits = self.limits

        def still(ages: Mapping[str, float]) -> Collection[str]:
            kinds: dict[str, set[str]] = {}
            found: set[str] = set()
            for holder, age in ages.items():
                kind, _, name = holder.partition("-")
                if kind == LATER and age > limits.later_seconds:
                    continue
                if kind == LATER and age < limits.keep_seconds:
                    found.add(holder)  # its record may be on the way
                    continue
                kinds.setdefault(kind, set()).add(name)
            for kind, names in kinds.items():
                found |= {f"{kind}-{name}" for name in living(kind, names)}
            return found

        self._store.clean(
            still, keep_seconds=limits.keep_seconds, later_bytes=limits.kept_bytes // _LATER_PART
        )

    @property
    def bytes(self) -> int:
        """How much all uploads take on the disk."""
        return self._store.bytes()

    def _take(self, sent: Sent, left: int, room: int) -> tuple[Upload, int]:
        folder = self._work / uuid4().hex
        folder.mkdir(parents=True)
        try:
            source = folder / sent.name
            size, content = self._copy(sent, source, left)
            upload = self._store.find(sent.name, content)
            if upload is not None:
                return upload, size
            self._check_room(size, room)
            table = self._loader.load(source, folder / "data.duckdb", largest=self.limits.bytes)
            made = folder / "made"
            made.mkdir()
            source.rename(made / "source")
            (folder / "data.duckdb").rename(made / "data.duckdb")
            return self._store.put(made, content, replace(table, schema=SCHEMA)), size
        except (IngestError, LimitError) as error:
            raise type(error)(f"UPLOAD {error.message}.") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _copy(self, sent: Sent, target: Path, left: int) -> tuple[int, str]:
        digest, size = sha256(), 0
        with target.open("wb") as file:
            for chunk in sent.chunks:
                size += len(chunk)
                if size > left:
                    raise LimitError(
                        f"{sent.name}: the tables of a query may have {self.limits.bytes // 1_000_000} MB "
                        "together"
                    )
                digest.update(chunk)
                file.write(chunk)
        return size, digest.hexdigest()

    def _check_room(self, size: int, room: int) -> None:
        wanted = 2 * size
        if not self._store.make_room(wanted, limit=room, keep_seconds=self.limits.keep_seconds):
            raise LimitError("there is no room for more uploads now; delete jobs that you no longer need")


def _gone(name: str) -> ConflictError:
    return ConflictError(f"The table {SCHEMA}.{name} is no longer kept: send it again, with the query.")
