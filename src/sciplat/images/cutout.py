"""Cutouts: the pixels of a region, untouched, as FITS that is streamed.

Any FITS file can be cut, not only ours: every image in it that the region meets, whichever HDU has the world
coordinates. Values, types and cards stay; only the reference pixels move, so a position has the same pixel.
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.errors import ImageFileError, NoOverlapError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.compressed import check_codec
from sciplat.images.cut_hdus import (
    PIECE_BYTES,
    TABLES_OF_DISTORTION,
    Source,
    distortion_parts,
    image_part,
    primary_header,
    psf_part,
)
from sciplat.images.fits import close, damaged
from sciplat.images.footprint import Square, box_of
from sciplat.images.part import BLOCK, Part, as_extension
from sciplat.sky.pos import Shape, words

__all__ = ["MEDIA_TYPE", "Content", "CutFile", "Cutout", "cut", "opened"]

MEDIA_TYPE = "application/fits"

Content = Literal["image", "planes", "all"]
"""The image alone; with mask and variance; and with the point-spread function."""

_PLANES: dict[Content, tuple[str, ...]] = {
    "image": ("IMAGE",),
    "planes": ("IMAGE", "MASK", "VARIANCE"),
    "all": ("IMAGE", "MASK", "VARIANCE", "PSF"),
}


class Cutout:
    """A cutout that is ready to be sent: everything but its pixels is known.

    Iterating gives the bytes of a FITS file, at most 8 MB at a time, and closes the file it was cut from; so
    does `close`, for whoever does not iterate.

    Attributes
    ----------
    boxes
        The pixels that are cut from each image, counted in that image, by the number of its HDU.
    size
        How many bytes there will be.
    closing
        What is closed in the end: the file, if it was opened for this cutout alone.
    """

    def __init__(self, parts: list[Part], boxes: Mapping[int, Box], name: str) -> None:
        self._parts, self._name = parts, name
        self.closing = contextlib.ExitStack()
        self.boxes = dict(boxes)
        self._heads = [part.header.tostring().encode("ascii") for part in parts]
        self.size = sum(map(len, self._heads)) + sum(part.size + -part.size % BLOCK for part in parts)

    def __iter__(self) -> Iterator[bytes]:
        with self.closing:
            for part, head in zip(self._parts, self._heads, strict=True):
                yield head
                with damaged(self._name):
                    yield from part.pieces()
                yield bytes(-part.size % BLOCK)

    def extensions(self, version: int, cards: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield the images as extensions of a longer file (FITS 4.0, section 3.4), and close the file.

        Parameters
        ----------
        version
            Their EXTVER, by which the cutouts of one file are told apart; what has no name is an ``IMAGE``.
        cards
            More cards for each.
        """
        with self.closing:
            for part in self._parts:
                header = part.header
                if "SIMPLE" in header:
                    if not part.size:
                        continue
                    header = as_extension(header)
                if not header.get("EXTNAME"):
                    header["EXTNAME"] = "IMAGE"
                header["EXTVER"] = version
                header.update(cards)
                yield header.tostring().encode("ascii")
                with damaged(self._name):
                    yield from part.pieces()
                yield bytes(-part.size % BLOCK)

    def close(self) -> None:
        """Close the file that is cut."""
        self.closing.close()


