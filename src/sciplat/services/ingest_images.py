"""Making datasets of images that nobody prepared: look, guess, show the guess, register."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import IngestError, SciplatError, UnavailableError
from sciplat.images.exposure import Exposure
from sciplat.images.layout import Layout, pixels_of
from sciplat.images.search import files_in, layouts_in
from sciplat.repository.foreign import SUFFIX, LayoutFormatter, read_layout_file, write_layout_file
from sciplat.repository.observing import Observing
from sciplat.repository.records import Observation
from sciplat.repository.store import Repositories, Repository
from sciplat.services.announce import AnnounceService
from sciplat.services.disk import is_full
from sciplat.services.image_guess import Image, look, number_of
from sciplat.services.image_profile import SAID, Profile, plain, read_profile, write_profile

__all__ = ["ImageReport", "IngestImagesService", "Progress", "Refused"]

Progress = Callable[[str, float | None], None]

RUN = "images"
"""The collection into which files are taken."""

_RESERVED = frozenset({"tap_schema", "ivoa", "tap_upload"})
_CARDS = "HIERARCH SCIPLAT "


@dataclass(frozen=True, slots=True)
class Refused:
    """A file, or an HDU of one, that was left away."""

    file: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ImageReport:
    """What became of an ingest of images."""

    release: str
    registered: int
    """New ones."""

    replaced: int
    """Those of which something else was known before."""

    unchanged: int
    refused: tuple[Refused, ...]
    profile: Path | None
    """What was taken for what, to be edited; None where nothing was found."""

    seconds: float


class IngestImagesService:
    """Takes images into the repository of a release."""

    def __init__(
        self, catalogs: CatalogStore, repositories: Repositories, announcing: AnnounceService, work: Path
    ) -> None:
        """Say in ``catalogs`` that a release has images; put down unfinished files in ``work``."""
        self._catalogs = catalogs
        self._repositories = repositories
        self._announcing = announcing
        self._work = work

    def ingest(
        self,
        release: str,
        paths: Sequence[Path],
        *,
        profile: Path | None = None,
        public: bool | None = None,
        in_place: bool = False,
        refuse: Callable[[Refused], None] | None = None,
        progress: Progress | None = None,
    ) -> ImageReport:
        """Take the images of files and folders into a release; what is there already stays as it is.

        Parameters
        ----------
        paths
            Files, and folders that are searched at any depth.
        profile
            What is said of files; by default what the repository's own profile says, which earlier
            ingests have written.
        public
            Whether everyone may see the release; None leaves it as it is (a new one is private).
        in_place
            The pixels stay in their files, which must then stay where they are.
        refuse
            Is told at once of each file that is left away.

        Raises
        ------
        IngestError
            The name cannot be that of a release, the profile is wrong, or the disk is full.
        UsageError
            A path is not there.
        """
        started = time.monotonic()
        say = progress or (lambda _stage, _fraction: None)
        refused: list[Refused] = []

        def leave(path: Path, reason: str) -> None:
            refused.append(Refused(path, reason))
            if refuse is not None:
                refuse(refused[-1])

        self._check_name(release)
        files = files_in(paths)
        told_before = self._profile_of(release)
        known = read_profile(profile) if profile is not None else read_own(told_before)
        files = tuple(path for path in files if not known.rules.skips(path))
        say("looking at files", 0.0)
        layouts = layouts_in(files, leave, lambda done: say("looking at files", done / max(1, len(files))))
        images = self._images(release, layouts, known, leave, say)
        counts = {"registered": 0, "replaced": 0, "unchanged": 0}
        if images:
            repository = self._repositories.create(release)
            try:
                images = self._registered(
                    repository, images, counts, leave, say, in_place=in_place, public=public
                )
                if images:
                    before = read_own(told_before)
                    kept = replace(before, rules=known.rules) if profile is not None else before
                    write_profile(told_before, release, kept.with_entries(each.entry for each in images))
            finally:
                repository.close()
            if images:
                # Also where nothing is new: who came before may not have got so far.
                say("describing", None)
                self._announcing.announce(release, anew=counts["replaced"] > 0)
        return ImageReport(
            release,
            **counts,
            refused=tuple(refused),
            profile=told_before if images else None,
            seconds=time.monotonic() - started,
        )

    def _profile_of(self, release: str) -> Path:
        return self._repositories.folder_of(release) / "profile.yaml"

    def _check_name(self, release: str) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", release):
            raise IngestError(
                f"{release!r} cannot be the name of a release: letters, digits and _ only, a letter first"
            )
        if release.lower() in _RESERVED:
            raise IngestError(f"{release!r} cannot be the name of a release: it is a schema of the standards")
        found = self._catalogs.manifest().release(release)
        if found is not None and found.name != release:
            raise IngestError(
                f"There is a release {found.name!r}: names that differ in case only are the same"
            )

    def _images(
        self,
        release: str,
        layouts: Sequence[Layout],
        known: Profile,
        leave: Callable[[Path, str], None],
        say: Progress,
    ) -> list[Image]:
        """Return what each image is, as the profile says or as it is guessed; each once."""
        digests: dict[Path, str] = {}
        found: dict[uuid.UUID, Image] = {}
        for number, layout in enumerate(layouts):
            say("reading headers", number / len(layouts))
            try:
                image = look(release, layout, known, digests)
                if image.id in found:
                    leave(layout.image.file, f"it is the same as {found[image.id].entry.key[0]}")
                found.setdefault(image.id, image)
            except SciplatError as error:
                leave(layout.image.file, _short(error, layout.image.file))
            except OSError as error:
                leave(layout.image.file, f"it cannot be read ({error.strerror or error})")
        return list(found.values())

    def _registered(
        self,
        repository: Repository,
        images: list[Image],
        counts: dict[str, int],
        leave: Callable[[Path, str], None],
        say: Progress,
        *,
        in_place: bool,
        public: bool | None,
    ) -> list[Image]:
        """Take the images into the repository; return those that are there now."""
        with repository.alone():
            repository.run(RUN)
            repository.chain(repository.release, [RUN])
        observing = Observing(repository.butler, RUN)
        places: dict[tuple[str, ...], uuid.UUID] = {}
        filters: dict[tuple[str, int], str] = {}
        done: list[Image] = []
        for number, image in enumerate(images):
            say("taking in images", number / len(images))
            file = image.entry.layout.image.file
            try:
                with repository.alone():
                    settled = _settled(observing, image, places, filters)
                    digest = _digest(settled, in_place=in_place)
                    how = self._take(repository, observing, replace(settled, facts=digest), in_place=in_place)
            except UnavailableError as error:  # the database, which all files need
                if is_full(error):
                    raise self._no_space(repository) from error
                raise
            except SciplatError as error:
                leave(file, _short(error, file))
                continue
            except (OSError, RuntimeError) as error:
                if is_full(error):
                    raise self._no_space(repository) from error
                leave(file, f"it cannot be taken in ({error})")
                continue
            except MemoryError:
                leave(file, "it does not fit in memory: try --in-place, which does not read it whole")
                continue
            if not done:
                with self._catalogs.edit() as edit:
                    edit.put_release(repository.release, public=public, images=True)
            counts[how] += 1
            done.append(settled)
        return done

    def _take(self, repository: Repository, observing: Observing, image: Image, *, in_place: bool) -> str:
        """Write one image, unless it is there and nothing else is known of it now."""
        before = repository.butler.get_dataset(image.id)
        if before is not None and _facts_of(repository, image.id) == image.facts:
            return "unchanged"
        exposure = None if in_place else _exposure(image)
        if before is not None:
            repository.remove([before])
        facts = image.entry.facts
        observing.observe(_observation(image), facts["band"], {facts["detector"]: facts["detector_name"]})
        kind = facts["dataset_type"]
        if exposure is not None:
            repository.put(exposure, kind, run=RUN, id=image.id, **image.data_id)
        else:
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._work / f"{image.id}{SUFFIX}"
            write_layout_file(path, image.entry.layout, {"facts": image.facts, "content": image.content})
            try:
                repository.register_file(
                    path,
                    kind,
                    run=RUN,
                    formatter=LayoutFormatter,
                    transfer="move",
                    id=image.id,
                    **image.data_id,
                )
            finally:
                path.unlink(missing_ok=True)
        return "registered" if before is None else "replaced"

    def _no_space(self, repository: Repository) -> IngestError:
        free = shutil.disk_usage(repository.folder).free
        return IngestError(
            f"The disk of {repository.folder} is full ({round(free / 1e6)} MB free). What was taken in so "
            "far is kept: make room and give the same command again, or leave the files where they are "
            "with --in-place"
        )


def read_own(path: Path) -> Profile:
    """Return the profile that earlier ingests have written, or an empty one."""
    return read_profile(path) if path.is_file() else Profile()


def _settled(
    observing: Observing,
    image: Image,
    places: dict[tuple[str, ...], uuid.UUID],
    filters: dict[tuple[str, int], str],
) -> Image:
    """Return the image under a number of its own where another one has its place already.

    Cameras count differently, copies of a header are made, and one exposure has one filter.
    """
    facts = image.entry.facts
    visit = (facts["instrument"], facts["exposure"])
    if visit not in filters:
        filters[visit] = observing.filter_of(*visit) or facts["physical_filter"]
    there = places.get(image.place) or observing.holder(facts["dataset_type"], image.data_id)
    is_other_filter = filters[visit] != facts["physical_filter"]
    if there not in (None, image.id) or (is_other_filter and observing.others(*visit, image.id)):
        if image.entry.sources.get("exposure") == SAID:
            raise IngestError(
                f"the profile says exposure {facts['exposure']} and detector {facts['detector']}, which "
                "another image of this release has: give it another exposure or detector"
            )
        number = number_of(facts["instrument"], facts["physical_filter"], image.content)
        entry = replace(
            image.entry,
            facts={**facts, "exposure": number},
            sources={
                **image.entry.sources,
                "exposure": f"made of the content, since another image is exposure {facts['exposure']}",
            },
        )
        image = replace(image, entry=entry)
    else:
        filters[visit] = facts["physical_filter"]
    places[image.place] = image.id
    return image


def _digest(image: Image, *, in_place: bool) -> str:
    """Return a digest of all that makes a dataset, the places of files left away."""
    facts = {name: plain(value) for name, value in image.entry.facts.items()}
    layout = image.entry.layout.to_json()
    planes = {
        name: {k: v for k, v in plane.items() if k != "file"} for name, plane in layout.items() if plane
    }
    where = str(image.entry.key[0]) if in_place else None
    text = json.dumps([facts, planes, image.facts, image.content, where], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _facts_of(repository: Repository, id: uuid.UUID) -> str | None:  # noqa: A002
    """Return the digest with which a dataset was taken in."""
    path = repository.path_of(id)
    if path is None or not path.is_file():
        return None
    if path.suffix == ".json":
        return str(read_layout_file(path).get("facts"))
    return str(repository.header_of(id).get("SCIPLAT FACTS"))


def _exposure(image: Image) -> Exposure:
    with pixels_of(image.entry.layout) as pixels:
        exposure = pixels.read()
    header = exposure.header
    for name, value in (
        ("SOURCE", image.entry.key[0].name),
        ("SOURCE HDU", image.entry.key[1]),
        ("SOURCE SHA256", image.content.partition("[")[0]),
        ("FACTS", image.facts),
    ):
        header[_CARDS + name] = value
    return exposure


def _observation(image: Image) -> Observation:
    facts: Mapping[str, Any] = image.entry.facts
    return Observation(
        facts["instrument"],
        facts["exposure"],
        facts.get("name") or str(facts["exposure"]),
        facts["physical_filter"],
        facts.get("begin"),
        facts.get("end"),
        facts.get("seconds"),
        facts.get("target"),
        facts.get("program"),
        footprints=(image.footprint,),
    )


def _short(error: SciplatError, path: Path) -> str:
    """Return a message without the path with which its line begins anyway."""
    return str(error).replace(f"{path}[", "HDU [").removeprefix(f"{path}: ")
