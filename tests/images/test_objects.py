from __future__ import annotations

import numpy as np
import pytest
from support.star_field import StarField, exposure, stars, tangent

from sciplat.errors import UsageError
from sciplat.images.objects import measure_objects

SIZE = 400
WCS = tangent(25.6, 0.3, SIZE)
ALL = stars(WCS, SIZE, 50, 3, low=600, high=4e4, apart=30)
AWAY = np.hypot(ALL.x - 200, ALL.y - 210) > 45
FIELD = StarField(*(getattr(ALL, name)[AWAY] for name in ("x", "y", "flux", "ra", "dec")))
NOISE = {"g": 10.0, "r": 8.0, "i": 14.0}


def coadds():
    images = {
        band: exposure(
            WCS, SIZE, FIELD.ra, FIELD.dec, FIELD.flux * factor, noise=NOISE[band], seed=k, fwhm=fwhm
        )
        for k, (band, factor, fwhm) in enumerate([("g", 0.6, 4.4), ("r", 1.0, 4.0), ("i", 1.3, 3.8)])
    }
    y, x = np.mgrid[:SIZE, :SIZE]
    for image in images.values():
        image.image[:] += (200 * np.exp(-0.5 * ((x - 200.4) ** 2 / 36 + (y - 210.2) ** 2 / 20))).astype(
            np.float32
        )
    return images


def test_stars_are_found_once_measured_in_every_band_and_told_from_galaxies() -> None:
    objects = measure_objects(coadds())

    found = objects.detections
    distance = np.hypot(found.x[:, None] - FIELD.x, found.y[:, None] - FIELD.y)
    near = np.hypot(FIELD.x - 200, FIELD.y - 210) < 30
    assert (distance.min(axis=0)[~near] < 0.5).mean() > 0.97
    assert len(objects) <= len(FIELD.x) + 3
    star = distance.argmin(axis=1)
    is_star = (distance.min(axis=1) < 0.5) & ~near[star]
    for band, factor in {"g": 0.6, "r": 1.0, "i": 1.3}.items():
        measured = objects.bands[band]
        truth = factor * FIELD.flux[star]
        z = ((measured.psf.flux - truth) / measured.psf.error)[is_star]
        assert abs(np.median(z)) < 0.5
        assert 0.6 < (z**2).mean() < 1.8
        ratio = measured.moments[:, :2].sum(axis=1) / measured.psf_moments[:, :2].sum(axis=1)
        bright = is_star & (measured.psf.flux > 30 * measured.psf.error)
        assert np.nanmedian(ratio[bright]) == pytest.approx(1, abs=0.03)
    position = distance.min(axis=1)[is_star] / objects.position_error[is_star]
    assert 0.4 < np.mean(position**2) / 2 < 2.0
    galaxy = np.argmin(np.hypot(found.x - 200.4, found.y - 210.2))
    wide = objects.bands["r"].moments[galaxy]
    assert wide[0] == pytest.approx(36, rel=0.1)
    assert wide[1] == pytest.approx(20, rel=0.1)
    assert objects.bands["r"].kron.flux[galaxy] == pytest.approx(200 * 2 * np.pi * np.sqrt(720), rel=0.1)


def test_coadds_of_different_places_are_an_error() -> None:
    with pytest.raises(UsageError, match="at least one band"):
        measure_objects({})
