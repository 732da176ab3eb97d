from __future__ import annotations

import numpy as np
import pytest
from support.star_field import exposure, kernel, stars, tangent

from sciplat.images.photometry import (
    aperture_fluxes,
    flags_near,
    local_levels,
    psf_fluxes,
    psf_light_within,
)
from sciplat.images.psf import PSF

SIZE = 400
WCS = tangent(25.6, 0.3, SIZE)


def measured(seed: int, **changed):
    field = stars(WCS, SIZE, 60, seed, low=500, high=50_000, apart=30)
    image = exposure(WCS, SIZE, field.ra, field.dec, field.flux, seed=seed)
    return field, psf_fluxes(image.image, image.variance, image.psf, field.x, field.y, **changed)


def test_psf_fluxes_are_unbiased_and_their_errors_are_what_they_scatter() -> None:
    z = []
    for seed in range(4):
        field, fluxes = measured(seed)
        z.append((fluxes.flux - field.flux) / fluxes.error)
        assert fluxes.coverage.min() > 0.99
    z = np.concatenate(z)
    assert abs(z.mean()) < 3 / np.sqrt(len(z))
    assert 0.85 < (z**2).mean() < 1.17


def test_pixels_left_out_make_errors_larger_and_fluxes_no_different() -> None:
    unusable = np.zeros((SIZE, SIZE), bool)
    unusable[:, ::5] = True

    field, fluxes = measured(7, unusable=unusable)
    _, whole = measured(7)

    z = (fluxes.flux - field.flux) / fluxes.error
    assert abs(z.mean()) < 0.35
    assert 0.6 < (z**2).mean() < 1.5
    assert (fluxes.error > whole.error).all()
    assert 0.6 < np.median(fluxes.coverage) < 0.95


def test_a_position_off_the_image_has_no_flux() -> None:
    image = exposure(WCS, SIZE, [], [], [])
    fluxes = psf_fluxes(
        image.image, image.variance, image.psf, np.array([-50.0, 200.0]), np.array([10.0, 900.0])
    )
    assert np.isnan(fluxes.flux).all()
    assert (fluxes.coverage == 0).all()


def test_a_psf_that_varies_is_taken_where_the_star_is() -> None:
    narrow, wide = kernel(3.0), kernel(6.0)
    psf = PSF(np.array([[narrow, wide]]), first=(0.0, 0.0), step=(SIZE - 1.0, 1.0))
    field = stars(WCS, SIZE, 40, 3, low=2e4, high=2e4, apart=35)
    image = np.zeros((SIZE, SIZE), np.float32)
    for x, y, flux in zip(field.x, field.y, field.flux, strict=True):
        from support.star_field import paint

        paint(image, PSF.constant(psf.at(x, y)), x, y, flux)

    fluxes = psf_fluxes(image, np.ones_like(image), psf, field.x, field.y)

    assert np.allclose(fluxes.flux, field.flux, rtol=0.02)


def test_apertures_hold_the_light_of_their_circle() -> None:
    image = np.full((60, 60), 2.0, np.float32)
    x = y = np.array([30.0])
    fluxes = aperture_fluxes(image, np.full_like(image, 4.0), x, y, 5.0)
    assert fluxes.flux[0] == pytest.approx(2 * np.pi * 25, rel=1e-4)
    assert fluxes.error[0] == pytest.approx(np.sqrt(4 * np.pi * 25), rel=1e-4)
    hole = np.zeros_like(image, bool)
    hole[28:33, 28:33] = True
    again = aperture_fluxes(image, np.full_like(image, 4.0), x, y, 5.0, unusable=hole)
    assert again.flux[0] == pytest.approx(fluxes.flux[0], rel=1e-3)
    assert again.coverage[0] == pytest.approx(1 - 25 / (np.pi * 25), abs=0.01)


def test_flags_are_those_near_and_those_in_the_middle() -> None:
    mask = np.zeros((50, 50), np.int32)
    mask[20, 25], mask[20, 20] = 4, 8
    near, middle = flags_near(mask, np.array([20.0, 40.0]), np.array([20.0, 40.0]), 6)
    assert near.tolist() == [12, 0]
    assert middle.tolist() == [8, 0]


def test_the_sky_around_a_star_is_taken_away_and_its_error_is_in_the_fluxes() -> None:
    field = stars(WCS, SIZE, 25, 8, low=5_000, high=5_000, apart=44)
    image = exposure(WCS, SIZE, field.ra, field.dec, field.flux, seed=8)
    lifted = image.image + 40
    levels = local_levels(lifted, field.x, field.y, 14, 20)
    assert levels.level == pytest.approx(np.full(25, 40), abs=4)
    empty = np.random.default_rng(1).normal(40, 10, (SIZE, SIZE)).astype(np.float32)
    x, y = (each.ravel() for each in np.meshgrid(np.arange(21.0, 380, 42), np.arange(21.0, 380, 42)))
    sky = local_levels(empty, x, y, 14, 20)
    assert 0.6 < np.mean(((sky.level - 40) / sky.error) ** 2) < 1.5

    psf = psf_fluxes(lifted, image.variance, image.psf, field.x, field.y, levels=levels)
    flat = psf_fluxes(image.image, image.variance, image.psf, field.x, field.y)
    wide = aperture_fluxes(lifted, image.variance, field.x, field.y, 10, levels=levels)
    light = psf_light_within(image.psf, field.x, field.y, 10)
    assert 0.98 < light.min() <= light.max() < 1
    assert (psf.error > flat.error).all()
    for flux, error in ((psf.flux, psf.error), (wide.flux / light, wide.error / light)):
        z = (flux - field.flux) / error
        # The wings of the star itself lift the ring by a tenth of an error.
        assert abs(z.mean()) < 0.6
        assert 0.35 < z.var() < 2
