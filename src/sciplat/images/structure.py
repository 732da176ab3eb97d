"""The skeleton of a FITS file, looked over before a library trusts it."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from pathlib import Path
from typing import IO

from sciplat.errors import ImageFileError

__all__ = ["check_structure"]

_BLOCK, _CARD = 2880, 80
_LONGEST_HEADER = 20_000_000
_MOST_HDUS = 100_000
_INTEGER = re.compile(rb"(NAXIS\d{0,3}|BITPIX|PCOUNT|GCOUNT|TFIELDS|ZNAXIS) *= *(-?\d+)(?![\d.])")
_BITS = {8, 16, 32, 64, -32, -64}


def check_structure(path: Path) -> None:
    """Refuse a file with a header that no reader should follow.

    Axes are counted to 999 and have no negative length, a table has 999 columns at most (FITS 4.0, sections
    4.4.1 and 7.2.1), and a header ends.

    Raises
    ------
    ImageFileError
        Says which HDU, and what is wrong with it.
    """
    with _plain(path) as file:
        place = 0
        try:
            for number in range(_MOST_HDUS):
                file.seek(place)
                header = _header(file, path, number)
                if header is None:
                    return
                place += len(header) + _data_size(header, path, number)
        except (OSError, EOFError, zlib.error) as error:
            raise ImageFileError(f"{path}: it is damaged ({error}); copy it again") from error
        except (OverflowError, ValueError) as error:
            raise ImageFileError(f"{path}: its headers promise more data than any file has") from error


def _plain(path: Path) -> IO[bytes] | gzip.GzipFile:
    try:
        with path.open("rb") as file:
            magic = file.read(3)
        if magic.startswith(b"\x1f\x8b"):
            return gzip.open(path)
        return bz2.open(path) if magic == b"BZh" else path.open("rb")
    except OSError as error:
        raise ImageFileError(f"{path}: it cannot be opened ({error.strerror or error})") from error


def _header(file: IO[bytes] | gzip.GzipFile, path: Path, number: int) -> bytes | None:
    """Return the blocks of a header, or None where the file ends before it."""
    blocks: list[bytes] = []
    while True:
        block = file.read(_BLOCK)
        begun = b"".join(blocks[:1]) or block
        if number and not blocks and not begun.startswith(b"XTENSION"):
            return None  # nothing, or what the standard calls special records
        if len(block) < _BLOCK or len(blocks) * _BLOCK > _LONGEST_HEADER:
            raise ImageFileError(
                f"{path}: the header of HDU {number} has no end: it is no FITS file, or cut off"
            )
        if not begun.startswith((b"SIMPLE", b"XTENSION")):
            raise ImageFileError(f"{path}: it is no FITS file, which begins with SIMPLE")
        blocks.append(block)
        if any(block[at : at + 8] == b"END     " for at in range(0, _BLOCK, _CARD)):
            return b"".join(blocks)


def _data_size(header: bytes, path: Path, number: int) -> int:
    """Return the bytes between a header and the next, in whole blocks (FITS 4.0, equation 2)."""
    told: dict[str, int] = {}
    for at in range(0, len(header), _CARD):
        if match := _INTEGER.match(header, at, at + _CARD):
            told.setdefault(match[1].decode(), int(match[2]))
    axes = told.get("NAXIS", -1)
    for name in ("NAXIS", "TFIELDS", "ZNAXIS"):
        if not 0 <= told.get(name, 0 if name != "NAXIS" else -1) <= 999:
            raise ImageFileError(f"{path}: card {name} of HDU {number} must be a number from 0 to 999")
    if told.get("BITPIX") not in _BITS:
        raise ImageFileError(f"{path}: card BITPIX of HDU {number} must be one of {sorted(_BITS)}")
    sides = [told.get(f"NAXIS{axis}", -1) for axis in range(1, axes + 1)]
    if any(side < 0 for side in sides) or told.get("PCOUNT", 0) < 0 or told.get("GCOUNT", 1) < 0:
        raise ImageFileError(f"{path}: HDU {number} has an axis whose length is missing or negative")
    pixels = told.get("PCOUNT", 0)
    if axes:
        area = 1
        for side in sides:
            area *= side
        pixels += area
    size = abs(told["BITPIX"]) // 8 * told.get("GCOUNT", 1) * pixels
    return -(-size // _BLOCK) * _BLOCK
