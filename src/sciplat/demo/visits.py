"""The twenty visits of ``simwide``: when, where the camera pointed, and how deep they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import BANDS, CENTRE, DETECTORS
from sciplat.demo.streams import stream

__all__ = [
    "EXPOSURE_SECONDS",
    "Visit",
    "horizontal",
    "mjd_to_datetime",
    "moment_of_sidereal_time",
    "visits",
]

EXPOSURE_SECONDS = 4.0
_LATITUDE, _LONGITUDE = -30.2446, -70.7494
_TAI_MINUS_UTC = 37.0 / 86400
_PAIR_GAP = 33.0 / 1440

# Days after the first night; on each, two visits half an hour apart, so that what moves is seen moving.
_FIRST_NIGHT = 60_580
_NIGHTS: tuple[tuple[int, str], ...] = (
    (0, "gr"),
    (3, "iz"),
    (7, "ri"),
    (12, "ug"),
    (20, "zy"),
    (33, "gr"),
    (362, "iz"),
    (368, "ug"),
    (377, "ri"),
    (399, "zy"),
)

# 5-sigma depth for point sources in a typical visit, AB magnitudes.
_DEPTH = {"u": 22.0, "g": 23.5, "r": 23.2, "i": 22.8, "z": 22.2, "y": 21.1}
# Median FWHM, arcseconds.
_SEEING = {"u": 0.92, "g": 0.87, "r": 0.83, "i": 0.80, "z": 0.78, "y": 0.76}


@dataclass(frozen=True, slots=True)
class Visit:
    """One exposure of the whole camera."""

    number: int
    """YYYYMMDD of the evening, then five digits."""

    band: str
    ra: float
    dec: float
    rotation: float
    """The camera on the sky, degrees from north through east."""

    mjd: float
    """Middle of the exposure, MJD in TAI, days."""

    altitude: float
    azimuth: float
    seeing: float
    """FWHM of the point-spread function, arcseconds."""

    depth: npt.NDArray[np.float64]
    """5-sigma limiting magnitude of point sources on each detector."""

    @property
    def band_number(self) -> int:
        """The band, counted from u = 0."""
        return BANDS.index(self.band)

    @property
    def airmass(self) -> float:
        """The airmass of the plane-parallel atmosphere."""
        return float(1.0 / np.sin(np.radians(self.altitude)))

    @property
    def evening(self) -> int:
        """The day on which the night began, days of MJD."""
        return int(np.floor(self.mjd - 0.5))


@cache
def visits() -> tuple[Visit, ...]:
    """Return the visits in the order of time."""
    return tuple(
        _visit(night, second, band)
        for night, (_, pair) in enumerate(_NIGHTS)
        for second, band in enumerate(pair)
    )


def mjd_to_datetime(mjd: float) -> datetime:
    """Return the calendar form of an MJD, in the same time scale."""
    return datetime(1858, 11, 17) + timedelta(days=mjd)  # noqa: DTZ001 (TAI has no time zone)


def _visit(night: int, second: int, band: str) -> Visit:
    day = _FIRST_NIGHT + _NIGHTS[night][0]
    hour_angle = 15.0 * (2.4 * stream("night", night).random() - 1.2)
    spread = stream("visit", night, second).standard_normal(8)
    angle = stream("visit-pointing", night, second).random(3)
    # The dither stays so small that the camera covers the whole field at any rotation.
    dither, towards = 0.025 * np.sqrt(angle[0]), 2 * np.pi * angle[1]
    ra = CENTRE[0] + dither * np.cos(towards)
    dec = CENTRE[1] + dither * np.sin(towards)
    utc = moment_of_sidereal_time(day + 1.0, (ra + hour_angle) % 360.0) + second * _PAIR_GAP
    altitude, azimuth = horizontal(utc, ra, dec)
    worse = 1.0 / np.sin(np.radians(altitude))
    seeing = _SEEING[band] * float(worse**0.6) * float(np.exp(0.10 * spread[0]))
    depth = (
        _DEPTH[band] - 0.5 * (worse - 1.16) - 1.0 * np.log10(seeing / _SEEING[band] / 1.09) + 0.06 * spread[1]
    )
    detectors = 0.02 * stream("visit-detectors", night, second).standard_normal(DETECTORS)
    mjd = utc + _TAI_MINUS_UTC
    evening = mjd_to_datetime(np.floor(mjd - 0.5))
    sequence = round((mjd - 0.5) % 1.0 * 86400 / 40)
    return Visit(
        int(evening.strftime("%Y%m%d")) * 100_000 + sequence,
        band,
        ra,
        dec,
        float(360.0 * angle[2]),
        mjd,
        altitude,
        azimuth,
        seeing,
        np.round(depth + detectors, 3),
    )


def _sidereal(utc: float) -> float:
    """Return the local mean sidereal time, degrees (USNO Circular 163; good to a second here)."""
    return float((280.46061837 + 360.98564736629 * (utc - 51544.5) + _LONGITUDE) % 360.0)


def moment_of_sidereal_time(near: float, sidereal: float) -> float:
    """Return the moment of the day that begins at ``near`` when the local sidereal time is this."""
    return near + ((sidereal - _sidereal(near)) % 360.0) / 360.98564736629


def horizontal(utc: float, ra: float, dec: float) -> tuple[float, float]:
    """Return altitude and azimuth (from north through east), degrees."""
    hour, d, phi = np.radians(_sidereal(utc) - ra), np.radians(dec), np.radians(_LATITUDE)
    altitude = np.arcsin(np.sin(phi) * np.sin(d) + np.cos(phi) * np.cos(d) * np.cos(hour))
    azimuth = np.arctan2(
        -np.cos(d) * np.sin(hour), np.sin(d) * np.cos(phi) - np.cos(d) * np.cos(hour) * np.sin(phi)
    )
    return float(np.degrees(altitude)), float(np.degrees(azimuth) % 360.0)
