from __future__ import annotations

import numpy as np
import pytest
from support.star_field import kernel, paint

from sciplat.images.cosmic_rays import cosmic_rays
from sciplat.images.psf import PSF


def sky(seed: int, level: float = 1000.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, np.sqrt(level), (200, 200)).astype(np.float32)


def tracks(image: np.ndarray, count: int, charge: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    hit = np.zeros(image.shape, bool)
    for _ in range(count):
        angle, length = rng.uniform(0, np.pi), rng.uniform(3, 20)
        x, y = rng.uniform(25, 175, 2)
        steps = np.arange(0, length, 0.5)
        hit[
            np.rint(y + steps * np.sin(angle)).astype(int), np.rint(x + steps * np.cos(angle)).astype(int)
        ] = True
    image[hit] += charge
    return hit


def test_tracks_are_found_and_hardly_a_pixel_beside_them() -> None:
    image = sky(1)
    hit = tracks(image, 12, 800.0, 2)

    found = cosmic_rays(image, image)

    assert found[hit].mean() > 0.97
    assert (found & ~hit).sum() <= 0.1 * hit.sum()


@pytest.mark.parametrize("fwhm", [3.0, 4.5])
def test_stars_of_any_brightness_are_left_alone(fwhm: float) -> None:
    image = sky(3)
    x, y = (v.ravel() + 0.37 for v in np.meshgrid(np.arange(25, 180, 30.0), np.arange(25, 180, 30.0)))
    paint(image, PSF.constant(kernel(fwhm)), x, y, 10 ** np.linspace(3, 6, len(x)))

    assert cosmic_rays(image, image).sum() <= 3


def test_a_hit_on_a_star_is_seen() -> None:
    image = sky(4)
    paint(image, PSF.constant(kernel(4.0)), 100.2, 100.4, 1e5)
    image[98:103, 101] += 8000.0

    found = cosmic_rays(image, image)

    assert found[98:103, 101].all()
    assert not found[:, :80].any()


def test_noise_alone_and_pixels_to_be_ignored_give_nothing() -> None:
    image = sky(5)
    ignore = np.zeros(image.shape, bool)
    image[50:53, 60:90] = 60_000.0
    ignore[50:53, 60:90] = True
    image[10, 10] = np.nan

    found = cosmic_rays(image, np.abs(np.nan_to_num(image, nan=1000.0)), ignore)

    assert found.sum() <= 1
    assert not found[ignore].any()
