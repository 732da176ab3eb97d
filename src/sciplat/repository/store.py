"""The repositories on disk: one for each data release that has images."""

from __future__ import annotations

import fcntl
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from astropy.io import fits
from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    CollectionType,
    Config,
    DatasetIdGenEnum,
    DatasetProvenance,
    DatasetRef,
    DatasetType,
    DimensionNameError,
    FileDataset,
    MissingDatasetTypeError,
)
from lsst.daf.butler.registry import (
    ConflictingDefinitionError,
    DataIdError,
    MissingCollectionError,
)

from sciplat.errors import ConflictError, NotFoundError, UsageError
from sciplat.repository.database import check, impatient, in_words
from sciplat.repository.dataset_types import BESIDE_IMAGES, DATASET_TYPES
from sciplat.repository.storage import EXPOSURE, config
from sciplat.sky.tessellation import Tessellation
from sciplat.sky.tessellation_record import from_record

__all__ = ["Repositories", "Repository"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Repositories:
    """The repositories of one instance, in a folder, each in one of its own."""

    def __init__(self, folder: Path) -> None:
        """Hold the repositories in ``folder``, which is made with the first of them."""
        self._folder = folder

    def releases(self) -> tuple[str, ...]:
        """Return the releases that have a repository, by name."""
        if not self._folder.is_dir():
            return ()
        return tuple(
            sorted(
                p.name
                for p in self._folder.iterdir()
                if _NAME.fullmatch(p.name) and (p / "butler.yaml").is_file()
            )
        )

    def folder_of(self, release: str) -> Path:
        """Return where the repository of a release lies, or would lie."""
        return self._folder / release

    def open(self, release: str, *, writeable: bool = False) -> Repository:
        """Open the repository of a release.

        Raises
        ------
        NotFoundError
            The release has no images.
        """
        folder = self._folder / release
        if not _NAME.fullmatch(release) or not (folder / "butler.yaml").is_file():
            raise NotFoundError(f"There are no images of release {release!r}")
        return Repository(folder, writeable=writeable)

    def create(self, release: str, *, rounded: Mapping[str, float] | None = None) -> Repository:
        """Open the repository of a release for writing, and make it where there is none.

        It is made beside its place and moved there whole; of several that make it at once, one wins and
        all open that one.

        Parameters
        ----------
        release
            Its name.
        rounded
            Dataset types whose floats are rounded when they are written, to the noise divided by this number
            (see `sciplat.images.fits.write`); all others keep every bit. Only what makes the repository
            decides.

        Raises
        ------
        UsageError
            The name cannot be that of a release.
        """
        if not _NAME.fullmatch(release):
            raise UsageError(
                f"{release!r} cannot be the name of a release: letters, digits and _ only, a letter first"
            )
        folder = self._folder / release
        if not (folder / "butler.yaml").is_file():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            making = self._folder / f"making-{release}-{uuid.uuid4().hex}"
            try:
                Butler.makeRepo(str(making), config=_configuration(rounded or {}))
                making.rename(folder)
            except OSError:
                if not (folder / "butler.yaml").is_file():
                    raise
            finally:
                shutil.rmtree(making, ignore_errors=True)
        return Repository(folder, writeable=True)


class Repository:
    """The images of one data release: a Butler repository.

    Parameters
    ----------
    folder
        Where its ``butler.yaml`` lies.
    writeable
        False, the Butler refuses changes.
    """

    def __init__(self, folder: Path, *, writeable: bool = False) -> None:
        self.folder = folder
        self._writeable = writeable

    @property
    def release(self) -> str:
        """The release whose images these are."""
        return self.folder.name

    @cached_property
    def butler(self) -> Butler:
        """The Butler; for one thread, others take a `Butler.clone`.

        Raises
        ------
        UnavailableError
            Its database is locked, damaged or gone.
        """
        check(self.folder)
        butler = Butler.from_config(str(self.folder), writeable=self._writeable)
        return butler if self._writeable else impatient(butler)

    @contextmanager
    def alone(self) -> Iterator[Butler]:
        """Give the Butler to one writer at a time, among all processes.

        SQLite gives up on a second writer after a few seconds; this one waits.
        """
        with (self.folder / ".lock").open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            with in_words(self.release):
                yield self.butler

    def close(self) -> None:
        """Give files and connections back."""
        if "butler" in self.__dict__:
            self.butler.close()

    def dataset_type(self, name: str) -> DatasetType:
        """Return a dataset type, which is registered where the repository does not know it yet.

        Raises
        ------
        NotFoundError
            It is neither known here nor one of `DATASET_TYPES`.
        """
        try:
            return self.butler.get_dataset_type(name)
        except MissingDatasetTypeError:
            pass
        if name in BESIDE_IMAGES:
            dimensions, storage_class = BESIDE_IMAGES[name]
        elif name in DATASET_TYPES:
            dimensions, storage_class = DATASET_TYPES[name], EXPOSURE
        else:
            raise NotFoundError(
                f"There is no dataset type {name!r}; those of images are: {', '.join(DATASET_TYPES)}"
            )
        made = DatasetType(name, dimensions, storage_class, universe=self.butler.dimensions)
        if self._writeable:
            self.butler.registry.registerDatasetType(made)
        return made

    def run(self, name: str) -> str:
        """Make a RUN collection, into which datasets are put, where there is none of that name."""
        self.butler.collections.register(name, CollectionType.RUN)
        return name

    def chain(self, name: str, children: Sequence[str]) -> None:
        """Make a CHAINED collection, in which the first child that has a dataset is the one that is found.

        Children that the chain has already stay, behind those that are new.

        Raises
        ------
        NotFoundError
            One of the children is not there.
        """
        self.butler.collections.register(name, CollectionType.CHAINED)
        try:
            known = self.butler.collections.get_info(name).children
            new = [child for child in children if child not in known]
            if new:
                self.butler.collections.prepend_chain(name, new)
        except MissingCollectionError as error:
            raise NotFoundError(f"{error}") from error

    def tag(self, name: str, refs: Iterable[DatasetRef]) -> None:
        """Put datasets into a TAGGED collection too, where they are found by their data IDs."""
        self.butler.collections.register(name, CollectionType.TAGGED)
        self.butler.registry.associate(name, refs)

    def collections(self) -> dict[str, str]:
        """Return the collections, each with its type: RUN, CHAINED, TAGGED or CALIBRATION."""
        return {info.name: info.type.name for info in self.butler.collections.query_info("*")}

    def put(
        self,
        dataset: Any,
        dataset_type: str,
        *,
        run: str,
        provenance: DatasetProvenance | None = None,
        id: uuid.UUID | None = None,  # noqa: A002  the Butler's word
        **data_id: str | int,
    ) -> DatasetRef:
        """Write a dataset into a RUN collection; ``id`` is that of the dataset, by default a new one.

        Raises
        ------
        ConflictError
            The run has one with this data ID.
        """
        ref = self._ref(dataset_type, data_id, run, id)
        try:
            return self.butler.put(dataset, ref, provenance=provenance)
        except ConflictingDefinitionError as error:
            raise ConflictError(f"Run {run!r} has a {dataset_type} with that data ID") from error

    def register_file(
        self,
        path: Path,
        dataset_type: str,
        *,
        run: str,
        formatter: type[Any] | None = None,
        transfer: str = "direct",
        id: uuid.UUID | None = None,  # noqa: A002  the Butler's word
        **data_id: str | int,
    ) -> DatasetRef:
        """Make a file a dataset without reading it.

        Parameters
        ----------
        formatter
            What reads it; by default what reads our own files.
        transfer
            ``direct`` leaves the file where it is, ``copy`` and ``move`` take it into the repository.
        id
            Of the dataset; by default a new one.
        """
        ref = self._ref(dataset_type, data_id, run, id)
        self.butler.ingest(FileDataset(path, [ref], formatter=formatter), transfer=transfer)
        return ref

    def datasets(self, dataset_type: str, where: str = "") -> list[DatasetRef]:
        """Return the datasets of a type in the collection of the release's name, with or without files.

        Raises
        ------
        UsageError
            There is no such dataset type, or ``where`` is no expression of the Butler on data IDs.
        """
        try:
            return self.butler.query_datasets(
                dataset_type, self.release, find_first=False, where=where, limit=None, explain=False
            )
        except ButlerUserError as error:
            raise UsageError(f"{dataset_type} of {self.release!r} cannot be looked for: {error}") from error

    def tessellation(self, skymap: str) -> Tessellation | None:
        """Return how a skymap was made; None where the repository was not told, but only of its tracts."""
        try:
            refs = self.butler.query_datasets(
                "tessellation", "*", find_first=False, limit=1, explain=False, skymap=skymap
            )
        except ButlerUserError:
            return None
        return from_record(self.butler.get(refs[0])) if refs else None

    def remove(self, refs: Iterable[DatasetRef]) -> None:
        """Remove datasets, and their files where these belong to the repository."""
        self.butler.pruneDatasets(list(refs), disassociate=True, unstore=True, purge=True)

    def path_of(self, id: uuid.UUID) -> Path | None:  # noqa: A002
        """Return the file of a dataset, or None where there is no such dataset or it has none."""
        ref = self.butler.get_dataset(id)
        if ref is None or not self.butler.stored(ref):
            return None
        return Path(self.butler.getURI(ref).ospath)

    def existing(self, ids: Iterable[str]) -> set[str]:
        """Return those of some identifiers that datasets have."""
        return {str(ref.id) for ref in self.butler.get_many_datasets([uuid.UUID(each) for each in ids])}

    def header_of(self, id: uuid.UUID) -> fits.Header:  # noqa: A002
        """Return the metadata of an exposure.

        Raises
        ------
        NotFoundError
            There is no such dataset.
        """
        ref = self.butler.get_dataset(id)
        if ref is None:
            raise NotFoundError(f"There is no dataset {id}")
        return self.butler.get(ref.makeComponentRef("header"))

    def _ref(
        self,
        dataset_type: str,
        data_id: Mapping[str, str | int],
        run: str,
        id: uuid.UUID | None,  # noqa: A002
    ) -> DatasetRef:
        kind = self.dataset_type(dataset_type)
        try:
            coordinate = self.butler.registry.expandDataId(data_id, dimensions=kind.dimensions)
        except (DataIdError, DimensionNameError) as error:
            raise UsageError(f"No {dataset_type} can have this data ID: {error}") from error
        return DatasetRef(
            kind, coordinate, run=self.run(run), id=id, id_generation_mode=DatasetIdGenEnum.UNIQUE
        )


def _configuration(rounded: Mapping[str, float]) -> Config:
    """Return the configuration of a new repository."""
    result = Config(config())
    for dataset_type, quantize in rounded.items():
        # A name stands before its storage class where the Butler looks for a formatter.
        result[f".datastore.formatters.{dataset_type}"] = {
            "formatter": "sciplat.repository.formatter.ExposureFormatter",
            "parameters": {"quantize": quantize},
        }
    return result
