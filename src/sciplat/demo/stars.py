"""Constant stars: main-sequence stars of disc, thick disc and halo, and white dwarfs.

The numbers follow from the Galaxy's density along this line of sight (l = 152, b = -60; Juric et al. 2008)
and a luminosity function; colours follow the stellar locus (after Covey et al. 2007), through the
photometric parallax of Ivezic et al. (2008). Colours in Rubin's bands are taken to be those of SDSS.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyval

from sciplat.demo.population import Floats, Population, point_sources, uniform_positions
from sciplat.demo.streams import stream

__all__ = ["completeness", "locus", "stars", "white_dwarfs"]

# g-i and along it u-g, g-r, r-i, i-z, z-y of main-sequence stars.
_LOCUS = np.array(
    [
        [0.10, 0.92, 0.13, -0.03, -0.05, -0.03],
        [0.30, 0.95, 0.25, 0.05, 0.01, 0.00],
        [0.50, 1.06, 0.38, 0.12, 0.04, 0.01],
        [0.70, 1.27, 0.53, 0.17, 0.07, 0.03],
        [0.90, 1.56, 0.67, 0.23, 0.11, 0.05],
        [1.20, 1.92, 0.88, 0.32, 0.17, 0.08],
        [1.50, 2.25, 1.08, 0.42, 0.23, 0.11],
        [1.80, 2.44, 1.25, 0.55, 0.31, 0.15],
        [2.10, 2.53, 1.36, 0.74, 0.41, 0.20],
        [2.40, 2.58, 1.41, 0.99, 0.55, 0.27],
        [2.70, 2.61, 1.43, 1.27, 0.71, 0.35],
        [3.00, 2.64, 1.46, 1.54, 0.86, 0.43],
        [3.30, 2.67, 1.51, 1.79, 1.01, 0.52],
        [3.60, 2.70, 1.57, 2.03, 1.15, 0.61],
    ]
)

# Stars a magnitude and cubic parsec near the Sun, by absolute magnitude in r.
_LUMINOSITY = (
    np.array([3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0]),
    np.array([0.9, 2.3, 3.2, 3.6, 3.5, 4.2, 6.3, 8.5, 9.5, 8.0, 6.0, 4.5]) * 1e-3,
)

# Name, local fraction, mean and scatter of [Fe/H], bluest g-i on the main sequence.
_COMPONENTS = (
    ("thin", 0.88, -0.25, 0.20, 0.45),
    ("thick", 0.115, -0.70, 0.20, 0.38),
    ("halo", 0.0045, -1.50, 0.30, 0.26),
)

_SUN_PARSEC, _COS_B, _SIN_B, _COS_L = 8000.0, 0.498, -0.867, -0.883
_STEP_MODULUS, _STEP_MAGNITUDE = 0.1, 0.1
_MODULUS = np.arange(4.0, 20.0, _STEP_MODULUS)
_ABSOLUTE = np.arange(3.0, 14.0, _STEP_MAGNITUDE)


def completeness(i: Floats) -> Floats:
    """Return the fraction of objects of this i magnitude that the survey's coadds would show."""
    return 1.0 / (1.0 + np.exp((i - 23.0) / 0.20))


def locus(colour: Floats) -> Floats:
    """Return [n, 5] colours u-g, g-r, r-i, i-z, z-y of main-sequence stars of this g-i."""
    return np.stack([np.interp(colour, _LOCUS[:, 0], _LOCUS[:, k]) for k in range(1, 6)], axis=-1)


def _absolute(colour: npt.ArrayLike, metallicity: npt.ArrayLike) -> Floats:
    """Return M_r for g-i and [Fe/H] (Ivezic et al. 2008, equations A2 and A7)."""
    x, f = np.asarray(colour, float), np.asarray(metallicity, float)
    sequence = polyval(x, (-5.06, 14.32, -12.97, 6.127, -1.267, 0.0967))
    return np.asarray(sequence + 4.50 - 1.11 * f - 0.18 * f * f)


_GRID_COLOUR = np.linspace(0.1, 3.6, 701)
_GRID_SEQUENCE = _absolute(_GRID_COLOUR, 0.0) - 4.50


def _colour(absolute: Floats, metallicity: Floats) -> Floats:
    """Return g-i of main-sequence stars of absolute magnitude M_r."""
    shift = 4.50 - 1.11 * metallicity - 0.18 * metallicity**2
    return np.interp(absolute - shift, _GRID_SEQUENCE, _GRID_COLOUR)


