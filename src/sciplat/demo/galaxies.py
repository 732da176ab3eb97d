"""Galaxies: counts, redshifts, spectra from red to blue, sizes, and groups and clusters of them."""

from __future__ import annotations

import numpy as np

from sciplat.demo.field import BANDS
from sciplat.demo.population import EXTINCTION, Floats, Population, reddening, uniform_positions
from sciplat.demo.stars import completeness
from sciplat.demo.streams import stream

__all__ = ["galaxies", "galaxy_colours", "quasar_magnitudes"]

# F_nu at rest wavelengths (Angstrom) of an old and of a star-forming galaxy; spectra between them are mixed
# in the logarithm.
_WAVELENGTH = np.array(
    [
        700,
        911,
        913,
        1215,
        1217,
        1500,
        2000,
        2500,
        3000,
        3600,
        3850,
        4150,
        4750,
        5400,
        6220,
        7550,
        8690,
        9710,
        13000,
    ]
)
_OLD = np.array(
    [
        1e-4,
        1e-4,
        0.001,
        0.002,
        0.004,
        0.006,
        0.009,
        0.018,
        0.052,
        0.115,
        0.16,
        0.36,
        0.55,
        0.80,
        1.10,
        1.55,
        1.92,
        2.2,
        2.9,
    ]
)
_YOUNG = np.array(
    [
        0.01,
        0.01,
        0.20,
        0.26,
        0.33,
        0.36,
        0.39,
        0.41,
        0.44,
        0.50,
        0.58,
        0.78,
        0.92,
        1.00,
        1.10,
        1.20,
        1.26,
        1.30,
        1.36,
    ]
)

# Effective wavelength and half width of the bands ugrizy, Angstrom.
_BANDS = np.array([[3670, 300], [4830, 650], [6220, 650], [7550, 620], [8690, 500], [9710, 420]])

_MAGNITUDES = np.linspace(14.0, 25.0, 1101)


def _counts() -> Floats:
    """Return relative numbers of galaxies by i: slope 0.6 where space is Euclidean, 0.33 for faint ones."""
    step = _MAGNITUDES - 18.3
    return completeness(_MAGNITUDES) / (10 ** (-0.6 * step) + 10 ** (-0.33 * step))


def galaxy_colours(blueness: Floats, redshift: Floats) -> Floats:
    """Return [n, 6] magnitudes ugrizy, up to a constant, of spectra from old (0) to young (1)."""
    old, young = np.log(_OLD), np.log(_YOUNG)
    magnitudes = np.empty((len(redshift), len(BANDS)))
    # Light between the Lyman lines and here is absorbed more and more with redshift.
    damping = np.exp(-0.0036 * np.clip(1 + redshift, 1, 6) ** 3.46)
    for number, (centre, half) in enumerate(_BANDS):
        total = np.zeros(len(redshift))
        for place in (-0.8, -0.4, 0.0, 0.4, 0.8):
            rest = (centre + place * half) / (1 + redshift)
            mixed = (1 - blueness) * np.interp(rest, _WAVELENGTH, old) + blueness * np.interp(
                rest, _WAVELENGTH, young
            )
            total += np.exp(mixed) * np.where(rest < 1216, damping, 1.0)
        magnitudes[:, number] = -2.5 * np.log10(total)
    return magnitudes


def _redshifts(i: Floats, uniform: Floats) -> Floats:
    """Return redshifts for i magnitudes: p(z) ~ z² exp(-z / z0) (LSST Science Book, section 3.7.2)."""
    x = np.linspace(0.0, 14.0, 1401)
    cumulative = 1 - np.exp(-x) * (1 + x + x * x / 2)
    z0 = np.maximum(0.0417 * i - 0.744, 0.022)
    return 0.004 + z0 * np.interp(uniform, cumulative / cumulative[-1], x)


