"""What varies in brightness and stays in place: pulsating and eclipsing stars, and quasars.

Every light curve is a function of time alone, so that a visit can be added without changing another.
"""

from __future__ import annotations

import numpy as np

from sciplat.demo.field import CENTRE
from sciplat.demo.galaxies import quasar_magnitudes
from sciplat.demo.population import Floats, Population, Variation, point_sources, uniform_positions
from sciplat.demo.stars import from_colours, locus, main_sequence
from sciplat.demo.streams import stream

__all__ = ["eclipsing_binaries", "long_period_variables", "quasars", "rr_lyrae", "target"]

_EPOCH = 60_000.0

# Amplitudes in ugrizy relative to g.
_PULSATION = np.array([0.95, 1.00, 0.71, 0.56, 0.49, 0.47])
_LONG_PERIOD = np.array([1.15, 1.00, 0.85, 0.60, 0.45, 0.38])
_QUASAR = np.array([1.15, 1.00, 0.87, 0.78, 0.72, 0.68])


def _sawtooth(phase: Floats, rise: Floats) -> Floats:
    """Return a light curve that brightens within ``rise`` of a period and fades for the rest.

    Magnitudes for amplitude one, with its brightest moment at phase 0 and mean zero.
    """
    fading = np.clip(phase / (1 - rise), 0, 1)
    rising = np.clip((phase - 1 + rise) / rise, 0, 1)
    # Fast fading that levels off, then a smooth rise; the mean over a period is taken out.
    decline = 1 - (1 - fading) ** 1.6
    climb = 0.5 * (1 + np.cos(np.pi * rising))
    mean = (1 - rise) * (1 - 1 / 2.6) + rise * 0.5
    return np.where(phase < 1 - rise, decline, climb) - mean


def _pulsator(period: Floats, amplitude: Floats, rise: Floats, phase: Floats) -> Variation:
    def variation(rows: slice, band: int, mjd: float) -> Floats:
        when = ((mjd - _EPOCH) / period[rows] + phase[rows]) % 1.0
        return np.asarray(amplitude[rows] * _PULSATION[band] * _sawtooth(when, rise[rows]))

    return variation


def _horizontal_branch(name: str, r: Floats) -> Floats:
    """Return [n, 6] magnitudes of stars in the instability strip."""
    count = len(r)
    g_r = 0.12 + 0.14 * stream(name, "colour").random(count)
    colours = np.stack(
        [np.full(count, 1.13), g_r, 0.42 * g_r - 0.01, 0.2 * g_r - 0.02, 0.1 * g_r - 0.02], axis=-1
    )
    return from_colours(r, colours)


def rr_lyrae(name: str, code: int, count: int) -> Population:
    """Return RR Lyrae stars of the halo: three in four pulsate in the fundamental mode (RRab)."""
    is_ab = stream(name, "mode").random(count) < 0.75
    spread = np.clip(stream(name, "period").standard_normal(count), -2.5, 2.5)
    period = np.where(is_ab, 0.575 + 0.065 * spread, 0.325 + 0.035 * spread)
    noise = np.clip(stream(name, "amplitude").standard_normal(count), -2.5, 2.5)
    # Bailey's diagram: RRab of longer period pulsate less.
    amplitude = np.where(is_ab, 1.0 - 2.4 * (period - 0.575) + 0.15 * noise, 0.48 + 0.06 * noise)
    rise = np.where(is_ab, 0.16, 0.42)
    # Distances 8 to 60 kpc, M_r = 0.6.
    r = 15.1 + 4.4 * stream(name, "distance").random(count)
    return point_sources(
        name,
        code,
        uniform_positions(name, count),
        _horizontal_branch(name, r),
        _pulsator(period, np.clip(amplitude, 0.25, 1.5), rise, stream(name, "phase").random(count)),
    )


def target(name: str, code: int) -> Population:
    """Return the one star in the middle of the field that tutorials look at: an RRab of r = 17.6."""
    one = np.ones(1)
    return point_sources(
        name,
        code,
        (CENTRE[0] * one, CENTRE[1] * one),
        _horizontal_branch(name, 17.6 * one),
        _pulsator(0.5674 * one, 0.92 * one, 0.16 * one, 0.31 * one),
    )


