from __future__ import annotations

import numpy as np
import pytest
from support.star_field import exposure, kernel, stars, tangent

from sciplat.errors import UsageError
from sciplat.images.photometry import psf_fluxes
from sciplat.images.psf import PSF
from sciplat.images.psf_fit import fit_psf, psf_moments
from sciplat.images.shapes import adaptive_moments

SIZE = 400
WCS = tangent(25.6, 0.3, SIZE)


@pytest.mark.parametrize("fwhm", [3.2, 4.5])
def test_the_psf_of_a_dozen_stars_is_that_which_made_them(fwhm: float) -> None:
    field = stars(WCS, SIZE, 12, 5, low=5e3, high=2e5, apart=40)
    truth = kernel(fwhm, 3.0, 0.05, -0.03)
    image = exposure(WCS, SIZE, field.ra, field.dec, field.flux, psf=PSF.constant(truth))

    fit = fit_psf(image.image, image.variance, field.x + 0.2, field.y - 0.15)

    assert fit.fwhm == pytest.approx(fwhm, rel=0.02)
    assert fit.stars == 12
    assert psf_moments(fit.psf.kernels[0, 0]) == pytest.approx(psf_moments(truth), rel=0.04, abs=0.05)
    fluxes = psf_fluxes(image.image, image.variance, fit.psf, field.x, field.y)
    assert np.median(fluxes.flux / field.flux) == pytest.approx(1, abs=0.01)


def test_neighbours_and_cosmic_rays_do_not_spoil_it() -> None:
    field = stars(WCS, SIZE, 14, 6, low=2e4, high=2e5, apart=40)
    image = exposure(WCS, SIZE, field.ra, field.dec, field.flux)
    pixels = image.image.copy()
    for k in (2, 5, 7):
        x, y = int(field.x[k]), int(field.y[k])
        pixels[y + 6 : y + 9, x - 8 : x - 5] += 3000.0

    fit = fit_psf(pixels, image.variance, field.x, field.y)

    assert fit.fwhm == pytest.approx(4.0, rel=0.03)


def test_without_a_star_there_is_no_psf() -> None:
    image = exposure(WCS, SIZE, [], [], [])
    with pytest.raises(UsageError, match="No star is free"):
        fit_psf(image.image, image.variance, np.array([2.0]), np.array([3.0]))


def test_moments_of_a_gaussian_are_its_covariance() -> None:
    y, x = np.mgrid[:61, :61]
    covariance = np.array([[9.0, 2.0], [2.0, 5.0]])
    inverse = np.linalg.inv(covariance)
    d = np.stack([x - 30.3, y - 29.6], axis=-1)
    image = (100 * np.exp(-0.5 * np.einsum("yxi,ij,yxj->yx", d, inverse, d))).astype(np.float32)

    xx, yy, xy = adaptive_moments(image, np.array([30.3]), np.array([29.6]), sigma=2.0, half=25)

    assert (xx[0], yy[0], xy[0]) == pytest.approx((9.0, 5.0, 2.0), rel=0.01)


def test_moments_of_nothing_are_not_a_number() -> None:
    image = np.zeros((40, 40), np.float32)
    assert np.isnan(adaptive_moments(image, np.array([20.0]), np.array([20.0]), sigma=2.0, half=10)).all()
