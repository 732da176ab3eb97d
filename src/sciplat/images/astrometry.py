"""World coordinates of an image from stars whose positions are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS
from scipy.spatial import KDTree

from sciplat.errors import UsageError

__all__ = ["Astrometry", "fit_wcs"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Astrometry:
    """World coordinates and the stars that gave them."""

    wcs: WCS
    source: npt.NDArray[np.intp]
    reference: npt.NDArray[np.intp]
    """Which source is which star of the reference catalog."""

    scatter: float
    """Root mean square distance along one axis after the fit, pixels, weighted as the fit is."""


def fit_wcs(
    wcs: WCS,
    x: Doubles,
    y: Doubles,
    brightness: Doubles,
    reference_ra: Doubles,
    reference_dec: Doubles,
    *,
    errors: Doubles | None = None,
    search: float = 15.0,
    tolerance: float = 1.5,
) -> Astrometry:
    """Return world coordinates that agree with a reference catalog.

    First a shift, which most pairs of a source and a star within ``search`` pixels agree on; then an affine
    transformation by least squares (a shift alone for fewer than five stars, turned and scaled from five).

    Parameters
    ----------
    wcs
        Where the telescope says that it pointed; its projection and distortion stay.
    x, y, brightness
        Sources, pixels of the array; the brightest count in the search.
    reference_ra, reference_dec
        Stars, ICRS degrees at the time of the exposure.
    errors
        Of the sources' positions, pixels: their weights in the least squares. None: all alike.
    search
        How wrong the pointing may be, pixels.
    tolerance
        How near a source must be to its star after the shift, pixels.

    Raises
    ------
    UsageError
        No star of the catalog is found.
    """
    star_x, star_y = (
        np.asarray(v, np.float64) for v in wcs.world_to_pixel_values(reference_ra, reference_dec)
    )
    finite = np.isfinite(star_x) & np.isfinite(star_y)
    candidates = np.flatnonzero(finite)
    if not len(candidates) or not len(x):
        raise UsageError("The image has no source, or the reference catalog no star, to find its place by")
    bright = np.argsort(-brightness)[: max(60, 2 * len(candidates))]
    stars = np.stack([star_x[candidates], star_y[candidates]], axis=1)
    sources = np.stack([x, y], axis=1)
    shift = _vote(sources[bright], stars, search, tolerance)
    source, star = _pairs(sources, stars + shift, tolerance)
    if not len(source):
        raise UsageError(
            f"No source lies within {search:g} pixels of where a star of the reference catalog should be"
        )
    weights = np.ones(len(x)) if errors is None else 1 / errors
    for _ in range(3):
        matrix, offset = _affine(stars[star], sources[source], weights[source])
        moved = stars @ matrix.T + offset
        distance = np.hypot(*(moved[star] - sources[source]).T)
        reach = max(0.15, min(tolerance, 4 * float(np.median(distance)) + 0.02))
        source, star = _pairs(sources, moved, reach)
        if not len(source):
            raise UsageError("No star of the reference catalog is where the others would have it")
    matrix, offset = _affine(stars[star], sources[source], weights[source])
    residual = stars[star] @ matrix.T + offset - sources[source]
    freedom = max(2 * len(star) - (6 if len(star) >= 5 else 2), 1)
    share = weights[source] ** 2 / np.mean(weights[source] ** 2)
    scatter = float(np.sqrt((share[:, None] * residual**2).sum() / freedom))
    return Astrometry(_moved(wcs, matrix, offset), source, candidates[star], scatter)


def _vote(sources: Doubles, stars: Doubles, search: float, tolerance: float) -> Doubles:
    """Return the shift that most pairs agree on."""
    pairs = KDTree(stars).query_ball_point(sources, search)
    steps = [sources[k] - stars[found] for k, found in enumerate(pairs) if found]
    if not steps:
        raise UsageError(f"No source lies within {search:g} pixels of a star of the reference catalog")
    shifts = np.concatenate(steps)
    counts = np.array([len(found) for found in KDTree(shifts).query_ball_point(shifts, tolerance)])
    best = shifts[np.argmax(counts)]
    near = np.hypot(*(shifts - best).T) <= tolerance
    return np.asarray(np.median(shifts[near], axis=0))


def _pairs(
    sources: Doubles, stars: Doubles, reach: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return sources and stars that are each other's nearest."""
    distance, nearest = KDTree(sources).query(stars, distance_upper_bound=reach)
    star = np.flatnonzero(np.isfinite(distance))
    _, back = KDTree(stars).query(sources[nearest[star]])
    mutual = back == star
    return nearest[star][mutual].astype(np.intp), star[mutual].astype(np.intp)


def _affine(stars: Doubles, sources: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return matrix and offset that bring stars to sources; weights are inverse errors."""
    if len(stars) < 5:
        return np.eye(2), np.average(sources - stars, axis=0, weights=weights**2)
    middle = stars.mean(axis=0)
    basis = np.column_stack([stars - middle, np.ones(len(stars))])
    factors, *_ = np.linalg.lstsq(basis * weights[:, None], sources * weights[:, None], rcond=None)
    matrix = factors[:2].T
    return np.asarray(matrix), np.asarray(factors[2] - matrix @ middle)


def _moved(wcs: WCS, matrix: Doubles, offset: Doubles) -> WCS:
    """Return world coordinates whose pixels are ``matrix @ pixel + offset`` of those before."""
    result = wcs.deepcopy()
    reference = np.asarray(wcs.wcs.crpix) - 1
    result.wcs.crpix = matrix @ reference + offset + 1
    scales = wcs.pixel_scale_matrix @ np.linalg.inv(matrix)
    if result.wcs.has_cd():
        result.wcs.cd = scales
    else:
        result.wcs.pc = scales
        result.wcs.cdelt = [1.0, 1.0]
    result.wcs.set()
    return result
