"""One population of the truth: what its objects are, object by object, before anybody measures them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import CENTRE, HALF_WIDTH
from sciplat.demo.streams import stream

__all__ = ["EXTINCTION", "Floats", "Population", "Variation", "reddening", "uniform_positions"]

Floats = npt.NDArray[np.float64]

Variation = Callable[[slice, int, float], Floats]
"""Magnitudes by which these rows differ from their mean, in a band (u = 0), at an MJD (TAI)."""

EXTINCTION = np.array([4.145, 3.237, 2.273, 1.684, 1.323, 1.088])
"""Magnitudes in ugrizy for E(B-V) = 1 on the scale of Schlegel et al. (1998); after Schlafly & Finkbeiner
(2011), table 6, for R_V = 3.1."""


@dataclass(frozen=True, slots=True)
class Population:
    """Objects of one kind, as arrays of one length; row ``n`` never changes when more are added."""

    name: str
    code: int
    """0 to 31: part of every identifier."""

    ra: Floats
    dec: Floats
    """ICRS degrees."""

    magnitudes: Floats
    """[n, 6]: mean AB magnitudes in ugrizy as they arrive here, with Galactic extinction."""

    radius: Floats
    """Half-light radius along the geometric mean axis, arcseconds; 0 for a point."""

    e1: Floats
    e2: Floats
    """Ellipticity (a - b) / (a + b) times the cosine and sine of twice the position angle from north
    through east."""

    bulge: Floats
    """Fraction of the light in a de Vaucouleurs bulge; the rest is exponential."""

    redshift: Floats
    """NaN for stars."""

    variation: Variation | None = field(default=None)

    def __len__(self) -> int:
        return len(self.ra)


def uniform_positions(name: str, count: int) -> tuple[Floats, Floats]:
    """Return positions spread evenly over the field."""
    u = stream(name, "ra").random(count)
    v = stream(name, "dec").random(count)
    low, high = (np.sin(np.radians(CENTRE[1] + side * HALF_WIDTH)) for side in (-1, 1))
    return CENTRE[0] + HALF_WIDTH * (2 * u - 1), np.degrees(np.arcsin(low + (high - low) * v))


def reddening(ra: Floats, dec: Floats) -> Floats:
    """Return E(B-V) of the Galaxy's dust, magnitudes: thin cirrus of a few hundredths."""
    x, y = ra - CENTRE[0], dec - CENTRE[1]
    waves = (
        np.sin(3.1 * x + 1.7 * y + 0.4) + 0.7 * np.sin(5.3 * y - 2.2 * x) + 0.4 * np.sin(11.0 * x + 9.0 * y)
    )
    return 0.029 + 0.003 * waves


def point_sources(
    name: str,
    code: int,
    positions: tuple[Floats, Floats],
    magnitudes: Floats,
    variation: Variation | None = None,
    redshift: Floats | None = None,
) -> Population:
    """Return a population of points whose magnitudes are given free of extinction."""
    ra, dec = positions
    zero = np.zeros(len(ra))
    return Population(
        name,
        code,
        ra,
        dec,
        magnitudes + reddening(ra, dec)[:, None] * EXTINCTION,
        zero,
        zero,
        zero,
        zero,
        np.full(len(ra), np.nan) if redshift is None else redshift,
        variation,
    )
