"""A small field of stars with known fluxes, as algorithms of image processing need it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.wcs import WCS

from sciplat.images.exposure import Exposure
from sciplat.images.planes import PLANES
from sciplat.images.psf import PSF
from sciplat.images.psf_fit import moffat
from sciplat.images.stamps import gather, psf_images

HALF = 15


@dataclass(frozen=True)
class StarField:
    x: np.ndarray
    y: np.ndarray
    flux: np.ndarray
    ra: np.ndarray
    dec: np.ndarray


def tangent(ra: float, dec: float, size: int, rotation: float = 0.0, scale: float = 0.2) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(size + 1) / 2, (size + 1) / 2]
    turn = np.radians(rotation)
    wcs.wcs.cd = scale / 3600 * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.set()
    return wcs


def kernel(fwhm: float = 4.0, beta: float = 3.5, e1: float = 0.03, e2: float = -0.02) -> np.ndarray:
    return moffat(HALF, fwhm / 2 / np.sqrt(2 ** (1 / beta) - 1), beta, e1, e2)


def paint(image: np.ndarray, psf: PSF, x, y, flux) -> None:
    x, y = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    rows, columns, inside = gather(image.shape, x, y, HALF)
    light = psf_images(psf, x, y, HALF) * np.asarray(flux, float).reshape(-1, 1, 1)
    np.add.at(image, (rows[inside], columns[inside]), light[inside].astype(np.float32))


def stars(
    wcs: WCS, size: int, count: int, seed: int, low: float = 1e3, high: float = 1e5, apart: float = 25
) -> StarField:
    rng = np.random.default_rng(seed)
    x: list[float] = []
    y: list[float] = []
    while len(x) < count:
        u, v = rng.uniform(20, size - 21, 2)
        if not x or np.min(np.hypot(np.array(x) - u, np.array(y) - v)) > apart:
            x.append(u)
            y.append(v)
    flux = low * (high / low) ** rng.random(count)
    ra, dec = wcs.pixel_to_world_values(x, y)
    return StarField(np.array(x), np.array(y), flux, np.asarray(ra), np.asarray(dec))


def exposure(
    wcs: WCS,
    size: int,
    ra,
    dec,
    flux,
    *,
    fwhm: float = 4.0,
    noise: float = 10.0,
    seed: int = 0,
    psf: PSF | None = None,
) -> Exposure:
    """An image of stars with even noise, and errors that say so."""
    psf = psf or PSF.constant(kernel(fwhm))
    image = np.zeros((size, size), np.float32)
    x, y = wcs.world_to_pixel_values(ra, dec)
    paint(image, psf, x, y, flux)
    image += np.random.default_rng(seed).normal(0, noise, image.shape).astype(np.float32)
    variance = np.full(image.shape, noise**2, np.float32)
    return Exposure(image, wcs, np.zeros(image.shape, np.int32), PLANES, variance, psf)
