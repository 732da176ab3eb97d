"""An image that is open for reading, whichever layout its files have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from astropy.io import fits
from astropy.wcs import WCS

from sciplat.errors import ImageFileError
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.fits import ExposureFile, opened
from sciplat.images.layout import Foreign, Layout, pixels_of

__all__ = ["ImagePlace", "Pixels", "by_name", "reading"]


class Pixels(Protocol):
    """An open image; each part is read when it is asked for."""

    @property
    def box(self) -> Box:
        """All pixels."""

    @property
    def wcs(self) -> WCS:
        """The world coordinates of the pixels as they lie in the file."""

    @property
    def header(self) -> fits.Header:
        """The metadata cards."""

    @property
    def planes(self) -> Mapping[str, int]:
        """The mask planes that have a name, each with its bit."""

    def plane(self, name: Literal["image", "mask", "variance"], box: Box | None = None) -> Any:
        """Return the pixels of one plane ``[y, x]``, all or of a box; None where the image lacks it."""

    def read(self, box: Box | None = None) -> Exposure:
        """Return the exposure, or that of a box."""


class _OfOthers:
    """An image in files of others, each part asked for by the names that ours have."""

    def __init__(self, file: Foreign, layout: Layout) -> None:
        self._file = file
        self.box, self.wcs, self.header = file.box, file.wcs, file.header
        self.planes: Mapping[str, int] = file.planes(None) if layout.mask else {}
        self.read = file.read

    def plane(self, name: Literal["image", "mask", "variance"], box: Box | None = None) -> Any:
        return getattr(self._file, name)(box)


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image lies."""

    path: Path
    layout: Layout | None = None
    """Where its planes are in files of others; None for our own layout."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """All its files."""
        if self.layout is None:
            return (self.path,)
        planes = (self.layout.image, self.layout.mask, self.layout.variance, self.layout.wcs)
        return tuple(dict.fromkeys([self.path, *(plane.file for plane in planes if plane is not None)]))

    def open(self) -> AbstractContextManager[Pixels | ExposureFile]:
        """Open it; see `reading`."""
        return reading(self.path, self.layout)


@contextmanager
def reading(path: Path, layout: Layout | None = None) -> Iterator[Pixels | ExposureFile]:
    """Open an image.

    Parameters
    ----------
    path
        Its file.
    layout
        Of an image in files of others, where its planes lie; None for our own layout.

    Raises
    ------
    ImageFileError
        The file cannot be read, or has no such image.
    """
    with by_name(path), opened(path) if layout is None else _of_others(layout) as pixels:
        yield pixels


@contextmanager
def by_name(path: Path) -> Iterator[None]:
    """Let errors call a file by its name alone: who looks at an image need not know where it is kept."""
    try:
        yield
    except ImageFileError as error:
        raise ImageFileError(str(error).replace(f"{path.parent}/", "")) from error


@contextmanager
def _of_others(layout: Layout) -> Iterator[Pixels]:
    with pixels_of(layout) as foreign:
        yield _OfOthers(foreign, layout)
