"""What the headers of an image's file say of it: its size, how sharp it is, and what it was made of."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits

from sciplat.errors import SciplatError
from sciplat.images.fits import damaged, read_psf
from sciplat.images.layout import pixels_of
from sciplat.repository.foreign import SUFFIX, read_layout_file

__all__ = ["ImageHeaders", "headers_of"]

_PREFIX = "LSST BUTLER"

_BLOCK, _CARD, _MOST_BLOCKS = 2880, 80, 10_000


@dataclass(frozen=True, slots=True)
class ImageHeaders:
    """What a file says without its pixels being read."""

    bytes: int | None = None
    """Of the file; None where the pixels lie in several files."""

    shape: tuple[int, int] | None = None
    """Pixels along the first and the second axis."""

    resolution: float | None = None
    """How wide a point source is at half its maximum, in arcseconds."""

    quantum: str | None = None
    """Which made it."""

    inputs: tuple[tuple[str, str], ...] = ()
    """The identifier and the dataset type of each dataset that it was made of."""


def headers_of(path: Path) -> ImageHeaders:
    """Return what the headers of a file say; of a file that is not there or damaged, nothing."""
    try:
        if path.name.endswith(SUFFIX):
            with pixels_of(read_layout_file(path)["layout"]) as pixels:
                height, width = pixels.box.shape
            return ImageHeaders(shape=(width, height))
        with damaged(path), path.open("rb") as file:
            return _read(path, file, os.fstat(file.fileno()).st_size)
    except (SciplatError, OSError):
        return ImageHeaders()


class _Cards(Mapping[str, Any]):
    """The next header of a file; of very many files only the values are parsed that are asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._cards: dict[str, str] = {}
        for _ in range(_MOST_BLOCKS):
            block = file.read(_BLOCK).decode("latin-1")
            if len(block) < _BLOCK:
                raise OSError("The file ends in a header")
            for start in range(0, _BLOCK, _CARD):
                card = block[start : start + _CARD]
                name = card[:8].rstrip()
                if name == "END":
                    return
                if name == "HIERARCH":
                    name = card[9:].partition("=")[0].strip()
                self._cards.setdefault(name, card)
        raise OSError("A header has no end")

    def __getitem__(self, name: str) -> Any:
        card = self._cards[name]
        number, rest = card[10:30].strip(), card[30:].lstrip()
        if card[8:10] == "= " and (not rest or rest[0] == "/"):  # fixed format (FITS 4.0, section 4.2.3)
            for kind in (int, float):
                with suppress(ValueError):
                    return kind(number)
        return fits.Card.fromstring(card).value

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def __contains__(self, name: object) -> bool:
        return name in self._cards


def _read(path: Path, file: BinaryIO, size: int) -> ImageHeaders:
    primary = _Cards(file)
    if primary["NAXIS"] not in (0, 2):
        raise OSError("The file is not laid out as ours")
    image = primary if primary["NAXIS"] == 2 else _Cards(file)
    prefix = "Z" if image.get("ZIMAGE") else ""
    shape = (int(image[f"{prefix}NAXIS1"]), int(image[f"{prefix}NAXIS2"]))
    count = int(primary.get(f"{_PREFIX} N_INPUTS", 0))
    inputs = tuple(
        (str(primary[f"{_PREFIX} INPUT {n} ID"]), str(primary.get(f"{_PREFIX} INPUT {n} DATASETTYPE", "")))
        for n in range(count)
        if f"{_PREFIX} INPUT {n} ID" in primary
    )
    width = _width(primary, path)
    scale = _scale(image)
    return ImageHeaders(
        size,
        shape,
        None if width is None or scale is None else width * scale * 3600,
        primary.get(f"{_PREFIX} QUANTUM"),
        inputs,
    )


def _width(primary: Mapping[str, Any], path: Path) -> float | None:
    """Return how wide a point source is, in pixels: as the calibration fitted it, else as its PSF says."""
    said = primary.get("PSFFWHM")
    if said is not None:
        return float(said)
    with fits.open(path, disable_image_compression=True) as hdus:
        if "PSF" not in hdus:
            return None
        psf = read_psf(hdus["PSF"])
    rows, columns = psf.kernels.shape[:2]
    kernel = psf.kernels[rows // 2, columns // 2]
    return _half_width(kernel)


def _half_width(kernel: np.ndarray[Any, Any]) -> float:
    """Return the diameter of the circle as large as where a kernel is above half its maximum."""
    fine = 8
    y, x = (np.arange(0, size - 1, 1 / fine) for size in kernel.shape)
    rows = np.stack([np.interp(x, np.arange(kernel.shape[1]), row) for row in kernel])
    values = np.stack([np.interp(y, np.arange(kernel.shape[0]), column) for column in rows.T])
    return 2 * math.sqrt(float((values > kernel.max() / 2).sum()) / math.pi) / fine


def _scale(image: Mapping[str, Any]) -> float | None:
    """Return the side of a pixel in degrees, as its linear part says."""
    if "CD1_1" in image:
        a, b, c, d = (float(image.get(f"CD{i}_{j}", 0.0)) for i in (1, 2) for j in (1, 2))
        return math.sqrt(abs(a * d - b * c)) or None
    a, b, c, d = (float(image.get(f"PC{i}_{j}", float(i == j))) for i in (1, 2) for j in (1, 2))
    sides = float(image.get("CDELT1", 0.0)) * float(image.get("CDELT2", 0.0))
    return math.sqrt(abs((a * d - b * c) * sides)) or None
