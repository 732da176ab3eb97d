"""Rectangles of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from sciplat.errors import UsageError

__all__ = ["Box"]


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels ``x0 ≤ x < x1`` and ``y0 ≤ y < y1`` of an image.

    Pixels are counted from 0 along x, then y, and a pixel's centre has whole numbers: the first pixel of an
    image is (0, 0) where FITS says (1, 1).

    Raises
    ------
    UsageError
        The box has no pixel.
    """

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise UsageError(f"A box needs at least one pixel; {self} has none")

    def __str__(self) -> str:
        return f"pixels {self.x0} to {self.x1 - 1} in x and {self.y0} to {self.y1 - 1} in y"

    @classmethod
    def of(cls, shape: tuple[int, int], origin: tuple[int, int] = (0, 0)) -> Box:
        """Return the box of an array ``[y, x]`` whose first pixel is ``origin`` (x, y)."""
        x, y = origin
        return cls(x, y, x + shape[1], y + shape[0])

    @property
    def width(self) -> int:
        """Pixels along x."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Pixels along y."""
        return self.y1 - self.y0

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of an array of these pixels: (height, width)."""
        return (self.height, self.width)

    @property
    def origin(self) -> tuple[int, int]:
        """The first pixel: (x, y)."""
        return (self.x0, self.y0)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle: (x, y)."""
        return ((self.x0 + self.x1 - 1) / 2, (self.y0 + self.y1 - 1) / 2)

    def contains(self, other: Box) -> bool:
        """Tell whether all pixels of ``other`` are in this box."""
        return self.x0 <= other.x0 and self.y0 <= other.y0 and other.x1 <= self.x1 and other.y1 <= self.y1

    def overlap(self, other: Box) -> Box | None:
        """Return the pixels that two boxes share."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def around(self, other: Box) -> Box:
        """Return the smallest box that holds two."""
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def moved(self, dx: int, dy: int) -> Box:
        """Return the box moved by whole pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def slices(self, origin: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
        """Return what takes these pixels from an array ``[y, x]`` whose first pixel is ``origin``."""
        x, y = origin
        return slice(self.y0 - y, self.y1 - y), slice(self.x0 - x, self.x1 - x)
