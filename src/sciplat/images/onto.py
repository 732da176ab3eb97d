"""Several images as one on a pixel grid: that of a region, of several bands, or one that is asked for."""

from __future__ import annotations

import contextlib
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from astropy.io import fits as standard_fits
from astropy.wcs import WCS

from sciplat.errors import ImageFileError, LimitError, NoOverlapError, UsageError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.fits import ExposureFile, Source, opened
from sciplat.images.footprint import around, box_of
from sciplat.images.mosaic import mosaic, offset, reach_of
from sciplat.sky.pos import Shape

__all__ = ["MOST_PIXELS", "Grid", "common_grid", "grid_of", "mosaic_cutout", "mosaic_onto"]

MOST_PIXELS = 64_000_000
"""Pixels of a mosaic that is made in memory."""


_FLAT = 1e-9
"""How much less area than a square's a pixel may have."""

_CARD = re.compile(r"\s*([A-Za-z0-9_-]{1,8})\s*=\s*(.*)")
_BESIDE = ("END", "COMMENT", "HISTORY", "CONTINUE", "HIERARCH", "        ")
"""What cards that have no value begin with."""

_NUMBER = re.compile(
    r"WCSAXES|(CRVAL|CRPIX|CDELT|CROTA)\d|(PC|CD|PV)\d+_\d+|LONPOLE|LATPOLE|EQUINOX|(A|B|AP|BP)_(\d_\d|ORDER)"
)
_TEXT = re.compile(r"(CTYPE|CUNIT)\d|RADESYS|RADECSYS")


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """Pixels on the sky."""

    wcs: WCS
    shape: tuple[int, int]
    """Rows and columns."""

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.shape[0] * self.shape[1]


def grid_of(cards: str) -> Grid:
    """Return the grid of a header's cards: NAXIS1, NAXIS2 and celestial world coordinates.

    Parameters
    ----------
    cards
        One a line, or 80 characters each without line ends, as a FITS file has them.

    Raises
    ------
    UsageError
        They cannot be understood, or say no size.
    """
    text = _by_line(cards.replace("\r\n", "\n"))
    header = standard_fits.Header()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others write is not ours to mend
        try:
            header = standard_fits.Header.fromstring(text, sep="\n" if "\n" in text.strip() else "")
            width, height = (header[f"NAXIS{axis}"] for axis in (1, 2))
            if not all(type(side) is int and side > 0 for side in (width, height)):
                raise UsageError(f"The sides of the grid are numbers of pixels, not {width!r} and {height!r}")
            _check_numbers(header)
            wcs = world.read(header)
            place = wcs.all_pix2world([[(width - 1) / 2, (height - 1) / 2]], 0)
        except KeyError as error:
            raise UsageError(
                "The grid has no size: its header needs NAXIS1 and NAXIS2, the numbers of pixels"
            ) from error
        except ImageFileError as error:
            raise UsageError(f"The grid is not understood. {error}") from error
        except UsageError:
            raise
        except Exception as error:  # astropy raises anything for wrong cards
            raise UsageError(f"The cards of the grid cannot be read: {world.reason(error)}") from error
    if not (abs(place) <= 1e9).all():
        raise UsageError("The middle of the grid is nowhere on the sky")
    matrix = wcs.pixel_scale_matrix
    if not abs(np.linalg.det(matrix)) > _FLAT * np.abs(matrix).max() ** 2:
        raise UsageError("The pixels of the grid have no area: its matrix (CD, or PC with CDELT) is singular")
    return Grid(wcs, (height, width))


def _by_line(text: str) -> str:
    """Return cards with the equals sign where a FITS file has it, if they are one a line.

    Raises
    ------
    UsageError
        A line is no card; astropy would leave it away.
    """
    if "\n" not in text.strip():
        return text
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _CARD.fullmatch(line)
        if found is not None:
            line = f"{found[1].upper():8}= {found[2]}"  # noqa: PLW2901
        elif line.strip() and not line.startswith(_BESIDE):
            raise UsageError(
                f"Line {number} of the grid's header is no card: {line.strip()[:60]!r}; a card is "
                "KEYWORD = value"
            )
        lines.append(line)
    return "\n".join(lines)


def _check_numbers(header: standard_fits.Header) -> None:
    """Refuse what is to be a number and is none; astropy would take it for 0."""
    for card in header.cards:
        is_number, is_text = _NUMBER.fullmatch(card.keyword), _TEXT.fullmatch(card.keyword)
        if not (is_number or is_text):
            continue
        try:
            value = card.value
        except standard_fits.VerifyError:
            value = card.image.partition("=")[2].strip(" '")
        if is_number and (
            isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        ):
            raise UsageError(
                f"{card.keyword} of the grid's header is {str(value)[:40]!r}, which is no number"
            )
        if is_text and not isinstance(value, str):
            raise UsageError(f"{card.keyword} of the grid's header is {value!r}, which is no text")


