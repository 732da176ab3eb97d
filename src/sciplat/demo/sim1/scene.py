"""What shines in the footprint of ``sim1``: the truth of ``simwide`` there, and a few events of its own.

The centre of ``simwide`` has no supernova and no asteroid in these nights; so that image differencing has
something to find, ``sim1`` adds some that ``simwide`` does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from sciplat.demo.field import CENTRE
from sciplat.demo.population import Floats, Population
from sciplat.demo.sim1.plan import PlannedVisit, visits
from sciplat.demo.transients import Movers, Supernovae, supernovae
from sciplat.demo.truth import truth

__all__ = ["Light", "Scene", "light", "scene"]

_HALF_WIDTH = 0.075
"""Degrees around the target that any visit can see."""

_SUPERNOVAE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """What shines in one visit, arrays of one length."""

    ra: Floats
    dec: Floats
    flux: Floats
    """nJy, total."""

    radius: Floats
    """Half-light radius, arcseconds; 0 for points."""

    e1: Floats
    e2: Floats
    bulge: Floats
    identity: npt.NDArray[np.int64]
    """Population code times 10^6 plus the row there."""

    def __len__(self) -> int:
        return len(self.ra)


@dataclass(frozen=True, slots=True)
class Scene:
    """The truth in the footprint."""

    members: tuple[tuple[Population, npt.NDArray[np.int64]], ...]
    """Populations and the rows that lie there."""

    supernovae: Supernovae
    movers: Movers


@cache
def scene() -> Scene:
    """Return what is there, without regard to time."""
    members = []
    for population in truth().populations:
        near = (np.abs(population.ra - CENTRE[0]) < _HALF_WIDTH) & (
            np.abs(population.dec - CENTRE[1]) < _HALF_WIDTH
        )
        if near.any():
            members.append((population, np.flatnonzero(near)))
    galaxies, rows = next(pair for pair in members if pair[0].name == "galaxies")
    return Scene(tuple(members), _supernovae(galaxies, rows), _movers())


def _supernovae(galaxies: Population, rows: npt.NDArray[np.int64]) -> Supernovae:
    """Return supernovae in near galaxies that every visit sees, at maximum light in one of the seasons."""
    central = np.hypot(galaxies.ra[rows] - CENTRE[0], galaxies.dec[rows] - CENTRE[1]) < 0.022
    hosts = rows[central & (galaxies.redshift[rows] < 0.28) & (galaxies.redshift[rows] > 0.04)]
    few = replace(
        galaxies,
        **{
            name: getattr(galaxies, name)[hosts]
            for name in ("ra", "dec", "magnitudes", "radius", "e1", "e2", "bulge", "redshift")
        },
    )
    events = supernovae("sim1-supernovae", 10, _SUPERNOVAE, few)
    nights = np.array([visit.mjd for visit in visits()])
    when = np.array([4.0, 9.0, 15.0, 365.0, 371.0, 380.0])
    return replace(events, host=hosts[events.host], explosion=np.floor(nights[0]) + when)


def _movers() -> Movers:
    """Return two asteroids and a slow body that pass near the target on some of the nights."""
    nights = np.array([visits()[k].mjd for k in (17, 62, 6)])
    turn = np.radians(22.0)
    rate = np.array([-0.20, -0.16, -0.024])
    return Movers(
        11,
        nights,
        CENTRE[0] + np.array([20.0, -35.0, 30.0]) / 3600,
        CENTRE[1] + np.array([-30.0, 25.0, 40.0]) / 3600,
        rate * np.cos(turn),
        rate * np.sin(turn),
        np.array([18.6, 19.4, 20.3])[:, None] + np.array([2.0, 0.6, 0.0, -0.19, -0.16, -0.12]),
        np.array([0.31, 0.22, 0.45]),
        np.array([0.15, 0.10, 0.08]),
    )


def light(visit: PlannedVisit) -> Light:
    """Return everything that shines in a visit."""
    parts = list(_parts(visit))
    return Light(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _parts(visit: PlannedVisit) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    band = visit.band_number
    for population, rows in scene().members:
        magnitudes = population.magnitudes[rows, band].copy()
        if population.variation is not None:
            magnitudes += [population.variation(slice(row, row + 1), band, visit.mjd)[0] for row in rows]
        shape = (getattr(population, name)[rows] for name in ("radius", "e1", "e2", "bulge"))
        yield (
            population.ra[rows],
            population.dec[rows],
            10 ** (-0.4 * (magnitudes - 31.4)),
            *shape,
            population.code * 1_000_000 + rows,
        )
    events, bodies = scene().supernovae, scene().movers
    yield _points(events.ra, events.dec, events.flux(band, visit.mjd), events.code)
    yield _points(*bodies.position(visit.mjd), bodies.flux(band, visit.mjd), bodies.code)


def _points(ra: Floats, dec: Floats, flux: Floats, code: int) -> tuple[npt.NDArray[np.generic], ...]:
    zero = np.zeros(len(ra))
    return ra, dec, flux, zero, zero, zero, zero, code * 1_000_000 + np.arange(len(ra))
