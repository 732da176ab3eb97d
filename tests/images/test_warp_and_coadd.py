from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.star_field import exposure, stars, tangent

from sciplat.errors import UsageError
from sciplat.images.box import Box
from sciplat.images.coadd import coadd
from sciplat.images.detection import background, detect
from sciplat.images.photometry import psf_fluxes
from sciplat.images.planes import bits
from sciplat.images.warp import covered_box, warp

SIZE = 300
GRID = tangent(25.605, 0.296, 4000)
FIELD = stars(tangent(25.6, 0.3, SIZE), SIZE, 30, 8, low=2e3, high=1e5, apart=32)


def visit(number: int, noise: float = 10.0, fwhm: float = 4.0):
    rng = np.random.default_rng(100 + number)
    wcs = tangent(25.6 + rng.normal(0, 1e-3), 0.3 + rng.normal(0, 1e-3), SIZE, rotation=rng.normal(0, 4))
    return exposure(wcs, SIZE, FIELD.ra, FIELD.dec, FIELD.flux, noise=noise, seed=number, fwhm=fwhm)


def common_box() -> Box:
    boxes = [covered_box(visit(k), GRID) for k in range(2)]
    return Box(boxes[0].x0 - 5, boxes[0].y0 - 5, boxes[0].x1 + 5, boxes[0].y1 + 5)


BOX = common_box()


def inside(x, y, margin: int = 40):
    return (x > margin) & (y > margin) & (x < BOX.width - margin) & (y < BOX.height - margin)


def test_a_warp_keeps_fluxes_and_places() -> None:
    one = visit(3, noise=1.0)
    moved = warp(one, GRID, BOX)
    x, y = moved.wcs.world_to_pixel_values(FIELD.ra, FIELD.dec)
    use = inside(x, y)

    fluxes = psf_fluxes(moved.image, moved.variance, one.psf, x[use], y[use])

    assert use.sum() > 12
    assert np.median(fluxes.flux / FIELD.flux[use]) == pytest.approx(1, abs=0.004)
    assert moved.box == BOX
    found = detect(moved.image, moved.variance, 1.7, ~np.isfinite(moved.image), threshold=50)
    distance = np.hypot(found.x[:, None] - x[use], found.y[:, None] - y[use]).min(axis=0)
    assert np.median(distance) < 0.05
    outside = ~np.isfinite(moved.image)
    assert outside.any()
    assert (moved.mask[outside] == bits("NO_DATA")).all()


def test_mask_bits_reach_all_pixels_that_a_bad_one_touches() -> None:
    one = visit(1)
    mask = one.mask.copy()
    mask[150, 150] = bits("CR")
    moved = warp(replace(one, mask=mask), GRID, BOX)
    ra, dec = one.wcs.pixel_to_world_values(150.0, 150.0)
    x, y = (int(np.rint(v)) for v in moved.wcs.world_to_pixel_values(ra, dec))
    assert moved.plane("CR")[y - 1 : y + 2, x - 1 : x + 2].sum() >= 8
    assert moved.plane("CR").sum() <= 16


def test_a_coadd_is_deeper_unbiased_and_free_of_what_one_image_shows() -> None:
    visits = [visit(k, noise=8.0 + k, fwhm=3.6 + 0.1 * k) for k in range(8)]
    spoilt = visits[2].image.copy()
    spoilt[100:104, 60:200] += 5000.0
    visits[2] = replace(visits[2], image=spoilt)
    warps = [warp(one, GRID, BOX) for one in visits]

    added = coadd(warps, [one.psf for one in visits])

    x, y = added.wcs.world_to_pixel_values(FIELD.ra, FIELD.dec)
    use = inside(x, y)
    fluxes = psf_fluxes(added.image, added.variance, added.psf, x[use], y[use], origin=added.origin)
    z = (fluxes.flux - FIELD.flux[use]) / np.hypot(fluxes.error, 0.002 * FIELD.flux[use])
    assert abs(z.mean()) < 0.7
    assert 0.4 < (z**2).mean() < 1.9
    assert (
        fluxes.error.mean()
        < 0.55 * psf_fluxes(warps[0].image, warps[0].variance, visits[0].psf, x[use], y[use]).error.mean()
    )
    assert added.plane("CLIPPED").sum() > 400
    assert np.nanmax(np.abs(added.image[added.plane("CLIPPED")])) < 3000


def test_an_image_that_reaches_a_corner_alone_is_no_part_of_the_psf() -> None:
    visits = [visit(k, fwhm=4.6) for k in range(3)]
    sharp = visit(3, noise=3.0, fwhm=3.0)
    pixels = sharp.image.copy()
    pixels[:, 100:] = np.nan
    visits.append(replace(sharp, image=pixels))
    warps = [warp(one, GRID, BOX) for one in visits]

    added = coadd(warps, [one.psf for one in visits])

    assert np.allclose(added.psf.kernels, visits[0].psf.kernels, atol=1e-6)


def test_images_of_different_boxes_are_not_added() -> None:
    one = visit(0)
    with pytest.raises(UsageError, match="same box"):
        coadd([warp(one, GRID, BOX), warp(one, GRID, BOX.moved(1, 0))], [one.psf, one.psf])
    with pytest.raises(UsageError, match="at least one"):
        coadd([], [])


def test_a_background_is_found_under_stars() -> None:
    one = visit(0)
    y, x = np.mgrid[:SIZE, :SIZE]
    slope = (200 + 0.2 * x - 0.1 * y).astype(np.float32)
    found = background(one.image + slope, cell=64)
    assert np.abs(found - slope)[20:-20, 20:-20].mean() < 1.5


def test_what_is_bright_enough_is_detected_and_noise_is_not() -> None:
    one = visit(0, noise=10.0)
    found = detect(one.image, one.variance, 1.7)
    x, y = one.wcs.world_to_pixel_values(FIELD.ra, FIELD.dec)
    within = (x > 15) & (y > 15) & (x < SIZE - 16) & (y < SIZE - 16)
    distance = np.hypot(found.x[:, None] - x, found.y[:, None] - y)
    assert (distance.min(axis=0)[within] < 0.5).all()
    assert (distance.min(axis=1) > 3).sum() <= 1
    nothing = detect(np.zeros((50, 50), np.float32), np.ones((50, 50), np.float32), 1.7)
    assert len(nothing) == 0