def cut(
    source: Source,
    region: Shape | Square,
    *,
    content: Content = "planes",
    provenance: Mapping[str, str] | None = None,
) -> Cutout:
    """Return what a region has of the images of a FITS file.

    Parameters
    ----------
    source
        The file.
    region
        A circle, polygon or range, ICRS; see `sciplat.images.footprint.box_of` for what belongs to it. Or
        a square of pixels.
    content
        What of an exposure (`sciplat.images.fits`) is wanted; of other files all images are.
    provenance
        Cards for the primary header, such as ``{"DATASET": "ivo://…"}``; HISTORY tells region and pixels.

    Raises
    ------
    NoOverlapError
        The region has no pixel of any image; the message says where the image lies.
    ImageFileError
        The file cannot be read, or has no image with world coordinates.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(opened(source))
        made = file.cut(region, content=content, provenance=provenance)
        made.closing = stack.pop_all()
        return made


@contextlib.contextmanager
def opened(source: Source) -> Iterator[CutFile]:
    """Open a file for many cutouts; its headers are read once.

    Raises
    ------
    ImageFileError
        The file cannot be read.
    """
    name = Path(str(getattr(source, "name", source))).name
    with contextlib.ExitStack() as stack:
        with damaged(name):
            file = _unpacked(source, stack)
            hdus = fits.open(file, lazy_load_hdus=True)
        stack.callback(close, hdus, file)
        yield CutFile(file, hdus, name)


class CutFile:
    """An open file that regions are cut from, by one thread at a time.

    Parameters
    ----------
    file, hdus
        The file and what astropy has opened of it.
    name
        What errors call it.
    """

    def __init__(self, file: Source, hdus: fits.HDUList, name: str) -> None:
        self._file, self._hdus, self._name = file, hdus, name
        self._known: dict[int, WCS | None] = {}
        self._types: dict[int, np.dtype[Any]] = {}

    def cut(
        self,
        region: Shape | Square,
        *,
        content: Content = "planes",
        provenance: Mapping[str, str] | None = None,
    ) -> Cutout:
        """Return what a region has, as `cut` does; the file stays open, and must until the bytes are read."""
        hdus = self._hdus
        with damaged(self._name):
            ours = _ours(hdus)
            boxes = self._boxes_of_ours(region, content) if ours else self._boxes(region)
            said = str(region) if isinstance(region, Square) else words(region)
            primary = primary_header(hdus, said, boxes, provenance or {})
            parts = [] if 0 in boxes else [Part(primary, 0, lambda: iter(()))]
            for number, box in boxes.items():
                more = fits.Header() if number else primary
                parts.append(image_part(self._file, hdus, number, box, self._type(number), more))
            if ours and content == "all" and "PSF" in hdus:
                parts.append(psf_part(hdus, boxes))
            elif not ours:
                parts += distortion_parts(hdus, boxes)
            return Cutout(parts, boxes, self._name)

    def _type(self, number: int) -> np.dtype[Any]:
        """Return the type of the pixels of an image as they are read."""
        if number not in self._types:
            hdu = self._hdus[number]
            check_codec(hdu)
            self._types[number] = hdu.section[tuple(slice(0, 1) for _ in hdu.shape)].dtype
        return self._types[number]

    def _boxes_of_ours(self, region: Shape | Square, content: Content) -> dict[int, Box]:
        hdus = self._hdus
        number = hdus.index_of("IMAGE")
        if number not in self._known:
            self._known[number] = world.read(hdus[number].header)
        wcs = self._known[number]
        assert wcs is not None
        box = _box(region, wcs, hdus[number].shape)
        return {hdus.index_of(name): box for name in _PLANES[content] if name != "PSF" and name in hdus}

    def _boxes(self, region: Shape | Square) -> dict[int, Box]:
        """Find what to cut from which HDU; planes without world coordinates are those of their sibling."""
        known: dict[tuple[int, ...], Box | None] = {}
        alone: list[tuple[int, tuple[int, ...]]] = []
        boxes: dict[int, Box] = {}
        missed: NoOverlapError | None = None
        for number, hdu in enumerate(self._hdus):
            if not hdu.is_image or len(hdu.shape) < 2 or hdu.name in TABLES_OF_DISTORTION:
                continue
            shape = tuple(hdu.shape[-2:])
            if number not in self._known:
                self._known[number] = _wcs(hdu, self._hdus)
            wcs = self._known[number]
            if wcs is None:
                alone.append((number, shape))
                continue
            try:
                boxes[number] = _box(region, wcs, shape)
            except NoOverlapError as error:
                missed = error
            known.setdefault(shape, boxes.get(number))
        for number, shape in alone:
            if (box := known.get(shape)) is not None:
                boxes[number] = box
        if missed is not None and not boxes:
            raise missed
        if not boxes:
            raise ImageFileError(
                f"{self._name} has no image with world coordinates, so there is no place to cut"
            )
        return dict(sorted(boxes.items()))


def _box(region: Shape | Square, wcs: WCS, shape: tuple[int, int]) -> Box:
    return region.box(wcs, shape) if isinstance(region, Square) else box_of(region, wcs, shape)


def _unpacked(source: Source, stack: contextlib.ExitStack) -> Source:
    """Return a file in which one can go anywhere: what gzip has packed is unpacked to a temporary file."""
    with contextlib.ExitStack() as reading:
        file = reading.enter_context(source.open("rb")) if isinstance(source, Path) else source
        file.seek(0)
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            return source
        target = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".fits"))
        with gzip.open(file) as content:
            shutil.copyfileobj(content, target, PIECE_BYTES)
        target.flush()
        return Path(target.name)


def _ours(hdus: fits.HDUList) -> bool:
    return "IMAGE" in hdus and hdus["IMAGE"].is_image and "LTV1" in hdus["IMAGE"].header


def _wcs(hdu: Any, hdus: fits.HDUList) -> WCS | None:
    if not str(hdu.header.get("CTYPE1", "")).strip():
        return None
    try:
        return world.read(hdu.header, hdus)
    except ImageFileError:
        return None
