"""Exposures on one grid, brought to one box."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.planes import PLANES, bits
from sciplat.images.wcs import shifted

__all__ = ["common_box", "padded"]


def padded(exposure: Exposure, box: Box) -> Exposure:
    """Return the pixels of a box; what the exposure does not have is NaN and ``NO_DATA``."""
    if exposure.box == box:
        return exposure
    image = np.full(box.shape, np.nan, np.float32)
    variance = np.full(box.shape, np.nan, np.float32)
    mask = np.full(box.shape, bits("NO_DATA"), np.int32)
    both = exposure.box.overlap(box)
    if both is not None:
        there, here = both.slices(exposure.box.origin), both.slices(box.origin)
        image[here] = exposure.image[there]
        mask[here] = 0 if exposure.mask is None else exposure.mask[there]
        if exposure.variance is not None:
            variance[here] = exposure.variance[there]
    return Exposure(
        image,
        shifted(exposure.wcs, box.x0 - exposure.origin[0], box.y0 - exposure.origin[1]),
        mask,
        {**PLANES, **exposure.planes},
        None if exposure.variance is None else variance,
        exposure.psf,
        exposure.header,
        box.origin,
    )


def common_box(exposures: Mapping[str, Exposure]) -> dict[str, Exposure]:
    """Return exposures of one grid on the smallest box that holds all of them."""
    if not exposures:
        return {}
    boxes = [each.box for each in exposures.values()]
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.around(box)
    return {name: padded(each, whole) for name, each in exposures.items()}
