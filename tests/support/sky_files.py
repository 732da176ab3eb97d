"""FITS images as observatories and people leave them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

SHAPE = (40, 50)


def sky_header(ra: float = 10.0, dec: float = 20.0, **cards: object) -> fits.Header:
    """A header with world coordinates of 1 arcsecond pixels, and other cards (``_`` stands for ``-``)."""
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = ra, dec
    header["CRPIX1"], header["CRPIX2"] = SHAPE[1] / 2 + 0.5, SHAPE[0] / 2 + 0.5
    header["CDELT1"], header["CDELT2"] = -1 / 3600, 1 / 3600
    for name, value in cards.items():
        header[name.replace("_", "-")] = value
    return header


def pixels(seed: int = 0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Pixels that are all different."""
    return np.random.default_rng(seed).normal(100, 5, shape).astype(np.float32)


def simple(path: Path, seed: int = 0, **cards: object) -> Path:
    """One image in the first HDU."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.writeto(path, pixels(seed), sky_header(**cards))
    return path
