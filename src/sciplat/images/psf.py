"""The point-spread function of an image: how a star looks there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.errors import UsageError
from sciplat.images.box import Box

__all__ = ["PSF"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class PSF:
    """Images of a star at the nodes of a regular grid over the image.

    Parameters
    ----------
    kernels
        Float32 ``[row, column, y, x]``: an image of a star at each node, of an odd number of pixels each way
        with the star in the middle of the middle pixel, in the scale of the image. Each is divided by its
        sum.
    first
        The pixel (x, y) of the full image where the node ``[0, 0]`` is.
    step
        Pixels (x, y) between columns, and between rows.

    Raises
    ------
    UsageError
        The kernels are not such an array.
    """

    kernels: Floats
    first: tuple[float, float] = (0.0, 0.0)
    step: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        kernels = np.asarray(self.kernels, np.float64)
        if kernels.ndim != 4 or not kernels.size or not (kernels.shape[2] % 2 and kernels.shape[3] % 2):
            raise UsageError(
                "The kernels of a PSF are an array [row, column, y, x] with odd numbers of y and x, not "
                f"one of shape {kernels.shape}"
            )
        sums = kernels.sum(axis=(2, 3), keepdims=True)
        if not (np.isfinite(sums).all() and (sums > 0).all()):
            raise UsageError("Each kernel of a PSF needs a sum that is more than 0")
        # A kernel that is normalised keeps its bits, so that files are the same when they are written again.
        sums[np.abs(sums - 1) < 1e-6] = 1.0
        object.__setattr__(self, "kernels", (kernels / sums).astype(np.float32))

    @classmethod
    def constant(cls, kernel: npt.ArrayLike) -> PSF:
        """Return a PSF that is the same everywhere: one kernel ``[y, x]``."""
        return cls(np.asarray(kernel)[np.newaxis, np.newaxis])

    def at(self, x: float, y: float) -> Floats:
        """Return the normalised kernel ``[y, x]`` at a pixel position of the full image.

        Between nodes it is the bilinear mean of four, beyond them that of the border.
        """
        rows, columns = self.kernels.shape[:2]
        u, left = _between((x - self.first[0]) / self.step[0], columns)
        v, low = _between((y - self.first[1]) / self.step[1], rows)
        right, high = min(left + 1, columns - 1), min(low + 1, rows - 1)
        k = self.kernels
        kernel = (1 - v) * ((1 - u) * k[low, left] + u * k[low, right]) + v * (
            (1 - u) * k[high, left] + u * k[high, right]
        )
        return np.asarray(kernel, np.float32)

    def around(self, box: Box) -> PSF:
        """Return the nodes that matter to a box of the full image: the PSF is the same there."""
        rows, columns = self.kernels.shape[:2]
        left, right = _nodes(self.first[0], self.step[0], columns, box.x0, box.x1)
        low, high = _nodes(self.first[1], self.step[1], rows, box.y0, box.y1)
        first = (self.first[0] + left * self.step[0], self.first[1] + low * self.step[1])
        return PSF(self.kernels[low : high + 1, left : right + 1], first, self.step)


def _nodes(first: float, step: float, count: int, start: int, stop: int) -> tuple[int, int]:
    """Return the first and the last of the nodes around an interval."""
    below, above = math.floor((start - first) / step), math.ceil((stop - 1 - first) / step)
    return min(max(below, 0), count - 1), min(max(above, 0), count - 1)


def _between(place: float, count: int) -> tuple[float, int]:
    """Return how far behind which node a place is."""
    place = min(max(place, 0.0), count - 1.0)
    node = min(int(place), max(count - 2, 0))
    return place - node, node
