from __future__ import annotations

import numpy as np
import pytest

from sciplat.demo.field import CENTRE
from sciplat.demo.sim1.plan import HIT_VISIT, SIDE, visits
from sciplat.demo.sim1.reference_stars import reference_stars
from sciplat.demo.sim1.render import CAMERA, bad_pixels, render
from sciplat.demo.sim1.scene import light, scene
from sciplat.images.calibrate import ReferenceStars, calibrate
from sciplat.images.photometry import psf_fluxes

pytestmark = pytest.mark.slow


def stars_of(band: str) -> ReferenceStars:
    table = reference_stars()
    return ReferenceStars(
        *(np.asarray(table[name]) for name in ("coord_ra", "coord_dec", f"{band}_flux", f"{band}_fluxErr"))
    )


def test_ninety_visits_in_five_bands_of_which_87_see_the_target() -> None:
    assert len(visits()) == len({visit.number for visit in visits()}) == 90
    assert {band: sum(visit.band == band for visit in visits()) for band in "ugriz"} == dict.fromkeys(
        "ugriz", 18
    )
    assert all(a.mjd < b.mjd for a, b in zip(visits(), visits()[1:], strict=False))
    places = np.array([visit.wcs().world_to_pixel_values(*CENTRE) for visit in visits()])
    seen = ((places > 10) & (places < SIDE - 11)).all(axis=1)
    assert seen.sum() == 87
    assert (np.abs(places - SIDE / 2).max(axis=1)[~seen] > SIDE / 2 + 20).all()


def test_a_raw_image_is_the_same_each_time_and_another_in_another_visit() -> None:
    once, again, other = (render(visits()[k]).image for k in (11, 11, 16))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert once.min() >= 0
    assert once.max() <= 65_535
    assert np.array_equal(once, np.rint(once))


def test_something_explodes_and_something_moves() -> None:
    found = {int(identity) // 1_000_000 for identity in light(visits()[0]).identity}
    assert found >= {0, 1, 4, 7, 10, 11}
    here = scene().movers
    ra, dec = here.position(visits()[17].mjd)
    assert np.hypot(ra[0] - CENTRE[0], dec[0] - CENTRE[1]) * 3600 < 60
    later = here.position(visits()[18].mjd)
    assert 2 < abs(later[0][0] - ra[0]) * 3600 < 15


def test_a_bright_star_saturates_and_bleeds_along_its_column() -> None:
    visit = next(visit for visit in visits() if visit.band == "r" and visit.seeing < 0.75)
    full = render(visit).image >= CAMERA.saturation
    full &= ~bad_pixels()
    columns = full.sum(axis=0)
    assert columns.max() > 1.5 * full.sum(axis=1).max()
    assert columns.max() > 8


def test_a_cosmic_ray_lies_on_the_target_in_one_visit() -> None:
    visit = visits()[HIT_VISIT]
    assert visit.band == "r"
    calibrated = calibrate(render(visit), CAMERA, stars_of("r"), bad_pixels()).exposure
    x, y = (np.atleast_1d(v) for v in calibrated.wcs.world_to_pixel_values(*CENTRE))
    middle = calibrated.plane("CR")[int(y[0]) - 2 : int(y[0]) + 3, int(x[0]) - 2 : int(x[0]) + 3]
    assert middle.any()
    sources = light(visit)
    expected = sources.flux[sources.identity == 0][0]
    fluxes = psf_fluxes(calibrated.image, calibrated.variance, calibrated.psf, x, y)
    assert fluxes.flux[0] > 1.2 * expected
    assert fluxes.flux[0] - expected > 20 * fluxes.error[0]
    without = psf_fluxes(
        calibrated.image, calibrated.variance, calibrated.psf, x, y, unusable=calibrated.plane("CR")
    )
    assert abs(without.flux[0] / expected - 1) < 0.05


@pytest.mark.parametrize("band", ["u", "g", "i"])
def test_calibrated_images_have_the_fluxes_and_places_of_the_truth(band: str) -> None:
    chi = []
    for visit in [visit for visit in visits() if visit.band == band][2:5]:
        calibrated = calibrate(render(visit), CAMERA, stars_of(band), bad_pixels())
        image = calibrated.exposure
        sources = light(visit)
        points = (
            (sources.radius == 0) & (sources.flux * visit.electrons > 600) & (sources.identity < 10_000_000)
        )
        x, y = image.wcs.world_to_pixel_values(sources.ra[points], sources.dec[points])
        true_x, true_y = visit.wcs().world_to_pixel_values(sources.ra[points], sources.dec[points])
        unusable = image.flagged("BAD", "SAT", "EDGE", "CR")
        fluxes = psf_fluxes(image.image, image.variance, image.psf, x, y, unusable=unusable)
        good = fluxes.coverage > 0.98
        error = np.hypot(fluxes.error, calibrated.scale.error / calibrated.scale.scale * fluxes.flux)
        chi.append(((fluxes.flux - sources.flux[points]) / error)[good])
        assert np.hypot(x - true_x, y - true_y)[good].max() < (0.6 if band == "u" else 0.25)
        assert calibrated.psf.fwhm * 0.2 == pytest.approx(visit.seeing, rel=0.05)
        assert abs(np.median(image.image[~unusable])) < 0.15 * np.sqrt(np.median(image.variance))
    chi = np.concatenate(chi)
    assert len(chi) > 30
    assert abs(np.median(chi)) < 0.5
    # The median of a chi² of one degree of freedom is 0.455; neighbours spoil some.
    assert 0.25 < np.median(chi**2) < 0.8
