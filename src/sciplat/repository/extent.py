"""What a dataset covers beside the sky: its band, and when it was exposed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from astropy.time import Time
from lsst.daf.butler import Butler, Timespan

__all__ = ["Extent", "extent"]


@dataclass(frozen=True, slots=True)
class Extent:
    """What a dataset covers."""

    band: str | None
    time: tuple[float, float] | None
    """From and to, MJD, UTC; None where the dataset has no time, or none is known."""


def extent(butler: Butler, id: uuid.UUID) -> Extent:  # noqa: A002  the Butler's word
    """Return what a dataset covers."""
    ref = butler.get_dataset(id, dimension_records=True)
    if ref is None:
        return Extent(None, None)
    known = ref.dataId.get("band")
    band = None if known is None else str(known)
    for name in ("visit", "exposure"):
        record = ref.dataId.records[name] if name in ref.dimensions else None
        if record is not None:
            return Extent(band, _utc(record.timespan))
    return Extent(band, None)


def _utc(span: Timespan | None) -> tuple[float, float] | None:
    if span is None or not (isinstance(span.begin, Time) and isinstance(span.end, Time)):
        return None
    return float(span.begin.utc.mjd), float(span.end.utc.mjd)
