"""The catalogs on disk: a manifest, and the generations that it names.

Nothing that is published is ever written to again. A change makes new files, and then one rename
of the manifest shows all of it at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sciplat.catalogs.models import Manifest, PublishedTable, Release, Retired, Snapshot
from sciplat.catalogs.pins import Pins
from sciplat.errors import ConflictError, NotFoundError
from sciplat.system import sync
from sciplat.vo.schema import Schema, Table

__all__ = ["CatalogStore", "Edit", "Workspace"]

_WORK = "unfinished"
_GENERATION_FILE = re.compile(r"(?:[a-z]+-)?g\d+(?:\.duckdb|\.parquet|\.npz)?")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder in which one generation is made, out of everyone's sight."""

    folder: Path
    generation: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """A snapshot, and the manifest file that it was read from."""

    mark: tuple[int, int]
    snapshot: Snapshot
    close: Callable[[], object]


class Edit:
    """A change of the catalogs in the making; others see all of it or nothing."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self.manifest: Final = manifest
        self._draft = manifest
        self._moved: list[str] = []
        self._renames: list[tuple[Path, Path]] = []

    @property
    def draft(self) -> Manifest:
        """The catalogs as they will be."""
        return self._draft

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The schemas as they will be."""
        return self._draft.schemas()

    @property
    def moved(self) -> tuple[str, ...]:
        """Files that lie in place already, though nothing names them yet."""
        return tuple(self._moved)

    def finish(self) -> None:
        """Put the schema files in place that go with what has just been published."""
        for here, there in self._renames:
            here.replace(there)

    def put_release(
        self,
        name: str,
        *,
        description: str | None = None,
        public: bool | None = None,
        images: bool | None = None,
        observations: str | None = None,
        provenance: str | None = None,
        activities: str | None = None,
    ) -> None:
        """Add a release, or change what is said (not None) of one."""
        release = self._draft.release(name) or Release(name)
        if release.name != name:
            raise ConflictError(
                f"There is a release {release.name!r}: names that differ in case only are the same"
            )
        said: dict[str, Any] = {
            "description": description,
            "public": public,
            "images": images,
            "observations": observations,
            "provenance": provenance,
            "activities": activities,
        }
        release = replace(release, **{word: value for word, value in said.items() if value is not None})
        self._draft = self._draft.with_release(release)

    def put_table(self, table: Table, workspace: Workspace) -> None:
        """Move the finished files of ``workspace`` into place; they replace the table of that name.

        The workspace holds ``data.duckdb`` and what else belongs to the generation.

        Raises
        ------
        ConflictError
            There is a release or table whose name differs in case only.
        """
        self.put_release(table.schema)
        release = self._draft.release(table.schema)
        assert release is not None
        old = release.named(table.name)
        if old is not None and old.table.name != table.name:
            raise ConflictError(
                f"There is a table {old.table.qualified_name}: names that differ in case only are the same"
            )
        home = self._root / table.schema / table.name
        home.mkdir(parents=True, exist_ok=True)
        files = []
        number = f"g{workspace.generation:04d}"
        for path in sorted(workspace.folder.iterdir(), key=lambda p: p.suffix != ".duckdb"):
            match path.name:
                case "data.duckdb":
                    name = f"{number}.duckdb"
                case "hats" | "parquet":
                    name = f"{path.name}-{number}"
                case "unplaced.parquet":
                    name = f"unplaced-{number}.parquet"
                case "statistics.npz":
                    name = f"statistics-{number}.npz"
                case _:
                    continue
            files.append(f"{table.schema}/{table.name}/{name}")
            self._moved.append(files[-1])
            path.rename(home / name)
        felis = workspace.folder / "felis.yaml"
        if felis.exists():
            self._renames.append((felis, home / "felis.yaml"))
        sync(home)
        published = PublishedTable(table, workspace.generation, tuple(files))
        tables = [t for t in release.tables if t.table.name != table.name]
        if old is None:
            tables.append(published)
        else:
            tables = [published if t is old else t for t in release.tables]
            self._retire(old.files)
        self._draft = self._draft.with_release(replace(release, tables=tuple(tables)))

    def drop_table(self, release_name: str, table_name: str) -> None:
        """Take a table out of its release, and a release without tables or images out of the catalogs.

        Raises
        ------
        NotFoundError
            There is no such table.
        """
        release = self._draft.release(release_name)
        table = release.named(table_name) if release else None
        if release is None or table is None:
            raise NotFoundError(f"There is no table {release_name}.{table_name}")
        self._retire(table.files)
        left = tuple(t for t in release.tables if t is not table)
        if left or release.images:
            self._draft = self._draft.with_release(replace(release, tables=left))
        else:
            others = tuple(r for r in self._draft.releases if r is not release)
            self._draft = replace(self._draft, releases=others)

    def _retire(self, files: tuple[str, ...]) -> None:
        retired = Retired(files, self.manifest.revision + 1)
        self._draft = replace(self._draft, retired=(*self._draft.retired, retired))


