"""One HDU of a FITS file that is sent: its header, and its pixels as FITS stores them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits

__all__ = ["BLOCK", "Part", "as_extension", "big_endian", "stored_as"]

BLOCK = 2880
"""Bytes, of which each HDU has a whole number (FITS 4.0, section 3.1)."""


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One HDU: its header, and the pixels that are read when it is sent."""

    header: fits.Header
    size: int
    """Bytes of its pixels, without what fills the last block."""

    pieces: Callable[[], Iterator[bytes]]


def as_extension(primary: fits.Header) -> fits.Header:
    """Return the header of a primary image as that of an extension (FITS 4.0, section 7.1)."""
    header = primary.copy()
    for keyword in ("SIMPLE", "EXTEND", "PCOUNT", "GCOUNT"):
        header.remove(keyword, ignore_missing=True)
    header.insert(0, ("XTENSION", "IMAGE"))
    axes = 1 + header.index("NAXIS") + int(header["NAXIS"])
    header.insert(axes, ("PCOUNT", 0))
    header.insert(axes + 1, ("GCOUNT", 1))
    return header


def stored_as(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], int, int]:
    """Return how FITS stores a type: its own, BITPIX and BZERO (FITS 4.0, section 5.2.5)."""
    signed = {
        "i1": ("u1", 8, -128),
        "u2": ("i2", 16, 1 << 15),
        "u4": ("i4", 32, 1 << 31),
        "u8": ("i8", 64, 1 << 63),
    }
    code = f"{dtype.kind}{dtype.itemsize}"
    if code in signed:
        kind, bitpix, zero = signed[code]
        return np.dtype(f">{kind}"), bitpix, zero
    return dtype.newbyteorder(">"), dtype.itemsize * (-8 if dtype.kind == "f" else 8), 0


def big_endian(pixels: Any, stored: np.dtype[Any], zero: int) -> bytes:
    """Return pixels as bytes, in the type and with the BZERO of `stored_as`."""
    if zero:
        # Adding half of the range is turning the first bit.
        bits = np.ascontiguousarray(pixels).view(f"u{pixels.itemsize}")
        pixels = (bits ^ bits.dtype.type(1 << (8 * pixels.itemsize - 1))).view(stored.newbyteorder("="))
    return np.ascontiguousarray(pixels, stored).tobytes()
