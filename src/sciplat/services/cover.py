"""Cover the sky: which part of it the images of a release show, as a MOC (MOC 2.0)."""

from __future__ import annotations

import hashlib
import io
from typing import Literal, cast

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from astropy import units as u
from astropy.coordinates import SkyCoord
from mocpy import MOC

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import NotFoundError, UsageError
from sciplat.tiles.store import TileStore

__all__ = ["FORMATS", "CoverService", "Form"]

Form = Literal["fits", "json", "ascii"]

FORMATS: dict[str, str] = {"fits": "application/fits", "json": "application/json", "ascii": "text/plain"}

_MOST_ORDER = 14
"""Cells of 13 arcseconds."""

_TYPE, _REGION = "dataproduct_subtype", "_s_region"


class CoverService:
    """Tells what images cover, by what is written beside them; no repository is opened."""

    def __init__(self, catalogs: CatalogStore, store: TileStore) -> None:
        """Read the footprints in ``catalogs``, and keep what is made of them in ``store``."""
        self._catalogs, self._store = catalogs, store

    def moc(
        self, release: str, *, dataset_type: str | None = None, order: int = 11, form: Form = "fits"
    ) -> bytes:
        """Return the cells that footprints of images meet.

        Parameters
        ----------
        release
            The release; whoever asks may see its images.
        dataset_type
            Of which images; by default of all.
        order
            The finest cells: 0 to 14.
        form
            ``fits``, ``json`` or ``ascii`` (section 4.3).

        Raises
        ------
        UsageError
            The order or the form is none.
        NotFoundError
            There are no such images with a footprint.
        """
        if not 0 <= order <= _MOST_ORDER:
            raise UsageError(
                f"order={order} is not possible; a coverage has cells of order 0 to {_MOST_ORDER}."
            )
        if form not in FORMATS:
            raise UsageError(f"format={form[:40]!r} is unknown; it can be {', '.join(FORMATS)}.")
        known = self._catalogs.manifest().release(release)
        if known is None or known.observations is None:
            raise NotFoundError(f"There are no images of release {release!r}.")
        key = hashlib.blake2b(repr((release, known.observations, dataset_type)).encode(), digest_size=16)
        name = f"moc-{order}-{form}"
        found = self._store.get(key.hexdigest(), name)
        if found is None:
            outlines = self._outlines(release, known.observations, dataset_type)
            if not outlines:
                what = f"No {dataset_type[:60]}" if dataset_type else "No image"
                raise NotFoundError(f"{what} of release {release!r} has a footprint.")
            found = _written(_union(outlines, order), form)
            self._store.put(key.hexdigest(), name, found)
        return found

    def _outlines(self, release: str, file: str, dataset_type: str | None) -> list[tuple[float, ...]]:
        """Return the corners of each footprint once."""
        rows = pq.read_table(self._catalogs.folder / release / file, columns=[_TYPE, _REGION])
        if dataset_type is not None:
            rows = rows.filter(pc.equal(rows[_TYPE], dataset_type))
        return sorted({tuple(outline) for outline in rows[_REGION].to_pylist() if outline})


def _union(outlines: list[tuple[float, ...]], order: int) -> MOC:
    polygons = [
        SkyCoord(corners[::2], corners[1::2], unit=u.deg)
        for corners in (np.asarray(outline) for outline in outlines)
    ]
    mocs = MOC.from_polygons(polygons, max_depth=order)
    return mocs[0] if len(mocs) == 1 else mocs[0].union(*mocs[1:])


def _written(moc: MOC, form: Form) -> bytes:
    if form == "fits":
        content = io.BytesIO()
        moc.serialize("fits").writeto(content)
        return content.getvalue()
    if form == "json":
        return cast("str", moc.to_string("json")).encode()
    return (cast("str", moc.to_string("ascii")).strip() + "\n").encode()
