"""How fast a cutout is, beside astropy reading the full planes; run alone, without a server.

An exposure of 4096 by 4096 pixels (image and variance RICE with dithering, mask RICE; tiles of 256 by 256),
noise with a variance that differs from pixel to pixel. Seconds of processor time, of a tile seconds on the
clock (several threads make it), the best of several rounds in turns.
``python benchmarks/cutouts.py [PIXELS]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits as standard_fits
from astropy.wcs import WCS

from sciplat.config.machine import cores
from sciplat.images import cutout, fits, tiles
from sciplat.images.exposure import Exposure
from sciplat.images.pixels import ImagePlace
from sciplat.services.tile import TileService, Which
from sciplat.sky.position import Position
from sciplat.sky.region import Circle
from sciplat.tiles.store import TileStore

PIXEL = 0.2 / 3600


def exposure(pixels: int) -> Exposure:
    """Return an exposure of noise."""
    random = np.random.default_rng(1)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.radesys = ["RA---TAN", "DEC--TAN"], "ICRS"
    wcs.wcs.crval, wcs.wcs.crpix = [25.6, 0.3], [pixels / 2, pixels / 2]
    wcs.wcs.cdelt = [-PIXEL, PIXEL]
    shape = (pixels, pixels)
    return Exposure(
        image=random.normal(100, 10, shape).astype(np.float32),
        wcs=wcs,
        mask=(random.random(shape) < 0.01).astype(np.int32) << 3,
        planes={"CR": 3},
        variance=random.normal(100, 1, shape).astype(np.float32),
    )


def main(pixels: int = 4096, rounds: int = 5) -> dict[str, float]:
    """Return seconds by what was done, and the ratio."""
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.fits"
        fits.write(exposure(pixels), path, quantize=16)

        def full() -> None:
            with standard_fits.open(path) as hdus:
                for name in ("IMAGE", "MASK", "VARIANCE"):
                    assert hdus[name].data is not None

        def small() -> None:
            region = Circle(Position(25.6 + 0.01, 0.3), 100 * PIXEL)
            assert sum(len(piece) for piece in cutout.cut(path, region)) > 400_000

        top = Which(tiles.levels((pixels, pixels)) - 1, 0, 0)

        def first_tile() -> None:
            with tempfile.TemporaryDirectory() as kept:
                service = TileService(TileStore(Path(kept), 1 << 30), threads=cores())
                assert service.tile(ImagePlace(path), top).content
                service.close()

        wanted: dict[str, tuple[Callable[[], float], Callable[[], None]]] = {
            "full planes with astropy": (time.process_time, full),
            "cutout of 200 pixels": (time.process_time, small),
            "first tile, top level": (time.perf_counter, first_tile),
        }
        for _ in range(rounds):
            for name, (clock, work) in wanted.items():
                begin = clock()
                work()
                best[name] = min(best.get(name, np.inf), clock() - begin)
    best["ratio"] = best["full planes with astropy"] / best["cutout of 200 pixels"]
    return best


def table(result: dict[str, float]) -> str:
    """Return the figures as lines."""
    return "\n".join(f"{name:28} {value:8.3f}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(*(int(each) for each in sys.argv[1:]))))
