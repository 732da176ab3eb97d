"""World coordinates of pixels: shifted and written without losing a digit."""

from __future__ import annotations

import re
from typing import Any

from astropy.io import fits
from astropy.wcs import WCS, Sip, WcsError

from sciplat.errors import ImageFileError

__all__ = ["cards", "read", "shifted", "without"]

_OF_WCS = re.compile(
    r"(WCSAXES|CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA|LONPOLE|LATPOLE|RADESYS|EQUINOX|WCSNAME"
    r"|(PC|CD|PV|PS)\d+_\d+|(A|B|AP|BP)_(\d_\d|ORDER|DMAX)|CP(DIS|ERR)|DP\d|D2IM|LTV|LTM)[1-9]?[A-Z]?"
)
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
    wcs = WCS(header, hdus, fix=False)
    wcs.wcs.fix()
    try:
        wcs.wcs.set()
    except WcsError as error:
        raise ImageFileError(f"The world coordinates cannot be understood: {_first_line(error)}") from error
    if {wcs.wcs.lng, wcs.wcs.lat} != {0, 1}:
        axes = ", ".join(wcs.wcs.ctype) or "none"
        raise ImageFileError(
            f"The first two axes are not directions on the sky; axes with world coordinates: {axes}"
        )
    # Not WCS.celestial, which swaps the pixels of images whose first axis is the declination.
    return wcs if wcs.naxis == 2 else wcs.sub([1, 2])


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


def without(header: fits.Header) -> fits.Header:
    """Return the cards of a header that say nothing of world coordinates."""
    return fits.Header([card for card in header.cards if not _OF_WCS.fullmatch(card.keyword)])


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
