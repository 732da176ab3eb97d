"""Uploads on disk: a folder for each content, and who still needs it.

``SHA256/source`` is what was sent, ``SHA256/data.duckdb`` its rows, ``SHA256/table.json`` what its columns
mean, and each file in ``SHA256/held`` is named for somebody who needs it. Folders appear whole, by a
rename.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sciplat.system import sync
from sciplat.uploads.models import Upload, table_from_json, table_to_json
from sciplat.vo.schema import Table

__all__ = ["LATER", "UploadStore"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HOLDER = re.compile(r"[a-z]+-[0-9a-z-]{1,80}")

LATER = "query"
"""The kind of holders that may need an upload again: when room is short, they go without."""


class UploadStore:
    """The uploads of one instance; several processes may hold a store over the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, sha256: str) -> Upload | None:
        """Return what was once sent with this content, as the table ``name``; None if it isn't kept.

        It stays for another while, as if it had just been sent.
        """
        if not _SHA256.fullmatch(sha256):
            return None
        place = self._folder / sha256
        with self._locked():
            try:
                text = (place / "table.json").read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
            os.utime(place)
        return Upload(table_from_json(name, json.loads(text)), sha256, place / "data.duckdb")

    def put(self, made: Path, sha256: str, table: Table) -> Upload:
        """Keep a folder with ``source`` and ``data.duckdb`` as the upload of this content."""
        (made / "held").mkdir()
        _write_whole(made / "table.json", json.dumps(table_to_json(table)))
        place = self._folder / sha256
        with self._locked():
            if not place.exists():  # else somebody has just sent the same
                made.rename(place)
                sync(self._folder)
            os.utime(place)
        return Upload(table, sha256, place / "data.duckdb")

    def source(self, sha256: str) -> Path:
        """Return the file that was sent."""
        return self._folder / sha256 / "source"

    def hold(self, sha256: str, holder: str) -> bool:
        """Keep an upload until ``holder`` releases it; False if it is no longer there.

        Parameters
        ----------
        holder
            A kind and an id, as in ``job-4f…``.
        """
        assert _HOLDER.fullmatch(holder), holder
        held = self._folder / sha256 / "held"
        with self._locked():
            if not held.is_dir():
                return False
            (held / holder).touch()
            sync(held)
        return True

    def release(self, holder: str) -> None:
        """Say that ``holder`` needs none of its uploads any more."""
        for mark in self._folder.glob(f"*/held/{holder}"):
            mark.unlink(missing_ok=True)

    def clean(
        self,
        living: Callable[[Mapping[str, float]], Collection[str]],
        *,
        keep_seconds: float,
        later_bytes: int,
    ) -> None:
        """Remove what nobody needs and nobody has used for so long.

        Parameters
        ----------
        living
            Given all holders with the seconds for which they have held something, returns those that
            still live; the marks of the others are removed.
        later_bytes
            How much may stay for holders of the kind `LATER` alone; what was used longest ago goes first.
        """
        marks = [mark for place in self._places() for mark in (place / "held").glob("*")]
        ages = {mark.name: age for mark in marks if (age := _age(mark)) is not None}
        still = living(ages)
        for mark in marks:
            if mark.name not in still:
                mark.unlink(missing_ok=True)
        self._remove(keep_seconds)
        self._give_way(lambda later: later <= later_bytes, keep_seconds)

    def make_room(self, wanted: int, *, limit: int, keep_seconds: float) -> bool:
        """Remove what nobody needs until ``wanted`` bytes more stay within ``limit``; False if they don't."""
        if self.bytes() + wanted > limit:
            self._remove(keep_seconds)
            self._give_way(lambda _: self.bytes() + wanted <= limit, keep_seconds)
        return self.bytes() + wanted <= limit

    def bytes(self) -> int:
        """Return how much all uploads take on the disk."""
        return sum(map(_size, self._places()))

    def _places(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(place for place in self._folder.iterdir() if _SHA256.fullmatch(place.name))

    def _give_way(self, enough: Callable[[int], bool], keep_seconds: float) -> None:
        """Remove what may only be needed later until it is ``enough``, given the bytes that stay so."""
        later = sorted(
            (-age, place)
            for place in self._places()
            if (age := _age(place)) is not None and age > keep_seconds and _is_for_later(place)
        )
        left = sum(_size(place) for _, place in later)
        for _, place in later:
            if enough(left):
                return
            left -= _size(place)
            for mark in (place / "held").glob(f"{LATER}-*"):
                mark.unlink(missing_ok=True)
            self._remove(keep_seconds)

    def _remove(self, keep_seconds: float) -> None:
        for place in self._places():
            with self._locked():
                try:
                    unused = time.time() - place.stat().st_mtime > keep_seconds
                    if not unused or any((place / "held").iterdir()):
                        continue
                except FileNotFoundError:
                    continue
                gone = self._folder / f"gone-{place.name}"
                place.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        for left in self._folder.glob("gone-*") if self._folder.is_dir() else ():
            shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            yield


def _age(path: Path) -> float | None:
    """Return the seconds since something was last used; None if it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None


def _size(place: Path) -> int:
    total = 0
    for file in ("source", "data.duckdb"):
        try:
            total += (place / file).stat().st_size
        except FileNotFoundError:  # it goes at this moment
            continue
    return total


def _is_for_later(place: Path) -> bool:
    kinds = {mark.name.partition("-")[0] for mark in (place / "held").glob("*")}
    return kinds == {LATER}


def _write_whole(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