def eclipsing_binaries(name: str, code: int, count: int) -> Population:
    """Return eclipsing binaries: two in three in contact (EW), the others detached (EA)."""
    is_contact = stream(name, "type").random(count) < 0.66
    u = stream(name, "period").random(count)
    period = np.where(is_contact, 0.24 + 0.30 * u**1.5, 0.6 * 14.0**u)
    depth = np.where(is_contact, 0.12 + 0.55 * stream(name, "depth").random(count), 0.0)
    primary = 0.15 + 0.9 * stream(name, "primary").random(count) ** 2
    ratio = 0.15 + 0.75 * stream(name, "secondary").random(count)
    width = 0.018 + 0.045 * stream(name, "width").random(count) * (0.6 / period) ** 0.3
    phase = stream(name, "phase").random(count)

    def variation(rows: slice, band: int, mjd: float) -> Floats:
        when = ((mjd - _EPOCH) / period[rows] + phase[rows] + 0.5) % 1.0 - 0.5
        contact = depth[rows] * (0.5 * np.cos(4 * np.pi * when) + 0.04 * np.cos(2 * np.pi * when))
        first = np.exp(-((when / width[rows]) ** 4))
        second = np.exp(-(((np.abs(when) - 0.5) / width[rows]) ** 4))
        detached = primary[rows] * (first + ratio[rows] * second)
        return np.asarray(np.where(is_contact[rows], contact, detached))

    magnitudes = main_sequence(name, count)
    # Those whose light curves can be followed are found among the brighter stars.
    shift = np.minimum(21.0 - 4.5 * stream(name, "brightness").random(count) - magnitudes[:, 2], 0.0)
    return point_sources(name, code, uniform_positions(name, count), magnitudes + shift[:, None], variation)


def long_period_variables(name: str, code: int, count: int) -> Population:
    """Return red giants that pulsate within months to years."""
    period = 80.0 * 5.5 ** stream(name, "period").random(count)
    amplitude = 0.15 + 2.2 * (period / 440) * stream(name, "amplitude").random(count) ** 1.3
    phase = stream(name, "phase").random(count)
    g_i = 1.9 + 1.2 * stream(name, "colour").random(count)
    r = 14.3 + 3.5 * stream(name, "magnitude").random(count)

    def variation(rows: slice, band: int, mjd: float) -> Floats:
        turn = 2 * np.pi * ((mjd - _EPOCH) / period[rows] + phase[rows])
        shape = np.sin(turn) + 0.2 * np.sin(2 * turn + 1.0)
        return np.asarray(0.5 * amplitude[rows] * _LONG_PERIOD[band] * shape)

    return point_sources(name, code, uniform_positions(name, count), from_colours(r, locus(g_i)), variation)


_WAVES = 32


def quasars(name: str, code: int, count: int) -> Population:
    """Return quasars that vary as a damped random walk of about 0.2 magnitudes (MacLeod et al. 2010).

    The walk is a sum of 32 waves whose frequencies are drawn from its power spectrum: a function of
    time that needs no steps.
    """
    magnitudes, redshift = quasar_magnitudes(name, count)
    timescale = 10 ** (2.3 + 0.3 * stream(name, "timescale").standard_normal(count)) * (1 + redshift)
    sigma = 0.14 * 10 ** (0.16 * stream(name, "sigma").standard_normal(count))
    u = stream(name, "frequency").random((count, _WAVES))
    # The spectrum 1 / (1 + (2 pi f tau)²) is a Lorentz profile; frequencies beyond 1 / (2 days) are left out.
    frequency = np.minimum(np.tan(0.5 * np.pi * u) / (2 * np.pi * timescale[:, None]), 0.5)
    phase = 2 * np.pi * stream(name, "phase").random((count, _WAVES))

    def variation(rows: slice, band: int, mjd: float) -> Floats:
        waves = np.cos(2 * np.pi * frequency[rows] * (mjd - _EPOCH) + phase[rows])
        return np.asarray(sigma[rows] * _QUASAR[band] * np.sqrt(2 / _WAVES) * waves.sum(axis=1))

    return point_sources(name, code, uniform_positions(name, count), magnitudes, variation, redshift)
