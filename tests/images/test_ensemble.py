from __future__ import annotations

import numpy as np
import pytest

from sciplat.errors import UsageError
from sciplat.images.ensemble import compare


def measurements(seed: int, images: int = 5, stars: int = 12, scatter: float = 0.0):
    """All stars in all images; true scales and shifts (degrees)."""
    rng = np.random.default_rng(seed)
    image = np.repeat(np.arange(images), stars)
    star = np.tile(np.arange(stars), images)
    scale = np.exp(rng.normal(0, 0.2, images))
    scale /= np.exp(np.log(scale).mean())
    shift = rng.normal(0, 0.3 / 3600, (images, 2))
    shift -= shift.mean(axis=0)
    true = 10 ** rng.uniform(3, 5, stars)
    error = np.sqrt(true[star] / 4 + 30**2) / scale[image]
    flux = true[star] / scale[image] * (1 + rng.normal(0, scatter, len(star))) + rng.normal(0, error)
    place = rng.uniform(-0.05, 0.05, (stars, 2))
    ra = (0.01 + place[star, 0] + shift[image, 0] / np.cos(np.radians(40))) % 360
    dec = 40 + place[star, 1] + shift[image, 1]
    return image, star, flux, error, ra, dec, scale, shift, true


def test_scales_and_shifts_are_found_to_their_errors() -> None:
    z = []
    for seed in range(20):
        *measured, scale, shift, _ = measurements(seed)
        found = compare(*measured)
        wrong = np.log(found.scale / scale)
        # What all images share cancels: their mean is none by definition.
        z.append((wrong - wrong.mean()) / (found.error / found.scale))
        assert np.allclose(found.shift_ra, shift[:, 0], atol=1e-7)
        assert np.allclose(found.shift_dec, shift[:, 1], atol=1e-7)
        assert found.stars.tolist() == [12] * 5
    z = np.concatenate(z)
    assert 0.6 < (z**2).mean() < 1.3


def test_scatter_beyond_the_errors_is_found_and_widens_those_of_the_scales() -> None:
    quiet = compare(*measurements(1, stars=40)[:6])
    found = compare(*measurements(1, stars=40, scatter=0.03)[:6])
    assert found.scatter == pytest.approx(0.03, rel=0.25)
    assert quiet.scatter < 0.004
    assert (found.error > quiet.error).all()
    assert compare(*measurements(1, stars=40)[:6], floor=0.01).scatter == pytest.approx(0.01, rel=0.1)


def test_a_variable_star_does_not_move_the_scales() -> None:
    image, star, flux, error, ra, dec, scale, _, true = measurements(3)
    bright = int(true.argmax())
    flux[(star == bright) & (image == 2)] *= 1.8
    found = compare(image, star, flux, error, ra, dec)
    assert not found.used[(star == bright) & (image == 2)].any()
    wrong = np.log(found.scale / scale)
    assert np.abs(wrong - wrong.mean()).max() < 5 * (found.error / found.scale).max()


def test_images_that_share_no_star_are_different_groups_each_about_its_own_mean() -> None:
    one, other = measurements(4), measurements(5, images=3)
    joined = [
        np.concatenate([a, b + (a.max() + 1 if k < 2 else 0)])
        for k, (a, b) in enumerate(zip(one[:6], other[:6], strict=True))
    ]
    found = compare(*joined)
    assert len(set(found.group[:5])) == len(set(found.group[5:])) == 1
    assert found.group[0] != found.group[-1]
    for here in (slice(0, 5), slice(5, 8)):
        assert abs(np.log(found.scale[here]).mean()) < 1e-6
        assert abs(found.shift_dec[here].mean()) < 1e-9


def test_without_stars_nothing_can_be_compared() -> None:
    none = np.zeros(0)
    with pytest.raises(UsageError, match="No star was found"):
        compare(none.astype(np.int64), none.astype(np.int64), none, none, none, none)
