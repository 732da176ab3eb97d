from __future__ import annotations

import numpy as np
import pytest
from support.star_field import stars, tangent

from sciplat.errors import UsageError
from sciplat.images.astrometry import fit_wcs

SIZE = 800
TRUE = tangent(25.6, 0.3, SIZE, rotation=12.0)


def off(pixels: tuple[float, float], turn: float, scale: float):
    stated = tangent(25.6, 0.3, SIZE, rotation=12.0 + turn, scale=0.2 * scale)
    stated.wcs.crpix = np.asarray(stated.wcs.crpix) + pixels
    return stated


@pytest.mark.parametrize(
    ("pixels", "turn", "scale"), [((0, 0), 0, 1), ((9.0, -6.5), 0.05, 1.0002), ((-11, 4), -0.08, 0.9998)]
)
def test_a_wrong_pointing_is_mended(pixels, turn: float, scale: float) -> None:
    field = stars(TRUE, SIZE, 40, 1)
    rng = np.random.default_rng(2)
    # A third of what is found is no star of the catalog, and a third of the catalog is not found.
    x = np.concatenate([field.x[:27] + rng.normal(0, 0.05, 27), rng.uniform(0, SIZE, 15)])
    y = np.concatenate([field.y[:27] + rng.normal(0, 0.05, 27), rng.uniform(0, SIZE, 15)])

    fit = fit_wcs(off(pixels, turn, scale), x, y, np.linspace(100, 1, len(x)), field.ra, field.dec)

    there_x, there_y = fit.wcs.world_to_pixel_values(field.ra, field.dec)
    assert np.hypot(there_x - field.x, there_y - field.y).max() < 0.12
    assert len(fit.source) >= 25
    assert np.mean(fit.source == fit.reference) > 0.9
    assert 0.02 < fit.scatter < 0.12


def test_three_stars_give_a_shift() -> None:
    field = stars(TRUE, SIZE, 3, 4, apart=150)
    fit = fit_wcs(off((5, 5), 0, 1), field.x, field.y, field.flux, field.ra, field.dec)
    there = fit.wcs.world_to_pixel_values(field.ra, field.dec)
    assert np.allclose(there, (field.x, field.y), atol=0.01)


def test_a_catalog_of_another_place_is_an_error_that_says_so() -> None:
    field = stars(TRUE, SIZE, 20, 5)
    with pytest.raises(UsageError, match="reference catalog"):
        fit_wcs(TRUE, field.x, field.y, field.flux, field.ra + 3, field.dec)
    with pytest.raises(UsageError, match="reference catalog"):
        fit_wcs(TRUE, field.x, field.y, field.flux, field.ra[:0], field.dec[:0])
