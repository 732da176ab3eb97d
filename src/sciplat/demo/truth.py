"""The truth behind the simulated survey: everything that shines in the field, before it is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from sciplat.demo.galaxies import galaxies
from sciplat.demo.population import Floats, Population
from sciplat.demo.stars import stars, white_dwarfs
from sciplat.demo.transients import Movers, Supernovae, movers, supernovae
from sciplat.demo.variables import eclipsing_binaries, long_period_variables, quasars, rr_lyrae, target

__all__ = ["BLOCK", "OBJECTS", "Block", "Truth", "object_ids", "truth"]

BLOCK = 10_000
"""Objects that are measured together; noise is drawn block by block, so this never changes."""

OBJECTS = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows of one population."""

    population: Population
    number: int
    rows: slice

    def __len__(self) -> int:
        return len(range(self.rows.start, self.rows.stop))

    def flux(self, band: int, mjd: float) -> Floats:
        """Return fluxes in a band (u = 0) at a time (MJD TAI), nJy, without what explodes in it."""
        magnitudes = self.population.magnitudes[self.rows, band]
        if self.population.variation is not None:
            magnitudes = magnitudes + self.population.variation(self.rows, band, mjd)
        return 10 ** (-0.4 * (magnitudes - 31.4))

    def mean_flux(self, band: int) -> Floats:
        """Return fluxes at mean magnitude, nJy."""
        return np.asarray(10 ** (-0.4 * (self.population.magnitudes[self.rows, band] - 31.4)))

    def unit_moments(self) -> Floats:
        """Return [n, 3] second moments xx, yy, xy of objects of mean radius one; x grows to the west."""
        e1, e2 = self.population.e1[self.rows], self.population.e2[self.rows]
        # The axes are sqrt((1 + e) / (1 - e)) and its inverse; the angle runs from north through east.
        below = 1 - e1 * e1 - e2 * e2
        mean = (2 - below) / below
        return np.stack([mean - 2 * e1 / below, mean + 2 * e1 / below, -2 * e2 / below], axis=-1)

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """The rows' numbers within their population."""
        return np.arange(self.rows.start, self.rows.stop)


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything in the field."""

    populations: tuple[Population, ...]
    supernovae: Supernovae
    movers: Movers

    def blocks(self) -> Iterator[Block]:
        """Return all objects that stay in place, population after population, in blocks."""
        for population in self.populations:
            for number, first in enumerate(range(0, len(population), BLOCK)):
                yield Block(population, number, slice(first, min(first + BLOCK, len(population))))

    def population(self, name: str) -> Population:
        """Return the population of this name; ``KeyError`` if there is none."""
        for population in self.populations:
            if population.name == name:
                return population
        raise KeyError(name)


@cache
def truth() -> Truth:
    """Return the truth of ``simwide``; made once, about 40 MB.

    A new kind of object becomes a new population at the end, under a name and a code of its own;
    more of an old kind is a larger number. Neither changes what is there.
    """
    points = (
        target("target", 0),
        stars("stars", 1, 30_000),
        white_dwarfs("white-dwarfs", 2, 160),
        rr_lyrae("rr-lyrae", 3, 120),
        eclipsing_binaries("eclipsing-binaries", 4, 900),
        long_period_variables("long-period-variables", 5, 60),
        quasars("quasars", 6, 900),
    )
    hosts = galaxies("galaxies", 7, OBJECTS - sum(map(len, points)))
    return Truth((*points, hosts), supernovae("supernovae", 8, 160, hosts), movers("movers", 9, 40))


def object_ids(
    tract: npt.NDArray[np.int64], patch: npt.NDArray[np.int64], code: int, index: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return identifiers that say where an object is and which one of the truth it is.

    Bits from the highest: tract (16), patch (9), population (5), row in the population (32).
    """
    return (tract << 46) | (patch << 37) | (code << 32) | index
