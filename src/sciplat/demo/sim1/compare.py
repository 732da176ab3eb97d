"""The objects of ``sim1`` beside the truth they were rendered from.

``python -m sciplat.demo.sim1.compare FOLDER`` writes the tables of ``docs/explanation/sim1.md``, for a folder
of repositories in which ``sim1`` is processed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.table import Table
from scipy.spatial import KDTree

from sciplat.demo.sim1.plan import BANDS_OF_SIM1, FIELD_CENTRE, visits
from sciplat.demo.sim1.scene import light
from sciplat.demo.sim1.work import COLLECTION, RELEASE, SKYMAP
from sciplat.repository.store import Repositories

__all__ = ["compare"]

_EDGES = (14.0, 19.0, 21.0, 22.0, 22.5, 23.0, 23.5)
_REACH = 0.5
"""Arcseconds between an object and what it is in the truth."""

_HALF_WIDTH = 95.0
"""Arcseconds around the middle that nearly all visits see."""

_STARS = 1
_EVENTS = 10


def compare(objects: Table) -> Iterator[str]:
    """Yield lines of Markdown: completeness by r magnitude, then fluxes of isolated stars by band."""
    first = light(visits()[0])
    lasting = first.identity // 1_000_000 < _EVENTS
    true = _offsets(first.ra[lasting], first.dec[lasting])
    found = _offsets(np.asarray(objects["coord_ra"]), np.asarray(objects["coord_dec"]))
    distance, row = KDTree(found).query(true)
    inside = np.abs(true).max(axis=1) < _HALF_WIDTH
    is_point = first.radius[lasting] == 0
    flux = {
        band: np.mean([light(visit).flux[lasting] for visit in visits() if visit.band == band], axis=0)
        for band in BANDS_OF_SIM1
    }
    r = 31.4 - 2.5 * np.log10(flux["r"])
    yield "| r | points | found | galaxies | found |\n| --- | --- | --- | --- | --- |"
    for low, high in pairwise(_EDGES):
        cells = [f"{low:g} to {high:g}"]
        for kind in (is_point, ~is_point):
            here = inside & kind & (r >= low) & (r < high)
            part = f"{100 * np.mean(distance[here] < _REACH):.0f} %" if here.any() else ""
            cells += [str(int(here.sum())), part]
        yield f"| {' | '.join(cells)} |"
    near, _ = KDTree(true).query(found[np.abs(found).max(axis=1) < _HALF_WIDTH])
    stray = int((near > 1).sum())
    yield f"\n{len(near)} objects in this area, {stray} of them with nothing within 1″ in the truth.\n"
    apart = KDTree(true).query(true, k=2)[0][:, 1] > 3
    star = inside & apart & (first.identity[lasting] // 1_000_000 == _STARS) & (distance < _REACH)
    yield "| band | stars | median ratio | its scatter | median chi² / 0.455 |"
    yield "| --- | --- | --- | --- | --- |"
    for band in BANDS_OF_SIM1:
        measured, error = (np.asarray(objects[f"{band}_{name}"])[row] for name in ("psfFlux", "psfFluxErr"))
        saturated = np.asarray(objects[f"{band}_pixelFlags_saturated"])[row]
        use = star & (flux[band] > 10 * error) & ~saturated
        ratio, z = (measured / flux[band])[use], ((measured - flux[band]) / error)[use]
        spread = 1.4826 * np.median(np.abs(ratio - np.median(ratio)))
        chi2 = np.median(z**2) / 0.455
        yield f"| {band} | {int(use.sum())} | {np.median(ratio):.4f} | {spread:.4f} | {chi2:.2f} |"


def _offsets(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return [n, 2] arcseconds east and north of the middle."""
    return np.stack([ra - FIELD_CENTRE[0], dec - FIELD_CENTRE[1]], axis=1) * 3600


def _main(folder: Path) -> None:
    repository = Repositories(folder).open(RELEASE)
    objects = repository.butler.get("object", collections=[COLLECTION], skymap=SKYMAP.name, tract=0, patch=0)
    sys.stdout.write("\n".join(compare(objects)) + "\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
