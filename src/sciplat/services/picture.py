"""Picture an image: PNG or JPEG of the whole, from the pyramid that viewers use."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

import numpy as np

from sciplat.errors import UsageError
from sciplat.images import preview, pyramid, tiles
from sciplat.images.exposure import Floats, Integers
from sciplat.images.pixels import ImagePlace
from sciplat.services.tile import TileService, Which

__all__ = ["LARGEST", "Look", "PictureService"]

LARGEST = 2048
"""Pixels of a picture along each axis."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is to look."""

    size: int = 512
    """Pixels along the longer axis, at most: the picture is the lowest level of the pyramid that fits."""

    stretch: preview.Stretch = "asinh"
    cuts: preview.Cuts = "zscale"
    form: preview.Format = "png"
    planes: tuple[str, ...] = ()
    """Up to three mask planes that tint the picture red, green and blue."""

    @property
    def name(self) -> str:
        """What the picture is called where it is kept."""
        return f"picture-{hashlib.blake2b(repr(astuple(self)).encode(), digest_size=16).hexdigest()}"


class PictureService:
    """Makes pictures of images."""

    def __init__(self, tiling: TileService) -> None:
        """Make them of the tiles of ``tiling``."""
        self._tiling = tiling

    def picture(self, place: ImagePlace, look: Look) -> bytes:
        """Return a picture.

        Raises
        ------
        UsageError
            The look is impossible; the message says what can be.
        ImageFileError
            The file is damaged.
        """
        if not 1 <= look.size <= LARGEST:
            raise UsageError(
                f"size={look.size} is not possible; a picture has 1 to {LARGEST} pixels along its side."
            )
        if len(look.planes) > 3:
            raise UsageError(f"A picture has three colours for mask planes, not {len(look.planes)}.")
        return self._tiling.remembered(place, look.name, lambda: self._made(place, look))

    def _made(self, place: ImagePlace, look: Look) -> bytes:
        with place.open() as source:
            shape, planes = source.box.shape, source.planes
        for plane in look.planes:
            if plane not in planes:
                known = ", ".join(sorted(planes)) or "none"
                raise UsageError(f"The image has no mask plane {plane[:40]!r}; its planes: {known}.")
        level = max(0, (max(shape) - 1) // look.size).bit_length()
        image, bits = self._whole(place, shape, level, mask=bool(look.planes))
        marks = (
            [] if bits is None else [(bits >> planes[plane] & 1).astype(np.bool_) for plane in look.planes]
        )
        return preview.grey(image, stretch=look.stretch, cuts=look.cuts, form=look.form, marks=marks)

    def _whole(
        self, place: ImagePlace, shape: tuple[int, int], level: int, *, mask: bool
    ) -> tuple[Floats, Integers | None]:
        if level < pyramid.FIRST_MADE:
            with place.open() as source:
                return tiles.reduced(source, source.box, level, mask=mask)
        there = min(level, tiles.levels(shape) - 1)
        up, across = (-(-side // (tiles.TILE << there)) for side in shape)
        found = [
            [
                tiles.decode(self._tiling.tile(place, Which(there, column, row, mask)).unpacked())
                for column in range(across)
            ]
            for row in range(up)
        ]
        image = np.block([[each.image for each in row] for row in found])
        bits = None
        if all(each.mask is not None for row in found for each in row):
            bits = np.block([[each.mask for each in row] for row in found])
        # Smaller than the top of the pyramid: one more time.
        for _ in range(level - there):
            image = tiles.means(image, 1)
            bits = None if bits is None else tiles.paired(bits, np.bitwise_or)
        return image, bits
