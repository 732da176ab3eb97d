"""The ninety visits of ``sim1``: when, where the camera pointed, and through how much air."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from astropy.wcs import WCS

from sciplat.demo.field import BANDS, CENTRE, PIXEL
from sciplat.demo.streams import stream
from sciplat.demo.visits import horizontal, mjd_to_datetime, moment_of_sidereal_time

__all__ = [
    "BANDS_OF_SIM1",
    "DETECTOR",
    "EXPOSURE_SECONDS",
    "FIELD_CENTRE",
    "HIT_VISIT",
    "SIDE",
    "TELESCOPE",
    "PlannedVisit",
    "tangent_wcs",
    "visits",
]

BANDS_OF_SIM1 = BANDS[:5]
SIDE = 1024
"""Pixels of the detector each way."""

DETECTOR = 0
TELESCOPE = "sciplat-sim1"
EXPOSURE_SECONDS = 30.0

FIELD_CENTRE = (CENTRE[0] + 22 / 3600, CENTRE[1] - 22 / 3600)
"""Beside the target, so that the two brightest stars near it are seen: they saturate."""

_FIRST_NIGHT = 60_580
_NIGHTS = (0, 1, 3, 4, 7, 12, 13, 20, 26, 33, 41, 362, 363, 368, 377, 384, 391, 399)
_GAP = 12.0 / 1440
_TAI_MINUS_UTC = 37.0 / 86400

HIT_VISIT = 37
"""The visit, counted from 0, in which a cosmic ray hits the target star: one in r."""

_ASTRAY = {21: (1.0, 0.3), 55: (-0.8, 1.0), 74: (0.2, -1.0)}
"""Visits that pointed beside the target, and in which direction (east, north)."""

# Median FWHM in arcseconds, and electrons of sky a pixel and visit.
_SEEING = (0.95, 0.90, 0.86, 0.82, 0.80)
_SKY = (420.0, 1300.0, 2000.0, 2600.0, 3200.0)
_DEPTH = (21.3, 22.6, 22.3, 21.9, 21.3)


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One exposure, as it truly was."""

    index: int
    number: int
    """YYYYMMDD of the evening, then five digits."""

    band: str
    ra: float
    dec: float
    """Where the middle of the detector truly pointed, ICRS degrees."""

    rotation: float
    """The detector on the sky, degrees from north through east."""

    pointing_error: tuple[float, float]
    """What the telescope did not know of that: east and north, arcseconds."""

    mjd: float
    """Middle of the exposure, MJD in TAI."""

    altitude: float
    azimuth: float
    seeing: float
    """FWHM of the point-spread function, arcseconds."""

    ellipticity: tuple[float, float]
    transparency: float
    """Part of the light that the clouds let through."""

    sky: float
    """Electrons a pixel."""

    @property
    def band_number(self) -> int:
        """The band, counted from u = 0."""
        return BANDS.index(self.band)

    @property
    def name(self) -> str:
        """The exposure's name, as the camera would give it."""
        return f"S1_{self.number // 100_000}_{self.number % 100_000:05d}"

    @property
    def electrons(self) -> float:
        """Electrons for one nJy."""
        band = self.band_number
        sigma = _SEEING[band] / 2.3548 / PIXEL
        limit = 10 ** (-0.4 * (_DEPTH[band] - 31.4))
        return float(5 * np.sqrt(4 * np.pi * sigma**2 * _SKY[band]) / limit * self.transparency)

    def wcs(self) -> WCS:
        """Return the true world coordinates."""
        return tangent_wcs(self.ra, self.dec, self.rotation)

    def stated_wcs(self) -> WCS:
        """Return the world coordinates that the telescope states."""
        east, north = self.pointing_error
        dec = self.dec - north / 3600
        return tangent_wcs(self.ra - east / 3600 / np.cos(np.radians(dec)), dec, self.rotation - 0.03)


def tangent_wcs(ra: float, dec: float, rotation: float) -> WCS:
    """Return a tangent plane whose detector is turned by ``rotation`` degrees from north through east."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(SIDE + 1) / 2, (SIDE + 1) / 2]
    turn, scale = np.radians(rotation), PIXEL / 3600
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.set()
    return wcs


@cache
def visits() -> tuple[PlannedVisit, ...]:
    """Return the visits in the order of time: ugriz on each of eighteen nights."""
    count = len(BANDS_OF_SIM1)
    return tuple(
        _visit(night, place, night * count + place) for night in range(len(_NIGHTS)) for place in range(count)
    )


def _visit(night: int, place: int, index: int) -> PlannedVisit:
    band = BANDS_OF_SIM1[place]
    number = BANDS.index(band)
    draw = stream("sim1-visit", night, place).random(4)
    spread = np.clip(stream("sim1-visit-spread", night, place).standard_normal(7), -2.5, 2.5)
    turn = np.clip(stream("sim1-night", night).standard_normal(2), -2.5, 2.5)
    radius, towards = 12.0 * np.sqrt(draw[0]), 2 * np.pi * draw[1]
    east, north = radius * np.cos(towards), radius * np.sin(towards)
    if index in _ASTRAY:
        east, north = (150.0 * direction for direction in _ASTRAY[index])
    dec = FIELD_CENTRE[1] + north / 3600
    ra = FIELD_CENTRE[0] + east / 3600 / np.cos(np.radians(dec))
    hour_angle = 15.0 * (2.0 * stream("sim1-hour", night).random() - 1.3)
    utc = moment_of_sidereal_time(_FIRST_NIGHT + _NIGHTS[night] + 1.0, (CENTRE[0] + hour_angle) % 360.0)
    utc += place * _GAP
    altitude, azimuth = horizontal(utc, ra, dec)
    air = 1.0 / np.sin(np.radians(altitude))
    mjd = utc + _TAI_MINUS_UTC
    evening = mjd_to_datetime(np.floor(mjd - 0.5))
    return PlannedVisit(
        index,
        int(evening.strftime("%Y%m%d")) * 100_000 + round((mjd - 0.5) % 1.0 * 86400 / 40),
        band,
        ra,
        dec,
        float(1.2 * turn[0] + 0.1 * spread[0]),
        (float(0.6 * spread[1]), float(0.6 * spread[2])),
        mjd,
        altitude,
        azimuth,
        float(_SEEING[number] * (air / 1.2) ** 0.6 * np.exp(0.09 * turn[1] + 0.06 * spread[3])),
        (float(0.02 * spread[4]), float(0.02 * spread[5])),
        float(1.0 - 0.25 * draw[2] ** 3),
        float(_SKY[number] * (0.85 + 0.3 * draw[3])),
    )
