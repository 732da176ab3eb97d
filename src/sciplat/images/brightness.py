"""How bright the pixels of an image are, from a sample of them: enough to choose cuts for a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.preview import cut_levels
from sciplat.images.tiles import TILE, Source

__all__ = ["PERCENTILES", "Brightness", "brightness"]

PERCENTILES = (0.25, 0.5, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.5, 99.75)

_ALONG = 4
"""Tiles of the sample along each axis."""


@dataclass(frozen=True, slots=True)
class Brightness:
    """Statistics of pixels, in the unit of the image."""

    pixels: int
    """How many have a value, of those that were looked at."""

    least: float
    greatest: float
    median: float
    sigma: float
    """The width of the distribution: 1.4826 times the median distance from the median."""

    percentiles: tuple[float, ...]
    """At `PERCENTILES`."""

    zscale: tuple[float, float]
    """What is black and what is white, by the algorithm of IRAF."""


def brightness(source: Source) -> Brightness | None:
    """Return the statistics of up to 16 tiles, spread evenly; None where no pixel there has a value."""
    box = source.box
    found = []
    for y in _starts(box.y0, box.y1):
        for x in _starts(box.x0, box.x1):
            piece = Box(x, y, min(x + TILE, box.x1), min(y + TILE, box.y1))
            found.append(
                source.cut(piece).image if isinstance(source, Exposure) else source.plane("image", piece)
            )
    values = np.concatenate([piece.ravel() for piece in found])
    values = values[np.isfinite(values)].astype(np.float64)
    if not values.size:
        return None
    at = np.percentile(values, PERCENTILES)
    median = float(at[PERCENTILES.index(50.0)])
    return Brightness(
        pixels=int(values.size),
        least=float(values.min()),
        greatest=float(values.max()),
        median=median,
        sigma=float(1.4826 * np.median(np.abs(values - median))),
        percentiles=tuple(float(each) for each in at),
        zscale=cut_levels(values[np.newaxis].astype(np.float32)),
    )


def _starts(first: int, end: int) -> list[int]:
    """Return where tiles of the sample begin: those of the pyramid, which are quick to read."""
    tiles = range(first, end, TILE)
    return (
        list(tiles)
        if len(tiles) <= _ALONG
        else [tiles[(2 * i + 1) * len(tiles) // (2 * _ALONG)] for i in range(_ALONG)]
    )
