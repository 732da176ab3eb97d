"""Float tiles of an image at any level of its pyramid, and exact values of a pixel.

Level 0 has the pixels of the image; a pixel of level ``n`` is the mean of the ``2**n`` by ``2**n`` pixels
below it that have a value, and the OR of their masks. Tiles are 256 pixels wide and high, those at the right
and upper edges less. A viewer stretches them itself, so another stretch fetches nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from sciplat.errors import NotFoundError, UsageError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure, Floats, Integers
from sciplat.images.fits import ExposureFile
from sciplat.images.pixels import Pixels

__all__ = [
    "MEDIA_TYPE",
    "TILE",
    "Source",
    "Tile",
    "Value",
    "check",
    "decode",
    "encode",
    "levels",
    "means",
    "overview",
    "paired",
    "reduced",
    "tile",
    "value",
]

TILE = 256
"""Pixels of a tile along each axis."""

MEDIA_TYPE = "application/vnd.sciplat.tile"

Source = Exposure | ExposureFile | Pixels

_HEADER = struct.Struct("<4sHHBBHI")
_MAGIC = b"SPT1"
_STRIP, _WIDTH = 512, 4096
"""Of what is read at a time; both are powers of 2."""


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """A tile, the lowest row first."""

    image: Floats
    """Float32 ``[y, x]``, in the unit of the image; NaN where no pixel has a value."""

    mask: Integers | None
    """Int32 ``[y, x]``, the bits that are set in any of the pixels below; None where there is no mask."""

    level: int


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of one pixel."""

    x: int
    y: int
    ra: float
    """ICRS degrees of the pixel's centre."""

    dec: float
    image: float
    variance: float | None
    flags: tuple[str, ...]
    """The mask planes that are set."""


