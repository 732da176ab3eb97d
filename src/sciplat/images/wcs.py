"""World coordinates of pixels: shifted and written without losing a digit."""

from __future__ import annotations

import re
from typing import Any

import astropy.units as u
import numpy as np
import numpy.typing as npt
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, Sip, WcsError
from astropy.wcs.utils import wcs_to_celestial_frame

from sciplat.errors import ImageFileError

__all__ = ["cards", "is_icrs", "pixels", "read", "reason", "shifted", "sky", "without"]

Coordinates = npt.NDArray[np.float64]

_OF_WCS = re.compile(
    r"(WCSAXES|CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|LONPOLE|LATPOLE|RADESYS|EQUINOX|WCSNAME"
    r"|(PC|CD|PV|PS)\d+_\d+|(A|B|AP|BP)_(\d_\d|ORDER|DMAX)|CP(DIS|ERR)|DP\d|D2IM|LTV|LTM)[1-9]?[A-Z]?"
)
_OF_CODE = re.compile(r"ERROR \d+ in \w+\(\) at line")
_KEPT = re.compile(
    r"WCSAXES|CTYPE\d|CUNIT\d|LONPOLE|LATPOLE|RADESYS|EQUINOX|PV\d_\d+|(A|B|AP|BP)_(\d_\d|ORDER)"
)


def read(header: fits.Header, hdus: fits.HDUList | None = None) -> WCS:
    """Return the celestial world coordinates of a header.

    Parameters
    ----------
    header
        Cards of one HDU.
    hdus
        The file; needed where a distortion is a table of pixels (``CPDIS``).

    Raises
    ------
    ImageFileError
        The first two axes are not directions on the sky.
    """
    # What is mended here (dates, obsolete units) is not the reader's to mend: astropy's own mending warns.
    if "RADECSYS" in header:
        header = header.copy()
        header.rename_keyword("RADECSYS", "RADESYS")
    try:
        wcs = WCS(header, hdus, fix=False, naxis=2)
        wcs.wcs.fix()
        wcs.wcs.set()
    except WcsError as error:
        raise ImageFileError(f"The world coordinates cannot be understood: {reason(error)}") from error
    # Not WCS.celestial, which swaps the pixels of images whose first axis is the declination.
    if {wcs.wcs.lng, wcs.wcs.lat} != {0, 1}:
        axes = ", ".join(axis for axis in wcs.wcs.ctype if axis) or "none"
        raise ImageFileError(f"The first two axes must be directions on the sky; the header has {axes}")
    if not is_icrs(wcs):
        try:
            wcs_to_celestial_frame(wcs)
        except ValueError as error:
            system = wcs.wcs.radesys or ", ".join(wcs.wcs.ctype)
            raise ImageFileError(f"The system of the world coordinates is not known: {system}") from error
    return wcs


def shifted(wcs: WCS, dx: int, dy: int) -> WCS:
    """Return the world coordinates of pixels whose (0, 0) is pixel (``dx``, ``dy``) of ``wcs``.

    Only reference pixels change (CRPIX, that of SIP and those of distortion tables), so the sky stays
    where it is to the last digits.
    """
    moved = wcs.deepcopy()
    moved.wcs.crpix = [moved.wcs.crpix[0] - dx, moved.wcs.crpix[1] - dy]
    if moved.sip is not None:
        sip = moved.sip
        moved.sip = Sip(sip.a, sip.b, sip.ap, sip.bp, [sip.crpix[0] - dx, sip.crpix[1] - dy])
    for table in (moved.cpdis1, moved.cpdis2, moved.det2im1, moved.det2im2):
        if table is not None:
            table.crval = (table.crval[0] - dx, table.crval[1] - dy)
    moved.pixel_shape = None
    return moved


