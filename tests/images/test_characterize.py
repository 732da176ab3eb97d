from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from scipy import ndimage
from support.star_field import exposure, stars, tangent

from sciplat.errors import UsageError
from sciplat.images.characterize import characterize, own_mask
from sciplat.images.detection import background
from sciplat.images.photometry import psf_fluxes

SIZE = 256
WCS = tangent(25.6, 0.3, SIZE)


def field(**changed):
    """Stars as another pipeline would leave them: with a sky, without PSF and with planes of its own."""
    there = stars(WCS, SIZE, 14, 2, low=2e3, high=1e5, apart=30)
    image = exposure(WCS, SIZE, there.ra, there.dec, there.flux, seed=1)
    image = replace(image, image=image.image + 500, psf=None, mask=None, planes={})
    return there, replace(image, **changed)


def test_a_field_of_stars_tells_its_background_and_its_psf() -> None:
    there, image = field()
    found = characterize(image)
    assert found.background == pytest.approx(500, abs=1.5)
    assert found.psf.fwhm == pytest.approx(4.0, rel=0.03)
    assert found.psf.stars >= 8
    assert found.noise_factor == pytest.approx(1, abs=0.06)
    made = found.exposure
    fluxes = psf_fluxes(made.image, made.variance, made.psf, there.x, there.y)
    z = (fluxes.flux - there.flux) / np.hypot(fluxes.error, 0.01 * there.flux)
    assert np.abs(z).max() < 4


def test_without_weights_the_noise_is_that_of_the_sky_and_of_the_light() -> None:
    there, image = field(variance=None, header=fits.Header({"GAIN": 4.0}))
    made = characterize(image).exposure
    assert np.sqrt(np.median(made.variance)) == pytest.approx(10, rel=0.08)
    brightest = int(there.flux.argmax())
    x, y = int(np.rint(there.x[brightest])), int(np.rint(there.y[brightest]))
    assert made.variance[y, x] == pytest.approx(100 + made.image[y, x] / 4, rel=0.1)


def test_noise_that_neighbours_share_is_seen_on_the_scale_of_stars() -> None:
    rng = np.random.default_rng(5)
    smooth = ndimage.gaussian_filter(rng.normal(0, 1, (SIZE, SIZE)), 0.8)
    _, image = field()
    noisy = np.asarray(smooth / smooth.std() * 10 + 500, np.float32)
    found = characterize(replace(image, image=noisy, header=fits.Header({"FWHM": 4.0})))
    assert found.psf.stars == 0
    assert 2 < found.noise_factor < 3.5


def test_planes_of_others_become_ours_and_what_has_no_weight_is_bad() -> None:
    _, image = field()
    mask = np.zeros((SIZE, SIZE), np.int32)
    mask[10, 10], mask[20, 20], mask[30, 30] = 1, 2, 4
    variance = image.variance.copy()
    variance[40, 40], variance[50, 50] = np.inf, 0
    pixels = image.image.copy()
    pixels[60, 60], pixels[70, 70] = np.nan, 70_000
    made = replace(
        image,
        image=pixels,
        variance=variance,
        mask=mask,
        planes={"BLEED": 0, "BIT1": 1, "CR": 2},
        header=fits.Header({"SATURATE": 60_000.0}),
    )
    ours = replace(made, mask=own_mask(made), planes=characterize(made).exposure.planes)
    where = {
        "SAT": {(10, 10), (70, 70)},
        "SUSPECT": {(20, 20)},
        "CR": {(30, 30)},
        "BAD": {(40, 40), (50, 50)},
        "NO_DATA": {(60, 60)},
    }
    for plane, places in where.items():
        assert set(map(tuple, np.argwhere(ours.plane(plane)).tolist())) == places, plane


def test_a_galaxy_alone_is_no_star_and_the_card_tells_the_psf() -> None:
    y, x = np.mgrid[:51, :41]
    galaxy = 200 * np.exp(-np.hypot(x - 20, y - 26) / 4.5)
    noise = np.random.default_rng(3).normal(0, 5, galaxy.shape)
    _, image = field()
    alone = replace(
        image,
        image=(galaxy + noise + 265).astype(np.float32),
        variance=np.full(galaxy.shape, 25, np.float32),
        header=fits.Header({"FWHM": 3.6}),
    )
    found = characterize(alone)
    assert not found.is_star.any()
    assert (found.psf.stars, found.psf.fwhm) == (0, 3.6)
    # More than half of the only cell is galaxy; the sky is still seen.
    assert found.background == pytest.approx(265, abs=6)
    with pytest.raises(UsageError, match="no card FWHM"):
        characterize(replace(alone, header=fits.Header(), image=(noise + 265).astype(np.float32)))


def test_an_image_without_a_usable_pixel_is_refused() -> None:
    _, image = field(variance=np.full((SIZE, SIZE), np.inf, np.float32))
    with pytest.raises(UsageError, match="Every pixel"):
        characterize(image)


def test_a_background_that_is_mostly_hidden_is_not_zero() -> None:
    image = np.full((60, 60), 300, np.float32) + np.random.default_rng(0).normal(0, 3, (60, 60)).astype("f4")
    hidden = np.zeros(image.shape, bool)
    hidden[:, :40] = True
    assert background(image, hidden)[30, 50] == pytest.approx(300, abs=1)
