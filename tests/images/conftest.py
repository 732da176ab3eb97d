"""Small images with known pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF

PIXEL = 0.2 / 3600
PLANES = {"BAD": 0, "SAT": 1, "DETECTED_NEGATIVE": 6}


def tangent(ra: float, dec: float, shape: tuple[int, int], *, pixel: float = PIXEL, turn: float = 0.3) -> WCS:
    """A tangent plane whose reference pixel is near the middle."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [shape[1] / 2 + 0.37, shape[0] / 2 - 0.11]
    cosine, sine = np.cos(turn), np.sin(turn)
    wcs.wcs.cd = np.array([[-cosine, sine], [sine, cosine]]) * pixel
    wcs.wcs.set()
    return wcs


def exposure_at(
    ra: float = 25.6,
    dec: float = 0.3,
    shape: tuple[int, int] = (300, 280),
    *,
    pixel: float = PIXEL,
    turn: float = 0.3,
    origin: tuple[int, int] = (0, 0),
    seed: int = 1,
) -> Exposure:
    """An exposure of noise, all planes filled, a few pixels without a value."""
    random = np.random.default_rng(seed)
    image = random.normal(100, 10, shape).astype(np.float32)
    image[::37, ::41] = np.nan
    y, x = np.mgrid[-3:4, -3:4]
    return Exposure(
        image=image,
        wcs=tangent(ra, dec, shape, pixel=pixel, turn=turn),
        mask=random.integers(0, 128, shape).astype(np.int32),
        planes=PLANES,
        variance=random.uniform(90, 110, shape).astype(np.float32),
        psf=PSF.constant(np.exp(-(x**2 + y**2) / 4)),
        header=fits.Header(
            [("BUNIT", "nJy"), ("BAND", "r"), ("MJD-OBS", 61000.25), ("HIERARCH run name", "u/x")]
        ),
        origin=origin,
    )


@pytest.fixture(scope="session")
def exposure() -> Exposure:
    return exposure_at()


@pytest.fixture(scope="session")
def make_exposure() -> Callable[..., Exposure]:
    return exposure_at


@pytest.fixture(scope="session")
def make_tangent() -> Callable[..., WCS]:
    return tangent