def levels(shape: tuple[int, int]) -> int:
    """Return how many levels an image has: at the last one it is a single tile."""
    return max(0, (max(shape) - 1) // TILE).bit_length() + 1


def check(shape: tuple[int, int], level: int, column: int, row: int) -> None:
    """Make sure that an image has a tile.

    Raises
    ------
    NotFoundError
        There is no such level or tile; the message says which there are.
    """
    last = levels(shape) - 1
    if not 0 <= level <= last:
        raise NotFoundError(f"The image has levels 0 to {last}, not {level}")
    side = TILE << level
    up, across = (-(-size // side) for size in shape)
    if not (0 <= column < across and 0 <= row < up):
        raise NotFoundError(
            f"Level {level} has {across} columns and {up} rows of tiles from 0; there is no {column}, {row}"
        )


def tile(source: Source, level: int, column: int, row: int, *, mask: bool = True) -> Tile:
    """Return a tile; a file is read no farther than the tile reaches.

    Parameters
    ----------
    source
        The image.
    level
        0 for single pixels.
    column, row
        Which tile, counted from 0 at the first pixel of the image.
    mask
        Whether the mask is wanted.

    Raises
    ------
    NotFoundError
        There is no such level or tile.
    """
    check(source.box.shape, level, column, row)
    side = TILE << level
    asked = Box(column * side, row * side, (column + 1) * side, (row + 1) * side).moved(*source.box.origin)
    box = asked.overlap(source.box)
    assert box is not None
    image, bits = reduced(source, box, level, mask=mask)
    return Tile(image, bits, level)


def reduced(source: Source, box: Box, level: int, *, mask: bool = True) -> tuple[Floats, Integers | None]:
    """Return image and mask of a box with ``2**level`` pixels made one along each axis.

    The box is read in pieces, so that memory does not grow with the image. Sums are float32, pair by pair.
    """
    images: list[list[Floats]] = []
    masks: list[list[Integers]] = []
    high, wide = max(_STRIP, 1 << level), max(_WIDTH, 1 << level)
    for y in range(box.y0, box.y1, high):
        images.append([])
        masks.append([])
        for x in range(box.x0, box.x1, wide):
            piece = Box(x, y, min(x + wide, box.x1), min(y + high, box.y1))
            pixels, bits = _read(source, piece, mask=mask)
            images[-1].append(means(pixels, level))
            if bits is not None:
                for _ in range(level):
                    bits = paired(bits, np.bitwise_or)
                masks[-1].append(bits)
    return np.block(images), np.block(masks) if masks[0] else None


def overview(source: Source, most: int = 1024) -> Floats:
    """Return an image with no more than ``most`` pixels along an axis, for a picture of it.

    It is the lowest level of the pyramid that is small enough.
    """
    level = max(0, (max(source.box.shape) - 1) // most).bit_length()
    return reduced(source, source.box, level, mask=False)[0]


def value(source: Source, x: int, y: int) -> Value:
    """Return what is known of a pixel of the full image.

    Raises
    ------
    UsageError
        The pixel is not in the image.
    """
    pixel = Box(x, y, x + 1, y + 1)
    if not source.box.contains(pixel):
        raise UsageError(f"The image has {source.box}; there is no pixel {x}, {y}")
    one = source.cut(pixel) if isinstance(source, Exposure) else source.read(pixel)
    ra, dec = world.sky(one.wcs, 0, 0)
    return Value(
        x=x,
        y=y,
        ra=float(ra[0]),
        dec=float(dec[0]),
        image=float(one.image[0, 0]),
        variance=None if one.variance is None else float(one.variance[0, 0]),
        flags=tuple(name for name in one.planes if one.mask is not None and one.plane(name)[0, 0]),
    )


def encode(made: Tile) -> bytes:
    """Return a tile as it is sent: 16 bytes of header, the image, then the mask; little-endian.

    The header: ``SPT1``; width and height (uint16); level (uint8); 1 where a mask follows, else 0 (uint8);
    six bytes 0. The image is float32, the mask int32, the lowest row first. In a browser
    ``new Float32Array(buffer, 16, width * height)`` is the image.
    """
    height, width = made.image.shape
    header = _HEADER.pack(_MAGIC, width, height, made.level, made.mask is not None, 0, 0)
    mask = b"" if made.mask is None else made.mask.astype("<i4").tobytes()
    return header + made.image.astype("<f4").tobytes() + mask


def decode(content: bytes) -> Tile:
    """Return the tile that was sent.

    Raises
    ------
    UsageError
        The bytes are no tile.
    """
    if len(content) < _HEADER.size or not content.startswith(_MAGIC):
        raise UsageError("This is no tile: it does not begin with SPT1")
    _, width, height, level, masked, _, _ = _HEADER.unpack_from(content)
    count = width * height
    if len(content) != _HEADER.size + 4 * count * (2 if masked else 1):
        raise UsageError(f"The tile should have {count} pixels, but its length is {len(content)} bytes")
    image = np.frombuffer(content, "<f4", count, _HEADER.size).reshape(height, width)
    mask = np.frombuffer(content, "<i4", count, _HEADER.size + 4 * count) if masked else None
    return Tile(
        image.astype(np.float32),
        None if mask is None else mask.reshape(height, width).astype(np.int32),
        level,
    )


def _read(source: Source, box: Box, *, mask: bool) -> tuple[Floats, Integers | None]:
    if isinstance(source, Exposure):
        cut = source.cut(box)
        return cut.image, cut.mask if mask else None
    return source.plane("image", box), source.plane("mask", box) if mask else None


def means(pixels: Floats, level: int) -> Floats:
    """Return the means of blocks of ``2**level`` by ``2**level`` pixels, over those that have a value."""
    if level == 0:
        return pixels
    # Most tiles have all their values, and need no count of them.
    total = np.asarray(pixels, np.float32)
    whole = all(size % (1 << level) == 0 for size in pixels.shape) and bool(np.isfinite(pixels.sum()))
    if whole:
        for _ in range(level):
            total = paired(total, np.add)
        return total / np.float32(1 << 2 * level)
    good = np.isfinite(pixels)
    total, count = np.where(good, total, np.float32(0)), good.astype(np.float32)
    for _ in range(level):
        total, count = paired(total, np.add), paired(count, np.add)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(count > 0, total / count, np.float32(np.nan)).astype(np.float32)
    return found


def paired(pixels: Any, join: np.ufunc) -> Any:
    """Join neighbours along both axes; what has no neighbour stays as it is."""
    for axis in (0, 1):
        even = pixels[::2] if axis == 0 else pixels[:, ::2]
        odd = pixels[1::2] if axis == 0 else pixels[:, 1::2]
        joined = even.copy()
        here = joined[: odd.shape[0], : odd.shape[1]]
        join(here, odd, out=here)
        pixels = joined
    return pixels
