"""The marks that a detector leaves on its images are removed: bias, gain, saturated and bad pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from sciplat.images.planes import bits

__all__ = ["Detector", "remove_signature"]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Detector:
    """How a detector turns light into numbers."""

    bias: float
    """What is read without light, ADU."""

    gain: float
    """Electrons an ADU."""

    read_noise: float
    """Electrons."""

    saturation: float
    """ADU at which a pixel holds no more."""

    edge: int = 5
    """Rows and columns at the border that are not trusted."""


def remove_signature(
    raw: npt.NDArray[Any], detector: Detector, bad: npt.NDArray[np.bool_] | None = None
) -> tuple[Floats, Integers, Floats]:
    """Return image, mask and variance of a raw image ``[y, x]`` in ADU, in electrons.

    The variance is that of the electrons counted (Poisson) and of reading them. Saturated pixels are flagged
    together with their neighbours, to which their charge spills; they and bad pixels keep their values.

    Parameters
    ----------
    raw
        ADU as they were read.
    detector
        Its bias, gain, noise and full well.
    bad
        Where pixels never work.
    """
    image = (raw.astype(np.float32) - np.float32(detector.bias)) * np.float32(detector.gain)
    mask = np.zeros(image.shape, np.int32)
    saturated = raw >= detector.saturation
    if saturated.any():
        mask[ndimage.binary_dilation(saturated, np.ones((3, 3), np.bool_))] |= bits("SAT")
    if bad is not None:
        mask[bad] |= bits("BAD")
    if detector.edge:
        inside = (slice(detector.edge, -detector.edge),) * 2
        edge = np.ones(image.shape, np.bool_)
        edge[inside] = False
        mask[edge] |= bits("EDGE")
    variance = np.maximum(image, 0) + np.float32(detector.read_noise**2)
    return image, mask, variance