def common_grid(sources: Sequence[Source], region: Shape, *, most_pixels: int) -> Grid:
    """Return the pixels of a region on the grid of the first image that it meets; of them all, those touched.

    Parameters
    ----------
    sources
        Files of exposures, the preferred ones first. Only headers are read.

    Raises
    ------
    NoOverlapError
        The region has no pixel of any image.
    LimitError
        There are more than ``most_pixels``.
    """
    first: WCS | None = None
    boxes: list[Box] = []
    missed: NoOverlapError | None = None
    for source in sources:
        with opened(source) as file:
            try:
                box = box_of(region, file.wcs, file.box.shape).moved(*file.box.origin)
            except NoOverlapError as error:
                missed = error
                continue
            first = file.wcs if first is None else first
            boxes.append(reach_of(file.component("wcs", box), box.shape, first))
    if first is None:
        raise missed or NoOverlapError("There are no images")
    # What images on other grids have of the region reaches farther there than the region does.
    around_all = reduce(Box.around, boxes)
    wcs = world.shifted(first, *around_all.origin)
    box = box_of(region, wcs, around_all.shape)
    grid = Grid(world.shifted(wcs, *box.origin), box.shape)
    if grid.pixels > most_pixels:
        raise LimitError(f"The region has {grid.pixels:,} pixels, of at most {most_pixels:,}: ask for less")
    return grid


def mosaic_cutout(
    sources: Sequence[Source], region: Shape, *, most_pixels: int = MOST_PIXELS
) -> tuple[Exposure, list[int]]:
    """Return what a region has of several images as one, and the numbers of the sources that are in it.

    It is what a cutout of one image with all their pixels would be: what lies beside a circle and in its box
    is there too, also from images that the circle does not meet. The point-spread function is that of the
    first image.

    Parameters
    ----------
    sources
        Files of exposures (`sciplat.images.fits`), the preferred ones first; the result is on the pixel grid
        of the first that the region meets. Only boxes of them are read.
    region
        A circle, polygon or range, ICRS.
    most_pixels
        How many pixels may be made; twice as many may be read.

    Raises
    ------
    NoOverlapError
        The region has no pixel of any image; the message is that of the last.
    LimitError
        There would be more pixels.
    """
    grid = common_grid(sources, region, most_pixels=most_pixels)
    return mosaic_onto(sources, grid, most_pixels=most_pixels)


def mosaic_onto(
    sources: Sequence[Source], grid: Grid, *, most_pixels: int, image_only: bool = False
) -> tuple[Exposure, list[int]]:
    """Return what several images have of a grid, and the numbers of those that have some.

    Images on the same pixel grid are copied bit for bit, others are interpolated
    (`sciplat.images.mosaic.reprojected`). The point-spread function is that of the first image, if that is on
    the grid.

    Parameters
    ----------
    sources
        Files of exposures, the preferred ones first. Only boxes of them are read.
    most_pixels
        How many pixels the grid may have; twice as many may be read.
    image_only
        Mask and variance are left away.

    Raises
    ------
    NoOverlapError
        No image has a pixel of the grid.
    LimitError
        There would be more pixels.
    """
    if grid.pixels > most_pixels:
        raise LimitError(f"The grid has {grid.pixels:,} pixels, of at most {most_pixels:,}: ask for less")
    region = around(grid.wcs, grid.shape)
    parts: list[Exposure] = []
    used: list[int] = []
    pixels = 0
    missed: NoOverlapError | None = None
    with contextlib.ExitStack() as stack:
        for number, source in enumerate(sources):
            file = stack.enter_context(opened(source))
            try:
                box = _box_for(grid, region, file)
            except NoOverlapError as error:
                told = str(error).partition(" has no pixel of the image")
                missed = NoOverlapError(f"The grid{told[1]}{told[2]}") if told[1] else error
                continue
            pixels += box.width * box.height
            if pixels > 2 * most_pixels:
                raise LimitError(
                    f"More than {2 * most_pixels:,} pixels of images would be read: ask for less"
                )
            parts.append(file.read(box, image_only=image_only))
            used.append(number)
    if not parts:
        raise missed or NoOverlapError("There are no images")
    made = mosaic(parts, grid.wcs, grid.shape)
    first = parts[0]
    place = offset(first.wcs, first.image.shape, grid.wcs)
    if place is not None:
        made = replace(made, origin=(first.origin[0] - place[0], first.origin[1] - place[1]))
    if image_only:
        made = replace(made, mask=None, planes={}, variance=None)
    return replace(made, psf=None if place is None else made.psf), used


def _box_for(grid: Grid, region: Shape, file: ExposureFile) -> Box:
    """Return the pixels of a file that a grid needs, in the full image."""
    place = offset(file.wcs, file.box.shape, grid.wcs)
    if place is None:
        return box_of(region, file.wcs, file.box.shape).moved(*file.box.origin)
    shared = Box.of(file.box.shape, place).overlap(Box.of(grid.shape))
    if shared is None:
        raise NoOverlapError("No image has a pixel there")
    return shared.moved(file.box.x0 - place[0], file.box.y0 - place[1])
