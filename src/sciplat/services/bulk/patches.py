"""Which patch a position is cut from: of those that show it, the one whose inner region has it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.sky.position import Position
from sciplat.sky.tessellation import Tessellation

__all__ = ["COLUMNS", "Skymaps", "belongs", "skymap_of"]

COLUMNS = ("obs_id", "dataproduct_subtype", "lsst_band", "lsst_tract", "lsst_patch")
"""What must be known of images, in ObsCore."""

Skymaps = Callable[[str], Tessellation | None]
"""Gives a skymap by its name, or None where it isn't kept how it was made."""

Integers = npt.NDArray[np.int64]


def belongs(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    of_row: Integers,
    of_image: Integers,
    observations: pa.Table,
    skymaps: Skymaps,
) -> list[bool | None]:
    """Return of each pair of a position and an image that shows it whether it belongs to that image.

    Of the coadds of one type, band and skymap that show a position it belongs to that whose inner region has
    it (see `sciplat.sky.tessellation`); where that isn't there, or nobody knows how the skymap was made, to
    the one whose middle is nearest. None for images that don't lie on patches.

    Parameters
    ----------
    ra, dec
        Degrees.
    of_row, of_image
        The pairs, as `sciplat.services.bulk.plan.covering` gives them.
    observations
        The images, with `COLUMNS` and ``_s_region``.
    skymaps
        Is asked for those on whose borders positions lie.
    """
    facts = {name: observations[name].to_pylist() for name in (*COLUMNS, "_s_region")}
    found: list[bool | None] = [None] * len(of_row)
    together: dict[tuple[object, ...], list[int]] = {}
    for pair, (row, image) in enumerate(zip(of_row.tolist(), of_image.tolist(), strict=True)):
        if facts["lsst_patch"][image] is not None:
            kind = (facts["dataproduct_subtype"][image], facts["lsst_band"][image])
            together.setdefault((row, *kind, skymap_of(facts["obs_id"][image])), []).append(pair)
    known: dict[str, Tessellation | None] = {}
    owners: dict[tuple[int, str], tuple[int, int] | None] = {}
    for (row, _, _, skymap), pairs in together.items():
        for pair in pairs:
            found[pair] = len(pairs) == 1
        if len(pairs) == 1:
            continue
        assert isinstance(row, int)
        assert isinstance(skymap, str)
        if skymap not in known:
            known[skymap] = skymaps(skymap)
        position = Position(float(ra[row]) % 360, float(dec[row]))
        if (row, skymap) not in owners:
            owners[row, skymap] = _owner(known[skymap], position)
        owner = owners[row, skymap]
        images = {pair: int(of_image[pair]) for pair in pairs}
        chosen = next(
            (
                pair
                for pair, image in images.items()
                if owner == (facts["lsst_tract"][image], facts["lsst_patch"][image])
            ),
            None,
        )
        if chosen is None:
            vector = np.array(position.vector)
            chosen = max(pairs, key=lambda pair: float(_middle(facts["_s_region"][images[pair]]) @ vector))
        found[chosen] = True
    return found


def skymap_of(obs_id: str) -> str:
    """Return the skymap that the identifier of a coadd, ``SKYMAP-TRACT-PATCH``, names."""
    return obs_id.rsplit("-", 2)[0]


def _owner(skymap: Tessellation | None, position: Position) -> tuple[int, int] | None:
    tract = None if skymap is None else skymap.tract_at(position)
    patch = None if tract is None else tract.patch_at(position)
    return None if tract is None or patch is None else (tract.id, patch.id)


def _middle(outline: list[float]) -> npt.NDArray[np.float64]:
    lon, lat = np.radians(outline[::2]), np.radians(outline[1::2])
    middle = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]).mean(axis=1)
    return np.asarray(middle / np.linalg.norm(middle))