class CatalogStore:
    """The releases and tables of one instance.

    Several processes may hold a store over the same folder: one changes it at a time, the others
    see the change at their next `snapshot`.
    """

    def __init__(self, folder: Path) -> None:
        """Hold the catalogs in ``folder``, which is made when something is published."""
        self._folder = folder
        self._pins = Pins(folder / ".pins")
        self._seen: _Seen | None = None
        self._loading = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self._folder

    def snapshot(self) -> Snapshot:
        """Return what is published now; one look at a file's date where nothing has changed."""
        path = self._folder / "manifest.json"
        seen = self._seen
        try:
            stat = path.stat()
        except FileNotFoundError:
            return Snapshot("0", (), {})
        if seen is not None and seen.mark == (stat.st_ino, stat.st_mtime_ns):
            return seen.snapshot
        with self._loading:
            return self._load(path)

    def _load(self, path: Path) -> Snapshot:
        while True:
            with path.open(encoding="utf-8") as file:
                stat = os.fstat(file.fileno())
                manifest = Manifest.from_json(json.load(file))
                # While a second handle is open no later manifest can have this one's inode.
                close = weakref.finalize(self, os.close, os.dup(file.fileno()))
            pin = self._pins.hold(manifest.revision)
            if path.stat().st_ino == stat.st_ino:
                break
            close()
        files = {
            (release.name, t.table.name): self._folder / t.files[0]
            for release in manifest.releases
            for t in release.tables
        }
        images = {release.name: release.public for release in manifest.releases if release.images}
        snapshot = Snapshot(str(manifest.revision), manifest.schemas(), files, images, pin)
        before, self._seen = self._seen, _Seen((stat.st_ino, stat.st_mtime_ns), snapshot, close)
        if before is not None:
            before.close()
        return snapshot

    def manifest(self) -> Manifest:
        """Return all that is known of what is published now."""
        return self._read()

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Give a new generation its number and a folder to be made in.

        The folder is gone afterwards, with all that was not published; if this process is killed,
        the next `tidy` removes it.
        """
        with self._locked("generation"):
            number = self._next_generation()
            folder = self._folder / _WORK / f"g{number:04d}"
            folder.mkdir(parents=True)
            # Held open, and locked, as long as this process lives.
            mark = (folder / "lock").open("w")
            fcntl.flock(mark, fcntl.LOCK_EX)
        try:
            yield Workspace(folder, number)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            mark.close()

    def unfinished(self) -> frozenset[int]:
        """Return the generations that are being made now, or that a dead process left."""
        work = self._folder / _WORK
        return frozenset(int(folder.name[1:]) for folder in (work.iterdir() if work.is_dir() else ()))

    @contextmanager
    def edit(self) -> Iterator[Edit]:
        """Change the catalogs, alone; what was put is published when the block ends without error."""
        with self._locked("manifest"):
            edit = Edit(self._folder, self._read())
            try:
                yield edit
            except BaseException:
                self._remove(edit.moved)
                raise
            if edit.draft is edit.manifest:
                return
            published = replace(edit.draft, revision=edit.manifest.revision + 1)
            self._write(published)
            edit.finish()
            self._give_up_retired(published)

    def set_public(self, release: str, public: bool) -> None:
        """Let everyone read a release without signing in, or only those who sign in.

        Raises
        ------
        NotFoundError
            There is no such release.
        """
        with self.edit() as edit:
            found = edit.manifest.release(release)
            if found is None:
                raise NotFoundError(f"There is no release {release!r}")
            if found.public != public:
                edit.put_release(found.name, public=public)

    def tidy(self) -> None:
        """Remove what dead processes have left unfinished, and replaced tables that nobody reads any more."""
        work = self._folder / _WORK
        for folder in sorted(work.iterdir()) if work.is_dir() else ():
            self._remove_if_dead(folder)
        if not self._folder.exists():
            return
        with self._locked("manifest"):
            used = set(self._give_up_retired(self._read()).files())
            for path in self._folder.glob("*/*/*"):
                name = path.relative_to(self._folder).as_posix()
                if not name.startswith(_WORK) and _GENERATION_FILE.fullmatch(path.name) and name not in used:
                    self._remove((name,))

    def _give_up_retired(self, manifest: Manifest) -> Manifest:
        """Remove what nobody reads any more, and return the manifest without it.

        ``manifest`` is published already: who reads an older one from now on notices, and reads again.
        """
        oldest = self._pins.oldest(manifest.revision)
        kept = tuple(old for old in manifest.retired if oldest < old.revision)
        if kept == manifest.retired:
            return manifest
        left = replace(manifest, retired=kept)
        self._write(left)
        for old in manifest.retired:
            if old not in kept:
                self._remove(old.files)
        return left

    def _remove_if_dead(self, folder: Path) -> None:
        # A living process makes and locks its mark under the same lock.
        with self._locked("generation"), (folder / "lock").open("a") as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shutil.rmtree(folder, ignore_errors=True)

    def _remove(self, files: tuple[str, ...]) -> None:
        for name in files:
            path = self._folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            table, release = path.parents[0], path.parents[1]
            if table.is_dir() and all(left.name == "felis.yaml" for left in table.iterdir()):
                shutil.rmtree(table, ignore_errors=True)
            if release.is_dir() and not any(release.iterdir()):
                release.rmdir()

    def _read(self) -> Manifest:
        try:
            text = (self._folder / "manifest.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return Manifest()
        return Manifest.from_json(json.loads(text))

    def _write(self, manifest: Manifest) -> None:
        text = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1)
        _write_whole(self._folder / "manifest.json", text)

    def _next_generation(self) -> int:
        """Return a number that no generation of this instance has had, so that no path comes twice."""
        path = self._folder / "generation"
        try:
            last = int(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            manifest = self._read()
            last = max((t.generation for r in manifest.releases for t in r.tables), default=0)
        _write_whole(path, str(last + 1))
        return last + 1

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / f"{name}.lock").open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            yield


def _write_whole(path: Path, text: str) -> None:
    """Put a file in place of the last one, in one moment and safe on the disk."""
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync(path.parent)
