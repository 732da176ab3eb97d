"""Many images of one field compared with each other by the stars that they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsqr

from sciplat.errors import UsageError

__all__ = ["Ensemble", "compare"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """How each image of a field differs from their mean, and the stars that say so."""

    scale: Doubles
    """Of each image: fluxes are to be multiplied with it; the mean of its logarithm is 0 in each group."""

    error: Doubles
    """One standard deviation of the scale, from the images' own stars. It is common to all sources in it."""

    scatter: float
    """Relative scatter of a single measurement beyond its error: flat fields, PSFs."""

    shift_ra: Doubles
    shift_dec: Doubles
    """Of each image: its positions minus those of the mean, degrees on the sky (RA times cos Dec)."""

    stars: Integers
    """Of each image: measurements that were used."""

    group: Integers
    """Of each image: scales of images that share no star, not by others either, cannot be compared."""

    ra: Doubles
    dec: Doubles
    flux: Doubles
    """Of each star, on the scale of the mean."""

    used: Flags
    """Of each measurement."""


def compare(
    image: Integers,
    star: Integers,
    flux: Doubles,
    error: Doubles,
    ra: Doubles,
    dec: Doubles,
    *,
    floor: float = 0.0,
) -> Ensemble:
    """Return the scales and shifts of images that agree best with stars being constant and at rest.

    Least squares for all images and all stars at once (Honeycutt 1992, PASP 104, 435). Weights are from the
    errors and a scatter that makes chi² per degree of freedom one; measurements beyond four standard
    deviations, as those of variable stars, are left out, a tenth at a time.

    Parameters
    ----------
    image, star
        Of each measurement, counted from 0 without gaps.
    flux, error
        In the unit of the image; positive.
    ra, dec
        As the image says, degrees.
    floor
        The least scatter: few stars may agree by chance.

    Raises
    ------
    UsageError
        There is no measurement.
    """
    if not len(image):
        raise UsageError("No star was found in any of the images, so that they cannot be compared")
    images, stars = int(image.max()) + 1, int(star.max()) + 1
    value, variance = np.log(flux), (error / flux) ** 2
    used = np.ones(len(image), np.bool_)
    extra = floor**2
    for _ in range(30):
        weight = used / (variance + extra)
        offset, mean = _solve(image, star, value, weight, images, stars)
        residual = value - offset[image] - mean[star]
        freedom = _freedom(image[used], star[used], images, stars)
        extra_before, extra = extra, max(floor**2, _scatter(residual[used], variance[used], freedom))
        far = np.abs(residual) / np.sqrt(variance + extra)
        beyond = used & (far > 4)
        if beyond.any() and freedom > 2:
            worst = np.argsort(-np.where(beyond, far, 0))[: max(1, int(used.sum()) // 10)]
            used[worst[beyond[worst]]] = False
        elif abs(extra - extra_before) < 1e-9:
            break
    weight = used / (variance + extra)
    offset, mean = _solve(image, star, value, weight, images, stars)
    group = _groups(image[used], star[used], images, stars)
    offset, mean = _centred(offset, mean, image, star, group)
    own = np.bincount(image, weight, images)
    with np.errstate(divide="ignore"):
        relative = np.where(own > 0, 1 / np.sqrt(own), np.nan)
    scale = np.where(own > 0, np.exp(-offset), np.nan)
    shift_ra, shift_dec, place_ra, place_dec = _places(image, star, ra, dec, used, group)
    return Ensemble(
        scale,
        scale * relative,
        float(np.sqrt(extra)),
        shift_ra,
        shift_dec,
        np.bincount(image[used], minlength=images),
        group,
        place_ra,
        place_dec,
        np.exp(mean),
        used,
    )


def _solve(
    image: Integers, star: Integers, value: Doubles, weight: Doubles, images: int, stars: int
) -> tuple[Doubles, Doubles]:
    """Return offsets of images and values of stars whose sums are nearest to what was measured."""
    count = len(image)
    root = np.sqrt(weight)
    rows = np.tile(np.arange(count), 2)
    columns = np.concatenate([image, images + star])
    matrix = sparse.csr_matrix((np.tile(root, 2), (rows, columns)), (count, images + stars))
    centre = float(np.median(value))
    found = lsqr(matrix, root * (value - centre), atol=1e-13, btol=1e-13, iter_lim=20_000)[0]
    return found[:images], found[images:] + centre


def _freedom(image: Integers, star: Integers, images: int, stars: int) -> int:
    group = _groups(image, star, images, stars)
    shown = np.unique(image)
    return len(image) - len(shown) - len(np.unique(star)) + len(np.unique(group[shown]))


def _scatter(residual: Doubles, variance: Doubles, freedom: int) -> float:
    """Return the variance to be added to each, so that chi² is the number of degrees of freedom."""
    if freedom < 1:
        return 0.0
    low, high = 0.0, float((residual**2).sum())

    def chi2(extra: float) -> float:
        return float((residual**2 / (variance + extra)).sum())

    if chi2(low) <= freedom:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chi2(middle) > freedom else (low, middle)
    return (low + high) / 2


def _groups(image: Integers, star: Integers, images: int, stars: int) -> Integers:
    links = sparse.csr_matrix((np.ones(len(image)), (image, images + star)), (images + stars,) * 2)
    return np.asarray(connected_components(links, directed=False)[1][:images], np.int64)


def _centred(
    offset: Doubles, mean: Doubles, image: Integers, star: Integers, group: Integers
) -> tuple[Doubles, Doubles]:
    """Return the same solution with the mean of the images' offsets 0 in each group."""
    offset, mean = offset.copy(), mean.copy()
    for each in np.unique(group):
        here = group == each
        middle = offset[here].mean()
        offset[here] -= middle
        mean[np.unique(star[here[image]])] += middle
    return offset, mean


def _places(
    image: Integers, star: Integers, ra: Doubles, dec: Doubles, used: Flags, group: Integers
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Return shifts of images in RA cos Dec and Dec, and places of stars."""
    # Measurements count alike: what moves images against each other is the field, not the photons.
    alike = used.astype(np.float64)
    origin = float(ra[0]), float(np.median(dec))
    shrink = float(np.cos(np.radians(origin[1])))
    east = ((ra - origin[0] + 180) % 360 - 180) * shrink
    stars = int(star.max()) + 1
    (shift_ra, place_ra), (shift_dec, place_dec) = (
        _centred(*_solve(image, star, value, alike, len(group), stars), image, star, group)
        for value in (east, dec - origin[1])
    )
    return shift_ra, shift_dec, (place_ra / shrink + origin[0]) % 360, place_dec + origin[1]
