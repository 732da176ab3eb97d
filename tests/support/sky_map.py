"""An instance with small coadds, two patches in three bands, that agree where they overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from sciplat.images.exposure import Exposure
from sciplat.images.wcs import shifted
from sciplat.instance import Instance
from sciplat.repository.records import put_tracts
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field
from sciplat.sky.tract import Tract

__all__ = ["CENTRE", "instance_with_coadds", "surface"]

CENTRE = (25.6, 0.3)
_SCALE = 0.8 / 3600
_FACTORS = {"g": 1.0, "r": 2.0, "i": 3.0}
SKYMAP = Field("two", _SCALE, 450, 10, Position(*CENTRE), 0.19, 0.02)


def surface(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """How bright the sky is: smooth, so that interpolation finds it, and different everywhere."""
    x, y = (ra - CENTRE[0]) * 3600, (dec - CENTRE[1]) * 3600
    return 1500 + x + 2 * y + 300 * np.exp(-((x - 9) ** 2 + (y - 14) ** 2) / 4000)


def coadd(tract: Tract, patch: int, band: str) -> Exposure:
    """The coadd of a patch, a corner of which nobody has seen."""
    x0, y0, x1, y1 = tract.patch(patch).outer
    x, y = np.meshgrid(np.arange(x0, x1, dtype=float), np.arange(y0, y1, dtype=float))
    image = (_FACTORS[band] * surface(*tract.to_sky(x, y))).astype(np.float32)
    if patch == 0:
        image[:20, :20] = np.nan
    return Exposure(
        image,
        shifted(tract.wcs, x0, y0),
        np.zeros(image.shape, np.int32),
        {"SAT": 1},
        np.ones_like(image),
        header=fits.Header([("BUNIT", "nJy")]),
        origin=(x0, y0),
    )


def instance_with_coadds(home: Path, release: str = "deep") -> Instance:
    """Return an instance with one release, which is private."""
    instance = Instance.open(home)
    repository = instance.images.repositories.create(release)
    filters = [{"instrument": "SimCam", "name": f"{band}_sim", "band": band} for band in _FACTORS]
    registry = repository.butler.registry
    registry.syncDimensionData("instrument", {"name": "SimCam", "class_name": "SimCam", "detector_max": 1})
    for each in filters:
        registry.syncDimensionData("physical_filter", each)
    put_tracts(repository.butler, SKYMAP, [SKYMAP.tract(0)])
    tract = SKYMAP.tract(0)
    for band in _FACTORS:
        for patch in (0, 1):
            repository.put(
                coadd(tract, patch, band),
                "deep_coadd",
                run="runs/a",
                skymap="two",
                tract=0,
                patch=patch,
                band=band,
            )
    repository.chain(release, ["runs/a"])
    repository.close()
    instance.images.announce.announce(release)
    return instance
