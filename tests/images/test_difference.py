from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.star_field import exposure, paint, stars, tangent

from sciplat.errors import UsageError
from sciplat.images.difference import difference, difference_sources
from sciplat.images.photometry import psf_fluxes
from sciplat.images.planes import bits

SIZE = 400
WCS = tangent(25.6, 0.3, SIZE)
FIELD = stars(WCS, SIZE, 40, 2, low=1e3, high=5e4, apart=30)
NEW_X, NEW_Y = (v.ravel() for v in np.meshgrid(np.arange(45.3, 380, 52), np.arange(45.6, 380, 52)))


def pair(seeing: tuple[float, float], changes: float, seed: int = 1):
    science = exposure(WCS, SIZE, FIELD.ra, FIELD.dec, FIELD.flux, fwhm=seeing[0], noise=10, seed=seed)
    template = exposure(WCS, SIZE, FIELD.ra, FIELD.dec, FIELD.flux, fwhm=seeing[1], noise=3, seed=seed + 50)
    image = science.image.copy()
    paint(image, science.psf, NEW_X, NEW_Y, np.full(len(NEW_X), changes))
    return replace(science, image=image), template


@pytest.mark.parametrize("seeing", [(4.5, 3.6), (3.4, 4.2), (4.0, 4.0)])
def test_changes_have_their_flux_and_the_noise_is_white(seeing: tuple[float, float]) -> None:
    science, template = pair(seeing, 1500.0)

    subtracted = difference(science, template, registration=0.0, mismatch=0.0)

    fluxes = psf_fluxes(subtracted.image, subtracted.variance, subtracted.psf, NEW_X, NEW_Y)
    z = (fluxes.flux - 1500.0) / fluxes.error
    assert abs(z.mean()) < 0.5
    assert 0.55 < (z**2).mean() < 1.6
    empty, nothing = pair(seeing, 0.0, seed=9)
    rest = difference(empty, nothing, registration=0.0, mismatch=0.0)
    middle = rest.image[20:-20, 20:-20]
    assert middle.std() == pytest.approx(np.hypot(10, 3), rel=0.03)
    assert abs((middle[:, 1:] * middle[:, :-1]).mean()) < 0.03 * middle.var()


def test_all_that_changed_is_found_in_both_signs_and_hardly_anything_else() -> None:
    science, template = pair((4.2, 3.6), 1200.0)
    image = science.image.copy()
    paint(image, science.psf, FIELD.x[:1], FIELD.y[:1], [-0.5 * FIELD.flux[0] - 1500])
    found = difference_sources(difference(replace(science, image=image), template))

    distance = np.hypot(found.x[:, None] - NEW_X, found.y[:, None] - NEW_Y)
    assert (distance.min(axis=0) < 0.6).mean() > 0.97
    others = distance.min(axis=1) > 2
    faded = np.hypot(found.x - FIELD.x[0], found.y - FIELD.y[0]) < 1
    assert found.flux[faded].max() < 0
    assert (others & ~faded).sum() <= 1
    assert not found.is_dipole.any()


def test_a_constant_star_that_is_a_little_off_is_no_change() -> None:
    template = exposure(WCS, SIZE, FIELD.ra, FIELD.dec, FIELD.flux, fwhm=3.8, noise=3, seed=4)
    moved = tangent(25.6, 0.3, SIZE)
    moved.wcs.crpix = np.asarray(moved.wcs.crpix) + 0.05
    science = replace(
        exposure(moved, SIZE, FIELD.ra, FIELD.dec, FIELD.flux, fwhm=4.3, noise=10, seed=5), wcs=WCS
    )
    assert len(difference_sources(difference(science, template))) <= 1


def test_hits_are_not_changes_and_what_the_template_lacks_is_said() -> None:
    science, template = pair((4.0, 4.0), 0.0)
    image, mask = science.image.copy(), science.mask.copy()
    image[200:204, 100:130] += 9000.0
    mask[200:204, 100:130] |= bits("CR")
    short = template.image.copy()
    short[:, :60] = np.nan

    subtracted = difference(replace(science, image=image, mask=mask), replace(template, image=short))

    assert len(difference_sources(subtracted)) <= 1
    assert subtracted.plane("NO_DATA")[:, :60].all()
    assert np.isnan(subtracted.image[:, :60]).all()


def test_images_that_do_not_fit_are_an_error() -> None:
    science, template = pair((4.0, 4.0), 0.0)
    with pytest.raises(UsageError, match="the template"):
        difference(science, replace(template, origin=(3, 0)))
    with pytest.raises(UsageError, match="variance and PSF"):
        difference(science, replace(template, psf=None))
    with pytest.raises(UsageError, match="no usable pixel"):
        difference(science, replace(template, image=np.full_like(template.image, np.nan)))
