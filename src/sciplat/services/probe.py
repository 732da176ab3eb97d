"""Probe an image: what its pyramid is like, and what is known of one pixel."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from sciplat.errors import NotFoundError, UsageError
from sciplat.images import tiles
from sciplat.images import wcs as world
from sciplat.images.brightness import PERCENTILES, brightness
from sciplat.images.grid import for_browser
from sciplat.images.pixels import ImagePlace
from sciplat.images.planes import MEANINGS
from sciplat.services.tile import TileService

__all__ = ["ProbeService"]


class ProbeService:
    """Tells of images what a viewer must know."""

    def __init__(self, tiling: TileService) -> None:
        """Keep what takes long beside the tiles of ``tiling``."""
        self._tiling = tiling

    def facts(self, place: ImagePlace) -> Mapping[str, Any]:
        """Return shape, unit, levels, mask planes, statistics and world coordinates, as JSON has them.

        Raises
        ------
        ImageFileError
            The file is damaged.
        """
        found: Mapping[str, Any] = json.loads(
            self._tiling.remembered(place, "facts", lambda: json.dumps(_facts(place)).encode())
        )
        return found

    def value(
        self,
        place: ImagePlace,
        *,
        pixel: tuple[int, int] | None = None,
        position: tuple[float, float] | None = None,
    ) -> Mapping[str, Any]:
        """Return what is known of a pixel (x, y; from 0 at the image's first), or of that at a position.

        Parameters
        ----------
        pixel
            x and y.
        position
            RA and Dec, ICRS degrees; the pixel in which it lies is meant.

        Raises
        ------
        UsageError
            Neither is given, or both, or no such position can be.
        NotFoundError
            The image has no such pixel.
        """
        if (pixel is None) == (position is None):
            raise UsageError("Send x and y, in pixels from 0, or ra and dec, in degrees.")
        with place.open() as source:
            box = source.box
            if position is not None:
                ra, dec = position
                if not (math.isfinite(ra) and math.isfinite(dec) and 0 <= ra <= 360 and abs(dec) <= 90):
                    raise UsageError(
                        f"ra={ra:g}, dec={dec:g} is no position: ra is 0 to 360 degrees, dec -90 to 90."
                    )
                x, y = (float(each[0]) for each in world.pixels(source.wcs, ra, dec))
                if not (math.isfinite(x) and math.isfinite(y)):
                    raise NotFoundError(f"The image does not show ra={ra:g}, dec={dec:g}.")
                pixel = (math.floor(x + 0.5), math.floor(y + 0.5))
            assert pixel is not None
            if not (0 <= pixel[0] < box.width and 0 <= pixel[1] < box.height):
                if position is not None:
                    raise NotFoundError(f"The image does not show ra={ra:g}, dec={dec:g}.")
                raise NotFoundError(
                    f"The image has pixels 0 to {box.width - 1} in x and 0 to {box.height - 1} in y; "
                    f"there is no pixel {pixel[0]}, {pixel[1]}."
                )
            found = tiles.value(source, pixel[0] + box.x0, pixel[1] + box.y0)
            unit = source.header.get("BUNIT")
        return {
            "x": pixel[0],
            "y": pixel[1],
            "full_x": found.x,
            "full_y": found.y,
            "ra": _number(found.ra),
            "dec": _number(found.dec),
            "value": _number(found.image),
            "variance": _number(found.variance),
            "unit": unit,
            "flags": list(found.flags),
        }


def _facts(place: ImagePlace) -> dict[str, Any]:
    with place.open() as source:
        box = source.box
        bright = brightness(source)
        statistics = None
        if bright is not None:
            statistics = asdict(bright) | {
                "percentiles": dict(zip(map(str, PERCENTILES), bright.percentiles, strict=True))
            }
        return {
            "width": box.width,
            "height": box.height,
            "origin": list(box.origin),
            "unit": source.header.get("BUNIT"),
            "tile": tiles.TILE,
            "levels": [_level(box.shape, level) for level in range(tiles.levels(box.shape))],
            "planes": [
                {"name": name, "bit": bit, "meaning": MEANINGS.get(name)}
                for name, bit in sorted(source.planes.items(), key=lambda each: each[1])
            ],
            "statistics": statistics,
            "wcs": for_browser(source.wcs, box.shape),
        }


def _level(shape: tuple[int, int], level: int) -> dict[str, int]:
    height, width = (-(-side // (1 << level)) for side in shape)
    return {
        "level": level,
        "width": width,
        "height": height,
        "columns": -(-width // tiles.TILE),
        "rows": -(-height // tiles.TILE),
    }


def _number(value: float | None) -> float | None:
    """Return a number that JSON can have: it knows neither NaN nor infinity."""
    return None if value is None or not np.isfinite(value) else float(value)
