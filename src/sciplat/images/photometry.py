"""How bright things are: in apertures, and by a linear fit of the point-spread function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sep

from sciplat.images.psf import PSF
from sciplat.images.stamps import gather, psf_images

__all__ = [
    "Fluxes",
    "Levels",
    "aperture_fluxes",
    "flags_near",
    "local_levels",
    "psf_fluxes",
    "psf_light_within",
]

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fluxes:
    """Fluxes of positions, in the unit of the image; NaN where nothing could be measured."""

    flux: Doubles
    error: Doubles
    """One standard deviation, from the variance plane."""

    coverage: Doubles
    """Part of the light that fell on pixels that were used, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What the sky around positions is above zero, a pixel."""

    level: Doubles
    """NaN where no pixel around it can be used."""

    error: Doubles
    """One standard deviation of the level."""


def psf_fluxes(
    image: Floats,
    variance: Floats,
    psf: PSF,
    x: Doubles,
    y: Doubles,
    *,
    unusable: Flags | None = None,
    origin: tuple[int, int] = (0, 0),
    levels: Levels | None = None,
) -> Fluxes:
    """Return the fluxes of point sources at known positions.

    A linear least-squares fit of the PSF with equal weights, so that a bright star is not fitted by its wings
    alone: F = Σ P (I - B) / Σ P², σ² = Σ P² V / (Σ P²)² + (s Σ P / Σ P²)², over pixels that can be used.
    The background B, and its error s, are zero unless levels say otherwise.

    Parameters
    ----------
    image, variance
        ``[y, x]``; pixels that are not finite are left out.
    psf
        In pixels of the full image.
    x, y
        Positions in pixels of the array, 0 in the middle of the first.
    unusable
        Pixels to leave out.
    origin
        The array's first pixel in the full image.
    levels
        The background at each position.
    """
    half = max(psf.kernels.shape[2:]) // 2
    model = psf_images(psf, x, y, half, origin)
    rows, columns, inside = gather(image.shape, x, y, half)
    data = image[rows, columns].astype(np.float64)
    noise = variance[rows, columns].astype(np.float64)
    use = inside & np.isfinite(data) & np.isfinite(noise)
    if unusable is not None:
        use &= ~unusable[rows, columns]
    weight = np.where(use, model, 0.0)
    square = np.einsum("nij,nij->n", weight, weight)
    full = np.einsum("nij,nij->n", model, model)
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = np.einsum("nij,nij->n", weight, np.where(use, data, 0.0)) / square
        error = np.sqrt(np.einsum("nij,nij->n", weight**2, np.where(use, noise, 0.0))) / square
        if levels is not None:
            # Of a level in the sky, what the fit takes for flux.
            share = weight.sum(axis=(1, 2)) / square
            flux, error = flux - levels.level * share, np.hypot(error, levels.error * share)
        # Light that fell on pixels in use, weighted as the fit does.
        coverage = square / full
    lost = ~(square > 0) | ~(error > 0)
    return Fluxes(
        np.where(lost, np.nan, flux), np.where(lost, np.nan, error), np.where(full > 0, coverage, 0.0)
    )


def aperture_fluxes(
    image: Floats,
    variance: Floats,
    x: Doubles,
    y: Doubles,
    radius: float | Doubles,
    *,
    unusable: Flags | None = None,
    levels: Levels | None = None,
) -> Fluxes:
    """Return what lies within circles of a radius in pixels, exactly cut at the edge (``sep``).

    Pixels that are left out count as if they were as bright as the mean of the others. With levels the
    background at each position is taken away, and its error is part of the flux's.
    """
    bad = ~np.isfinite(image) | ~np.isfinite(variance)
    if unusable is not None:
        bad |= unusable
    clean = np.where(bad, np.float32(0), image)
    noise = np.where(bad, np.float32(0), variance)
    radii = np.broadcast_to(np.asarray(radius, np.float64), x.shape)
    flux, error, flag = sep.sum_circle(clean, x, y, radii, var=noise, mask=bad, subpix=0)
    used, _, _ = sep.sum_circle(np.where(bad, np.float32(0), np.float32(1)), x, y, radii, subpix=0)
    coverage = np.clip(used / (np.pi * radii**2), 0, 1)
    lost = ~(coverage > 0) | ((flag & sep.APER_ALLMASKED) != 0)
    if levels is not None:
        area = np.pi * radii**2
        flux, error = flux - levels.level * area, np.hypot(error, levels.error * area)
    return Fluxes(np.where(lost, np.nan, flux), np.where(lost, np.nan, error), coverage)


def local_levels(
    image: Floats, x: Doubles, y: Doubles, inner: float, outer: float, unusable: Flags | None = None
) -> Levels:
    """Return the level of the sky in rings around positions: the median without what stands out of it.

    Its error is that of the median of so many pixels, which scatter as they do.

    Parameters
    ----------
    image
        ``[y, x]``; pixels that are not finite are left out.
    x, y
        Pixels of the array.
    inner, outer
        Radii of the rings, pixels.
    unusable
        Pixels to leave out.
    """
    rows, columns, inside = gather(image.shape, x, y, int(np.ceil(outer)))
    distance = np.hypot(rows - y[:, None, None], columns - x[:, None, None])
    use = inside & (distance >= inner) & (distance <= outer) & np.isfinite(image[rows, columns])
    if unusable is not None:
        use &= ~unusable[rows, columns]
    level, error = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for k in range(len(x)):
        values = image[rows[k], columns[k]][use[k]].astype(np.float64)
        width = 0.0
        for _ in range(5):
            if not len(values):
                break
            middle = float(np.median(values))
            width = 1.4826 * float(np.median(np.abs(values - middle)))
            values = values[np.abs(values - middle) <= 3 * width]
        if len(values) > 1:
            level[k] = np.median(values)
            error[k] = np.sqrt(np.pi / 2) * width / np.sqrt(len(values))
    return Levels(level, error)


def psf_light_within(
    psf: PSF, x: Doubles, y: Doubles, radius: float, origin: tuple[int, int] = (0, 0)
) -> Doubles:
    """Return which part of a point source's light lies within a radius in pixels, 0 to 1.

    As far as the kernel reaches: nothing is known of light beyond it.
    """
    result = np.empty(len(x))
    for k, place in enumerate(zip(x + origin[0], y + origin[1], strict=True)):
        kernel = psf.at(*(float(v) for v in place))
        middle = np.array([kernel.shape[1] // 2]), np.array([kernel.shape[0] // 2])
        result[k] = sep.sum_circle(np.ascontiguousarray(kernel), *middle, radius, subpix=0)[0][0]
    return np.clip(result, 0, 1)


def flags_near(
    mask: npt.NDArray[np.int32], x: Doubles, y: Doubles, half: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return which bits are set anywhere within ``half`` pixels of positions, and which within one pixel."""
    results = []
    for reach in (half, 1):
        rows, columns, inside = gather(mask.shape, x, y, reach)
        values = np.where(inside, mask[rows, columns], 0)
        results.append(np.bitwise_or.reduce(values, axis=(1, 2)).astype(np.int32))
    return results[0], results[1]