def _density(component: str, distance: Floats) -> Floats:
    """Return the density relative to the Sun's place, for distances in parsecs."""
    z = distance * _SIN_B
    flat = distance * _COS_B
    radius = np.sqrt(_SUN_PARSEC**2 + flat**2 - 2 * _SUN_PARSEC * flat * _COS_L)
    if component == "thin":
        return np.exp(-np.abs(z) / 300 - (radius - _SUN_PARSEC) / 2600)
    if component == "thick":
        return np.exp(-np.abs(z) / 900 - (radius - _SUN_PARSEC) / 3600)
    elliptical = np.hypot(radius, z / 0.64)
    # Beyond 25 kpc the halo thins out faster (Sesar et al. 2011).
    outer = np.maximum(elliptical / 25_000, 1.0) ** -1.6
    return np.asarray((_SUN_PARSEC / elliptical) ** 2.77 * outer)


@cache
def _cells() -> Floats:
    """Return the expected stars in cells [component, absolute magnitude, distance modulus] of 4 deg²."""
    distance = 10 ** (_MODULUS / 5 + 1)
    volume = 4 * np.radians(1) ** 2 * distance**3 * np.log(10) / 5 * _STEP_MODULUS
    luminosity = np.interp(_ABSOLUTE, *_LUMINOSITY) * _STEP_MAGNITUDE
    cells = []
    for name, fraction, metallicity, _, bluest in _COMPONENTS:
        on_sequence = _absolute(bluest, metallicity) <= _ABSOLUTE
        r_i = locus(_colour(_ABSOLUTE, np.full_like(_ABSOLUTE, metallicity)))[:, 2]
        r = _ABSOLUTE[:, None] + _MODULUS
        seen = completeness(r - r_i[:, None]) * (r > 14.0)
        stars_per_cell = fraction * np.outer(luminosity * on_sequence, volume * _density(name, distance))
        cells.append(stars_per_cell * seen)
    return np.array(cells)


def stars(name: str, code: int, count: int) -> Population:
    """Return main-sequence stars."""
    return point_sources(name, code, uniform_positions(name, count), main_sequence(name, count))


def main_sequence(name: str, count: int) -> Floats:
    """Return [n, 6] magnitudes of main-sequence stars on this line of sight."""
    cumulative = np.cumsum(_cells())
    cell = np.searchsorted(cumulative, stream(name, "cell").random(count) * cumulative[-1], side="right")
    component, row, column = np.unravel_index(cell, _cells().shape)
    absolute = _ABSOLUTE[row] + _STEP_MAGNITUDE * stream(name, "absolute").random(count)
    modulus = _MODULUS[column] + _STEP_MODULUS * stream(name, "modulus").random(count)
    mean, scatter = (np.array([part[k] for part in _COMPONENTS], float)[component] for k in (2, 3))
    metallicity = mean + scatter * np.clip(stream(name, "metallicity").standard_normal(count), -2.5, 2.5)
    bluest = np.array([part[4] for part in _COMPONENTS])[component]
    colours = locus(np.maximum(_colour(absolute, metallicity), bluest - 0.05))
    # Metal-poor stars are brighter in u, where the lines are.
    blue = np.clip((0.9 - colours[:, 1]) / 0.5, 0.0, 1.0)
    colours[:, 0] += 0.18 * blue * (metallicity + 0.6)
    scatter_colours = np.array([0.04, 0.02, 0.015, 0.015, 0.015])
    colours += scatter_colours * stream(name, "colours").standard_normal((count, 5))
    # Unresolved companions brighten one star in three by up to 0.75 magnitudes.
    pair = stream(name, "companion").random(count)
    r = absolute + modulus - 0.75 * np.where(pair < 0.33, pair / 0.33, 0.0) ** 3
    return from_colours(r, colours)


def from_colours(r: Floats, colours: Floats) -> Floats:
    """Return [n, 6] magnitudes ugrizy from r and u-g, g-r, r-i, i-z, z-y."""
    u_g, g_r, r_i, i_z, z_y = colours.T
    g, i = r + g_r, r - r_i
    return np.stack([g + u_g, g, r, i, i - i_z, i - i_z - z_y], axis=-1)


def white_dwarfs(name: str, code: int, count: int) -> Population:
    """Return hydrogen white dwarfs: blue, faint, a few tens in a square degree."""
    g_r = -0.45 + 0.55 * stream(name, "temperature").random(count)
    colours = np.stack(
        [
            np.interp(g_r, [-0.5, -0.3, -0.1, 0.1], [-0.25, 0.25, 0.42, 0.50]),
            g_r,
            np.interp(g_r, [-0.5, 0.1], [-0.34, 0.02]),
            np.interp(g_r, [-0.5, 0.1], [-0.34, -0.04]),
            np.interp(g_r, [-0.5, 0.1], [-0.22, -0.05]),
        ],
        axis=-1,
    )
    colours += 0.02 * stream(name, "colours").standard_normal((count, 5))
    r = 16.0 + 7.0 * stream(name, "magnitude").random(count) ** 0.45
    return point_sources(name, code, uniform_positions(name, count), from_colours(r, colours))
