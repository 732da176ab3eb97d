"""Compressed images of which a library in C would not survive the reading."""

from __future__ import annotations

from math import prod
from typing import Any

from astropy.io import fits

from sciplat.errors import ImageFileError

__all__ = ["check_codec"]

_MOST_PIXELS = 1 << 29
"""Of one tile."""

_BITS = (8, 16, 32, 64, -32, -64)
_BLOCKS, _BYTES = (16, 32), (1, 2, 4)
"""Of RICE_1: pixels that are coded together, and bytes a pixel (FITS 4.0, section 10.4.1)."""


def check_codec(hdu: Any) -> None:
    """Refuse a compressed image with parameters that no codec has: astropy hands them to C as they are.

    Raises
    ------
    ImageFileError
        A card of the compression is wrong (FITS 4.0, section 10.1).
    """
    if not isinstance(hdu, fits.CompImageHDU):
        return
    cards = _stored(hdu)
    count = cards.get("ZNAXIS")
    sides = [cards.get(f"ZNAXIS{n}") for n in range(1, count + 1)] if _is_count(count, 999) else [None]
    tiles = [cards.get(f"ZTILE{n}", sides[0] if n == 1 else 1) for n in range(1, len(sides) + 1)]
    for name, value in (*_numbered("ZNAXIS", sides), *_numbered("ZTILE", tiles)):
        if not _is_count(value, 1 << 40):
            raise _wrong(hdu, name, value)
    if prod(min(pair) for pair in zip(sides, tiles, strict=True)) > _MOST_PIXELS:
        raise _wrong(hdu, "ZTILE1", tiles[0])
    if cards.get("ZBITPIX") not in _BITS:
        raise _wrong(hdu, "ZBITPIX", cards.get("ZBITPIX"))
    if str(cards.get("ZCMPTYPE")).startswith("RICE"):
        for name, number, known in _parameters(cards, {"BLOCKSIZE": _BLOCKS, "BYTEPIX": _BYTES}):
            if not isinstance(number, int) or isinstance(number, bool) or number not in known:
                raise _wrong(hdu, name, number)


def _stored(hdu: fits.CompImageHDU) -> fits.Header:
    """Return the header as it is in the file: the one that astropy makes of it leaves these cards out."""
    place = hdu.fileinfo()
    file = place["file"]
    before = file.tell()
    file.seek(place["hdrLoc"])
    try:
        return fits.Header.fromstring(file.read(place["datLoc"] - place["hdrLoc"]))
    finally:
        file.seek(before)


def _parameters(cards: Any, wanted: dict[str, tuple[int, ...]]) -> Any:
    """Yield the card with the value of each parameter that is told, its value, and what it can be."""
    for n in range(1, 1000):
        name = cards.get(f"ZNAME{n}")
        if name is None:
            return
        if str(name).strip().upper() in wanted:
            yield f"ZVAL{n}", cards.get(f"ZVAL{n}"), wanted[str(name).strip().upper()]


def _numbered(name: str, values: list[Any]) -> list[tuple[str, Any]]:
    return [(f"{name}{n}", value) for n, value in enumerate(values, 1)]


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


def _wrong(hdu: Any, name: str, value: Any) -> ImageFileError:
    return ImageFileError(
        f"HDU {hdu.name or '1'} is damaged: its card {name} is {str(value)[:40]!r}, which no compression "
        "has; copy the file again"
    )