def galaxies(name: str, code: int, count: int) -> Population:
    """Return galaxies; four in ten of them are in groups and clusters."""
    cumulative = np.cumsum(_counts())
    i = np.interp(stream(name, "magnitude").random(count), cumulative / cumulative[-1], _MAGNITUDES)
    redshift = _redshifts(i, stream(name, "redshift").random(count))
    ra, dec, redshift, crowded = _clustered(name, count, redshift)

    # Old galaxies: among the bright ones and in clusters.
    old_fraction = np.clip(0.42 - 0.055 * (i - 19.0), 0.06, 0.5) * np.clip(1.35 - 0.45 * redshift, 0.2, 1.3)
    old_fraction = np.clip(old_fraction + 0.55 * crowded, 0.0, 0.92)
    is_old = stream(name, "type").random(count) < old_fraction
    spread = stream(name, "blueness").standard_normal(count)
    blueness = np.clip(np.where(is_old, 0.05 + 0.05 * np.abs(spread), 0.66 + 0.17 * spread), 0.0, 1.15)
    magnitudes = galaxy_colours(blueness, redshift)
    inner_dust = np.where(is_old, 0.02, 0.10) * np.abs(stream(name, "dust").standard_normal(count))
    magnitudes += inner_dust[:, None] * EXTINCTION * 1.3
    magnitudes += 0.03 * stream(name, "colours").standard_normal((count, 6))
    magnitudes += (i - magnitudes[:, 3])[:, None] + reddening(ra, dec)[:, None] * EXTINCTION

    size = stream(name, "size").standard_normal(count)
    radius = 0.42 * 10 ** (-0.13 * (i - 22.5) + 0.17 * size - 0.07 * is_old)
    flattening = np.minimum(0.24 * np.sqrt(-2 * np.log1p(-stream(name, "flattening").random(count))), 0.75)
    flattening *= np.where(is_old, 0.7, 1.0)
    angle = 2 * np.pi * stream(name, "angle").random(count)
    bulge = np.clip(np.where(is_old, 0.75, 0.15) + 0.15 * stream(name, "bulge").standard_normal(count), 0, 1)
    return Population(
        name,
        code,
        ra,
        dec,
        magnitudes,
        np.clip(radius, 0.08, 12.0),
        flattening * np.cos(angle),
        flattening * np.sin(angle),
        bulge,
        redshift,
    )


_GROUPS = 3600


def _clustered(name: str, count: int, redshift: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return positions, redshifts and how crowded each place is (0 field to 1 rich cluster).

    A member joins a group of nearly its own redshift, richer ones more often, and lies around its
    centre as in a Plummer sphere; a few members fall outside the field and stay where they would
    have been without the group.
    """
    ra, dec = uniform_positions(name, count)
    centre_ra, centre_dec = uniform_positions(f"{name}-groups", _GROUPS)
    group_redshift = np.sort(
        _redshifts(np.full(_GROUPS, 21.5), stream(name, "group-redshift").random(_GROUPS))
    )
    richness = (1 - stream(name, "richness").random(_GROUPS)) ** -0.75
    richness = np.minimum(richness, 120.0)
    cumulative = np.cumsum(richness)
    own = np.interp(redshift, group_redshift, cumulative)
    jitter = 0.05 * cumulative[-1] * (stream(name, "group").random(count) - 0.5)
    group = np.searchsorted(cumulative, np.clip(own + jitter, 0, cumulative[-1] * 0.999999))

    scale_mpc = 0.16 * (richness / 10) ** 0.33
    u = np.clip(stream(name, "group-radius").random(count), 0, 0.97)
    distance_mpc = 4283 * group_redshift / (1 + group_redshift) / (1 + 0.55 * group_redshift) + 20
    radius = np.degrees((scale_mpc / distance_mpc)[group] * np.sqrt(u / (1 - u)))
    angle = 2 * np.pi * stream(name, "group-angle").random(count)
    new_ra = centre_ra[group] + radius * np.cos(angle)
    new_dec = centre_dec[group] + radius * np.sin(angle)
    inside = (abs(new_ra - 25.6) < 1.0) & (abs(new_dec - 0.3) < 1.0)
    joins = (stream(name, "joins").random(count) < 0.42) & inside
    crowded = np.where(joins, np.clip(np.log10(richness[group]) / 2.0, 0, 1) * np.exp(-radius / 0.12), 0.0)
    return (
        np.where(joins, new_ra, ra),
        np.where(joins, new_dec, dec),
        np.where(joins, group_redshift[group], redshift),
        crowded,
    )


def quasar_magnitudes(name: str, count: int) -> tuple[Floats, Floats]:
    """Return [n, 6] magnitudes and redshifts of quasars: blue in u-g below z = 2.2, then dropping out."""
    i = 16.5 + 6.3 * stream(name, "magnitude").random(count) ** 0.35
    redshift = 0.3 + 3.6 * stream(name, "redshift").random(count) ** 1.25
    slope = -0.45 + 0.2 * stream(name, "slope").standard_normal(count)
    magnitudes = np.empty((count, len(BANDS)))
    lines = np.array(
        [[1216, 0.055, 1.1], [1549, 0.02, 0.42], [2798, 0.02, 0.30], [4861, 0.02, 0.25], [6563, 0.02, 0.8]]
    )
    for number, (centre, half) in enumerate(_BANDS):
        total = np.zeros(count)
        for place in np.linspace(-0.9, 0.9, 9):
            rest = (centre + place * half) / (1 + redshift)
            flux = (rest / 3000) ** -slope
            for line, width, height in lines:
                flux = flux * (1 + height * np.exp(-0.5 * (np.log(rest / line) / width) ** 2))
            forest = np.exp(-0.0036 * np.minimum(1 + redshift, 6) ** 3.46)
            total += flux * np.where(rest < 1216, forest, 1.0) * np.where(rest < 912, 0.15, 1.0)
        magnitudes[:, number] = -2.5 * np.log10(total)
    magnitudes += 0.04 * stream(name, "colours").standard_normal((count, 6))
    return magnitudes + (i - magnitudes[:, 3])[:, None], redshift
