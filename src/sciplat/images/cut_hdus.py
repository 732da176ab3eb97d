"""The HDUs of a cutout: cards that stay true, reference pixels moved, pixels read when they are sent."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from copy import copy
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits

from sciplat.errors import ImageFileError
from sciplat.images.box import Box
from sciplat.images.compressed import check_codec
from sciplat.images.fits import psf_hdu, read_psf
from sciplat.images.part import Part, big_endian, stored_as

__all__ = [
    "PIECE_BYTES",
    "TABLES_OF_DISTORTION",
    "Source",
    "distortion_parts",
    "image_part",
    "primary_header",
    "psf_part",
]

Source = Path | BinaryIO
PIECE_BYTES = 8 << 20
TABLES_OF_DISTORTION = ("WCSDVARR", "D2IMARR")

_MAPPED_BYTES = 64 << 20
"""Larger cuts don't go through a map of the file, whose pages stay in memory."""

_LAYOUT = (
    *("SIMPLE", "XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "GROUPS", "BSCALE", "BZERO"),
    *("EXTEND", "CHECKSUM", "DATASUM", "DATASEC", "TRIMSEC", "BIASSEC", "LTV1", "LTV2"),
)


def primary_header(
    hdus: fits.HDUList, region: str, boxes: Mapping[int, Box], provenance: Mapping[str, str]
) -> fits.Header:
    """Return the cards of the first HDU, with those of ``provenance`` and what was cut to which region."""
    header = fits.Header() if 0 in boxes else _kept(hdus[0].header)
    if 0 not in boxes:
        layout = [("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)]
        header = fits.Header([*(fits.Card(*each) for each in layout), *header.cards])
    header.update(provenance)
    header.add_history(f"Cut by sciplat {version('sciplat')} to {region[:500]}")
    for number, box in boxes.items():
        header.add_history(f"from HDU {number}: {box} (from 0)")
    return header


def image_part(
    file: Source, hdus: fits.HDUList, number: int, box: Box, dtype: np.dtype[Any], more: fits.Header
) -> Part:
    """Describe the cut of one image, of pixels of this type; ``more`` are cards that come after its own."""
    hdu = hdus[number]
    leading = hdu.shape[:-2]
    window = (*(slice(0, n) for n in leading), *box.slices())
    stored, bitpix, zero = stored_as(dtype)
    header = _kept(hdu.header)
    if stored.kind == "f" or zero:
        header.remove("BLANK", ignore_missing=True)
    for key in [card for card in header if card.startswith(("CRPIX1", "CRPIX2"))]:
        header[key] = float(header[key]) - (box.x0 if key[5] == "1" else box.y0)
    for axis, start in ((1, box.x0), (2, box.y0)):
        if f"CTYPE{axis}" in header and f"CRPIX{axis}" not in header:
            header[f"CRPIX{axis}"] = float(-start)
        header[f"LTV{axis}"] = float(hdu.header.get(f"LTV{axis}", 0.0)) - start
    shape = (*leading, *box.shape)
    first: tuple[str, Any] = ("SIMPLE", True) if more else ("XTENSION", "IMAGE")
    layout: list[tuple[str, Any]] = [first, ("BITPIX", bitpix), ("NAXIS", len(shape))]
    layout += [(f"NAXIS{axis}", size) for axis, size in enumerate(reversed(shape), 1)]
    layout += [("EXTEND", True)] if more else [("PCOUNT", 0), ("GCOUNT", 1)]
    if zero:
        layout += [("BSCALE", 1), ("BZERO", zero)]
    whole = fits.Header([fits.Card(*each) for each in layout])
    whole.extend(header, unique=False, update=False)
    whole.extend(more, unique=False, update=False)

    size = math.prod(shape) * stored.itemsize
    # What is read of several planes is not together in the file, nor of bounded size: planes are few.
    step = box.height if leading else max(1, PIECE_BYTES // (box.width * stored.itemsize))

    def pieces() -> Iterator[bytes]:
        with contextlib.ExitStack() as stack:
            image = hdu
            if isinstance(file, Path) and size > _MAPPED_BYTES and not isinstance(hdu, fits.CompImageHDU):
                image = stack.enter_context(fits.open(file, lazy_load_hdus=True, memmap=False))[number]
            for start in range(box.y0, box.y1, step):
                rows = slice(start, min(start + step, box.y1))
                yield big_endian(image.section[(*window[:-2], rows, window[-1])], stored, zero)

    return Part(whole, size, pieces)


def _kept(header: fits.Header) -> fits.Header:
    """Return copies of the cards that are still true of a cutout."""
    cards = [
        card
        for card in header.cards
        if card.keyword not in _LAYOUT and not (card.keyword[:5] == "NAXIS" and card.keyword[5:].isdigit())
    ]
    return fits.Header([copy(card) for card in cards])


def psf_part(hdus: fits.HDUList, boxes: Mapping[int, Box]) -> Part:
    """Return the point-spread function of an exposure around what is cut of it."""
    image = hdus["IMAGE"]
    box = boxes[hdus.index_of("IMAGE")]
    origin = (-int(image.header["LTV1"]), -int(image.header["LTV2"]))
    check_codec(hdus["PSF"])
    hdu = psf_hdu(read_psf(hdus["PSF"]).around(box.moved(*origin)))
    pixels = np.ascontiguousarray(hdu.data, ">f4").tobytes()
    return Part(hdu.header, len(pixels), lambda: iter((pixels,)))


def distortion_parts(hdus: fits.HDUList, boxes: Mapping[int, Box]) -> list[Part]:
    """Return the tables of distortions by pixel (CPDIS, D2IM), moved with the image that they belong to."""
    parts = []
    for hdu in hdus:
        if hdu.name not in TABLES_OF_DISTORTION or not hdu.is_image:
            continue
        card = "DP" if hdu.name == "WCSDVARR" else "D2IM"
        owners = {
            box.origin
            for number, box in boxes.items()
            if any(hdus[number].header.get(f"{card}{axis}.EXTVER") == hdu.ver for axis in (1, 2))
        }
        if len(owners) > 1:
            raise ImageFileError(
                f"Images share the table of distortion {hdu.name},{hdu.ver}, which cannot be moved with both"
            )
        if not owners:
            continue
        check_codec(hdu)
        header = hdu.header.copy()
        for axis, start in zip((1, 2), owners.pop(), strict=True):
            header[f"CRVAL{axis}"] = float(header.get(f"CRVAL{axis}", 0.0)) - start
        pixels = np.ascontiguousarray(hdu.data, np.dtype(hdu.data.dtype).newbyteorder(">")).tobytes()
        parts.append(Part(header, len(pixels), lambda pixels=pixels: iter((pixels,))))  # type: ignore[misc]
    return parts