def cards(wcs: WCS) -> fits.Header:
    """Return the cards of a WCS (FITS 4.0, section 8; SIP; TPV) at full precision.

    astropy's own writing rounds CRPIX, CRVAL and the matrix to 14 digits.
    """
    rough = wcs.to_header(relax=True)
    header = fits.Header()
    for card in rough.cards:
        if _KEPT.fullmatch(card.keyword):
            header.append(card)
    exact: dict[str, Any] = {}
    matrix = wcs.wcs.cd if wcs.wcs.has_cd() else wcs.pixel_scale_matrix
    for i in (1, 2):
        exact[f"CRPIX{i}"] = float(wcs.wcs.crpix[i - 1])
        exact[f"CRVAL{i}"] = float(wcs.wcs.crval[i - 1])
        for j in (1, 2):
            exact[f"CD{i}_{j}"] = float(matrix[i - 1, j - 1])
    for axis, number, value in wcs.wcs.get_pv():
        exact[f"PV{axis}_{number}"] = float(value)
    header.update(exact)
    return header


def sky(wcs: WCS, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Coordinates, Coordinates]:
    """Return RA and Dec, ICRS degrees, of pixels (0-based); NaN where there is no sky."""
    world = wcs.all_pix2world(np.column_stack([np.ravel(x), np.ravel(y)]).astype(np.float64), 0)
    lon, lat = world[:, wcs.wcs.lng], world[:, wcs.wcs.lat]
    if not is_icrs(wcs):
        there = SkyCoord(lon * u.deg, np.clip(lat, -90, 90) * u.deg, frame=wcs_to_celestial_frame(wcs)).icrs
        lon, lat = there.ra.deg, there.dec.deg
    return np.mod(lon, 360.0), lat


def pixels(wcs: WCS, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[Coordinates, Coordinates]:
    """Return the pixels (x, y; 0-based) of positions in ICRS degrees; NaN where the image cannot show them.

    Beyond the image a distortion means nothing: what does not come back to its position is NaN too.
    """
    lon, lat = np.ravel(ra).astype(np.float64), np.ravel(dec).astype(np.float64)
    if not is_icrs(wcs):
        there = SkyCoord(lon * u.deg, lat * u.deg).transform_to(wcs_to_celestial_frame(wcs)).spherical
        lon, lat = there.lon.deg, there.lat.deg
    world = np.empty((lon.size, 2))
    world[:, wcs.wcs.lng], world[:, wcs.wcs.lat] = lon, lat
    found = _inverse(wcs, world)
    back = np.full_like(world, np.nan)
    there = np.isfinite(found).all(axis=1)
    back[there] = wcs.all_pix2world(found[there], 0)
    away = np.hypot(
        ((back[:, wcs.wcs.lng] - lon + 180) % 360 - 180) * np.cos(np.radians(lat)), back[:, wcs.wcs.lat] - lat
    )
    found[~(away < 1e-6 * np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix))) + 1e-12)] = np.nan
    return found[:, 0], found[:, 1]


def _inverse(wcs: WCS, world: Coordinates) -> Coordinates:
    try:
        return np.asarray(wcs.all_world2pix(world, 0, tolerance=1e-8, maxiter=50, quiet=True))
    except WcsError:
        # The inverse of a polynomial that fails for one position fails for all of a call.
        if len(world) == 1:
            return np.full_like(world, np.nan)
        half = len(world) // 2
        return np.vstack([_inverse(wcs, world[:half]), _inverse(wcs, world[half:])])


def is_icrs(wcs: WCS) -> bool:
    """Tell whether the world coordinates are right ascension and declination in ICRS."""
    system, of_date = wcs.wcs.radesys, np.isfinite(wcs.wcs.equinox)
    return wcs.wcs.ctype[wcs.wcs.lng].startswith("RA--") and (system == "ICRS" or not (system or of_date))


def without(header: fits.Header) -> fits.Header:
    """Return the cards of a header that say nothing of world coordinates."""
    kept = [card for card in header.cards if not _OF_WCS.fullmatch(card.keyword)]
    return fits.Header(kept).copy()


def reason(error: Exception) -> str:
    """Return what astropy says is wrong with a header, without the lines about its own code."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = (line.rstrip(".") for line in reversed(lines) if line and not _OF_CODE.match(line))
    return next(told, repr(error))[:200]
