"""How the Butler reads and writes our exposures: whole, by component, by box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO, cast

from astropy.io import fits
from lsst.daf.butler import DatasetProvenance, DatasetRef, FormatterV2
from lsst.resources import ResourcePath

from sciplat.images.exposure import Exposure
from sciplat.images.fits import ExposureFile, opened, write
from sciplat.repository.fetched import fetched
from sciplat.repository.storage import asked_box

__all__ = ["ExposureFormatter", "part_of", "with_provenance"]

_PREFIX, _SEPARATOR = "LSST BUTLER", " "
"""As the Rubin pipelines begin the cards that say what a dataset is, and what it was made of."""


class ExposureFormatter(FormatterV2):
    """Reads and writes files of `sciplat.images.fits`; of a box only its tiles are unpacked, or sent."""

    default_extension = ".fits"
    supported_extensions = frozenset({".fits"})
    supported_write_parameters = frozenset({"quantize", "compress"})
    can_read_from_uri = True
    can_read_from_local_file = True

    def can_accept(self, in_memory_dataset: Any) -> bool:
        """Tell whether this is an exposure of ours."""
        return isinstance(in_memory_dataset, Exposure)

    def read_from_local_file(self, path: str, component: str | None = None, expected_size: int = -1) -> Any:
        """Return the exposure, a component of it, or either for a box.

        Raises
        ------
        ImageFileError
            The file is damaged.
        UsageError
            The box is not wholly inside.
        """
        with opened(path) as file:
            return self._part(file, component)

    def read_from_uri(self, uri: ResourcePath, component: str | None = None, expected_size: int = -1) -> Any:
        """Return a component or a box of an exposure on a server, of which nothing else is fetched.

        A whole exposure is left to `read_from_local_file`, so that its file is fetched at once.

        Raises
        ------
        NotFoundError, UnavailableError
            The file cannot be fetched.
        ImageFileError, UsageError
            As for `read_from_local_file`.
        """
        if component is None and asked_box(self.file_descriptor.parameters) is None:
            return NotImplemented
        if uri.isLocal:
            return self.read_from_local_file(uri.ospath, component, expected_size)
        with fetched(uri) as file, opened(cast("BinaryIO", file), mapped=False) as exposure:
            part = self._part(exposure, component)
            file.close()  # or else the HDUs that nobody has asked for would be looked at now
        return part

    def _part(self, file: ExposureFile, component: str | None) -> Any:
        box = asked_box(self.file_descriptor.parameters)
        if component is None:
            return file.read(box)
        return part_of(file.component("box" if component == "bbox" else component, box))  # type: ignore[arg-type]

    def write_local_file(self, in_memory_dataset: Any, uri: ResourcePath) -> None:
        """Write an exposure, bit for bit unless the configuration says ``quantize``."""
        write(in_memory_dataset, uri.ospath, **self.write_parameters)

    def add_provenance(
        self, in_memory_dataset: Any, /, *, provenance: DatasetProvenance | None = None
    ) -> Any:
        """Return the exposure with cards that say which dataset it is, and what it was made of."""
        return with_provenance(in_memory_dataset, self.dataset_ref, provenance)


def part_of(component: Any) -> Any:
    """Return a component in the type that its storage class says."""
    if isinstance(component, Mapping) and not isinstance(component, fits.Header):
        return dict(component)
    return component


def with_provenance(exposure: Exposure, ref: DatasetRef, provenance: DatasetProvenance | None) -> Exposure:
    """Return an exposure whose header names its dataset and its inputs (cards ``LSST BUTLER …``)."""
    header = exposure.header.copy()
    DatasetProvenance.strip_provenance_from_flat_dict(header)
    facts = (provenance or DatasetProvenance()).to_flat_dict(
        ref, prefix=_PREFIX, sep=_SEPARATOR, simple_types=True, max_inputs=3_000
    )
    for key, value in facts.items():
        header[f"HIERARCH {key.upper()}"] = value
    return replace(exposure, header=header)
