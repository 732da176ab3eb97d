"""What isn't always there: supernovae in galaxies, and bodies of the Solar System that pass through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import CENTRE
from sciplat.demo.population import EXTINCTION, Floats, Population, reddening
from sciplat.demo.streams import stream

__all__ = ["Movers", "Supernovae", "movers", "supernovae"]


@dataclass(frozen=True, slots=True)
class Supernovae:
    """Exploding stars, each in a galaxy."""

    code: int
    ra: Floats
    dec: Floats
    host: npt.NDArray[np.int64]
    """Row of the galaxy."""

    offset: Floats
    """Distance from its middle, arcseconds."""

    explosion: Floats
    """MJD (TAI) of maximum light."""

    peak: Floats
    """[n, 6]: AB magnitudes at maximum in ugrizy."""

    redshift: Floats

    def flux(self, band: int, mjd: float) -> Floats:
        """Return fluxes, nJy: a rise of days, a decline of weeks, slower in red light and with redshift."""
        days = (mjd - self.explosion) / (1 + self.redshift)
        rise = 4.0
        fall = (12.0, 15.0, 20.0, 23.0, 26.0, 28.0)[band]
        # Bazin et al. (2009), normalised to 1 at its maximum.
        at_peak = rise * np.log(fall / rise - 1)
        height = np.exp(-at_peak / fall) / (1 + np.exp(-at_peak / rise))
        t = days + at_peak
        shape = np.exp(-np.clip(t, -60, 600) / fall) / (1 + np.exp(-np.clip(t, -60, 600) / rise)) / height
        # Before the explosion, some three weeks before maximum, there is nothing.
        return np.where(days > -22, shape, 0.0) * 10 ** (-0.4 * (self.peak[:, band] - 31.4))


def supernovae(name: str, code: int, count: int, hosts: Population) -> Supernovae:
    """Return type Ia-like supernovae at redshifts where this survey can see them.

    A host is picked evenly among the galaxies of redshift 0.03 to 0.45 in the first 100 000 rows, so
    that more galaxies don't change it. There are several times as many as in nature.
    """
    candidates = np.flatnonzero((hosts.redshift[:100_000] > 0.03) & (hosts.redshift[:100_000] < 0.45))
    host = candidates[(stream(name, "host").random(count) * len(candidates)).astype(np.int64)]
    redshift = hosts.redshift[host]
    # From three weeks before the first night to the end of either season.
    u = stream(name, "explosion").random(count)
    season = stream(name, "season").random(count) < 0.55
    explosion = np.where(season, 60_560 + 60 * u, 60_922 + 62 * u)
    distance_modulus = 5 * np.log10(4283 * redshift * (1 + 0.5 * (1 + 0.55) * redshift) / 10) + 30
    absolute = -19.1 + 0.35 * stream(name, "brightness").standard_normal(count)
    # Colours at maximum; the ultraviolet is faint, and redshift brings it into the blue bands.
    colours = np.array([0.8, 0.0, 0.0, 0.45, 0.55, 0.6]) + np.outer(
        redshift, [6.0, 2.4, 0.1, -0.8, -0.9, -0.8]
    )
    radius = (
        hosts.radius[host] * 1.2 * np.sqrt(-2 * np.log1p(-0.97 * stream(name, "offset").random(count))) / 1.5
    )
    angle = 2 * np.pi * stream(name, "angle").random(count)
    ra = hosts.ra[host] + radius / 3600 * np.cos(angle) / np.cos(np.radians(hosts.dec[host]))
    dec = hosts.dec[host] + radius / 3600 * np.sin(angle)
    peak = (absolute + distance_modulus)[:, None] + colours + reddening(ra, dec)[:, None] * EXTINCTION
    return Supernovae(code, ra, dec, host, radius, explosion, peak, redshift)


@dataclass(frozen=True, slots=True)
class Movers:
    """Bodies of the Solar System: asteroids, and a few slow ones beyond Neptune."""

    code: int
    epoch: Floats
    """MJD at which each is nearest to the middle of the field."""

    ra0: Floats
    dec0: Floats
    rate_ra: Floats
    """Degrees a day, along the great circle (that is, times cos(dec))."""

    rate_dec: Floats
    magnitudes: Floats
    """[n, 6]: mean AB magnitudes."""

    spin: Floats
    """Days of one rotation."""

    amplitude: Floats

    def position(self, mjd: float) -> tuple[Floats, Floats]:
        """Return where they are, ICRS degrees; straight lines, good within weeks of ``epoch``."""
        days = mjd - self.epoch
        dec = self.dec0 + self.rate_dec * days
        return self.ra0 + self.rate_ra * days / np.cos(np.radians(CENTRE[1])), dec

    def flux(self, band: int, mjd: float) -> Floats:
        """Return fluxes, nJy."""
        turn = self.amplitude * np.cos(4 * np.pi * (mjd - self.epoch) / self.spin)
        return np.asarray(10 ** (-0.4 * (self.magnitudes[:, band] + turn - 31.4)))


def movers(name: str, code: int, count: int) -> Movers:
    """Return moving bodies; one in eight is slow, as beyond Neptune, the others are main-belt asteroids.

    Each passes near the middle of the field on one of the nights from the 5th before the season's
    first to its last; the ecliptic crosses this part of the sky at a slant, and they retreat near opposition.
    """
    is_slow = np.arange(count) % 8 == 0
    season = np.where(stream(name, "season").random(count) < 0.6, 60_581.0, 60_943.0)
    epoch = season + 35 * stream(name, "epoch").random(count) * np.where(is_slow, 1.0, 0.75)
    spread = stream(name, "motion").standard_normal((count, 2))
    ra0 = CENTRE[0] + 0.75 * (2 * stream(name, "ra").random(count) - 1)
    dec0 = CENTRE[1] + 0.75 * (2 * stream(name, "dec").random(count) - 1)
    along = np.where(is_slow, -0.022 + 0.004 * spread[:, 0], -0.19 + 0.05 * spread[:, 0])
    across = np.where(is_slow, 0.001, 0.02) * spread[:, 1]
    slant = np.radians(22.0)
    r = (
        np.where(is_slow, 21.3, 18.0)
        + np.where(is_slow, 1.2, 4.2) * stream(name, "magnitude").random(count) ** 0.5
    )
    silicate = stream(name, "type").random(count) < 0.6
    colours = np.where(
        silicate[:, None], [2.00, 0.60, 0, -0.19, -0.16, -0.12], [1.80, 0.44, 0, -0.11, -0.14, -0.13]
    )
    return Movers(
        code,
        epoch,
        ra0,
        dec0,
        along * np.cos(slant) - across * np.sin(slant),
        along * np.sin(slant) + across * np.cos(slant),
        r[:, None] + colours,
        0.12 + 0.4 * stream(name, "spin").random(count),
        0.05 + 0.25 * stream(name, "amplitude").random(count),
    )
