"""Rows of measurements under the names of Rubin's Data Preview 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table
from astropy.wcs import WCS

from sciplat.errors import UsageError
from sciplat.images.planes import PLANES

__all__ = ["magnitudes", "object_ids", "pixel_flags", "sky", "source_ids", "table"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_UNITS = {"flux": "nJy", "fluxerr": "nJy", "mag": "mag", "magerr": "mag"}
_DEGREES = {
    "coord_ra",
    "coord_dec",
    "coord_raErr",
    "coord_decErr",
    "ra",
    "dec",
    "raErr",
    "decErr",
}
_PIXELS = {"x", "y", "xErr", "yErr"}


def table(columns: Mapping[str, Any]) -> Table:
    """Return columns as a table, with units where their names say them."""
    result = Table(dict(columns))
    for name in result.colnames:
        last = name.rpartition("_")[2] if "_" in name else name
        kind = next((unit for end, unit in _UNITS.items() if last.lower().endswith(end)), None)
        if name in _DEGREES:
            result[name].unit = "deg"
        elif name in _PIXELS:
            result[name].unit = "pixel"
        elif kind is not None and result[name].dtype.kind == "f":
            result[name].unit = kind
    return result


def source_ids(visit: int, detector: int, count: int) -> Integers:
    """Return identifiers of detections in one image: visit, detector (8 bits), number in the image (14 bits).

    Raises
    ------
    UsageError
        There are more than 16 384, or visit or detector are too large.
    """
    if count > 1 << 14 or detector >= 1 << 8 or visit >= 1 << 41:
        raise UsageError(
            f"Visit {visit}, detector {detector}: identifiers hold visits below 2^41, detectors below "
            f"256 and 16384 sources in an image, not {count}; raise the threshold of detection"
        )
    return (np.int64(visit) << 22) | (np.int64(detector) << 14) | np.arange(count, dtype=np.int64)


def object_ids(tract: int, patch: int, count: int, *, of_changes: bool = False) -> Integers:
    """Return identifiers of objects: tract (16 bits), patch (9), number in the patch (32).

    With ``of_changes`` the bit above is set, so that no ``diaObjectId`` is an ``objectId``.
    """
    first = (np.int64(1) << 62) if of_changes else np.int64(0)
    return first | (np.int64(tract) << 46) | (np.int64(patch) << 37) | np.arange(count, dtype=np.int64)


def sky(wcs: WCS, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
    """Return ICRS degrees of pixels of the array."""
    ra, dec = wcs.pixel_to_world_values(x, y)
    return np.asarray(ra, np.float64) % 360, np.asarray(dec, np.float64)


def magnitudes(flux: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """Return AB magnitudes and errors of fluxes in nJy; NaN where the flux is not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        positive = np.where(flux > 0, flux, np.nan)
        return 31.4 - 2.5 * np.log10(positive), 2.5 / np.log(10) * error / positive


_FLAGS = {
    "bad": "BAD",
    "cr": "CR",
    "edge": "EDGE",
    "nodata": "NO_DATA",
    "saturated": "SAT",
    "suspect": "SUSPECT",
}
_CENTRE = ("cr", "saturated", "suspect")


def pixel_flags(
    near: npt.NDArray[np.int32], centre: npt.NDArray[np.int32]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return columns ``pixelFlags_…``: mask planes within the PSF, and (``…Center``) within a pixel."""
    result = {f"pixelFlags_{name}": _has(near, plane) for name, plane in _FLAGS.items()}
    result.update({f"pixelFlags_{name}Center": _has(centre, _FLAGS[name]) for name in _CENTRE})
    return result


def _has(flags: npt.NDArray[np.int32], plane: str) -> npt.NDArray[np.bool_]:
    return np.asarray((flags & (1 << PLANES[plane])) != 0)
