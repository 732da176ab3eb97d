from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, Sip

from sciplat.images import wcs as world
from sciplat.images.grid import TOLERANCE, control_grid, for_browser


def projected(projection: str, crval: tuple[float, float], pixel: float, frame: str = "ICRS") -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"RA---{projection}", f"DEC--{projection}"]
    wcs.wcs.radesys = frame
    wcs.wcs.crval = crval
    wcs.wcs.crpix = [500, 400]
    wcs.wcs.cdelt = [-pixel, pixel]
    wcs.wcs.set()
    return wcs


@pytest.mark.parametrize(
    ("projection", "crval", "pixel"),
    [
        ("SIN", (10.0, 41.0), 1e-3),
        ("ZEA", (0.0, 90.0), 1e-2),
        ("CAR", (0.0, 0.0), 0.1),
        ("STG", (180, -89), 5e-3),
    ],
)
def test_a_control_grid_is_as_near_as_it_says(
    projection: str, crval: tuple[float, float], pixel: float
) -> None:
    wcs = projected(projection, crval, pixel)
    grid = control_grid(wcs, (800, 1000))
    random = np.random.default_rng(8)
    x, y = random.uniform(-0.5, 999.5, 5000), random.uniform(-0.5, 799.5, 5000)
    back_x, back_y = world.pixels(wcs, *grid.at(x, y))

    assert grid.error <= TOLERANCE
    assert np.hypot(back_x - x, back_y - y).max() <= 1.5 * TOLERANCE


def test_tangent_planes_are_told_by_their_cards(make_tangent: Callable[..., WCS]) -> None:
    plain = make_tangent(359.9999, 12.0, (800, 1000))
    distorted = make_tangent(20.0, 12.0, (800, 1000))
    distorted.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    a = np.zeros((3, 3))
    a[2, 0] = 1e-6
    distorted.sip = Sip(a, a.T, None, None, distorted.wcs.crpix)
    distorted.wcs.set()
    for wcs in (plain, distorted):
        told = json.loads(json.dumps(for_browser(wcs, (800, 1000))))
        assert told["kind"] == "cards"
        again = world.read(fits.Header(told["cards"]))
        assert np.allclose(again.all_pix2world([[3, 700]], 0), wcs.all_pix2world([[3, 700]], 0), atol=1e-12)


def test_what_a_browser_does_not_know_comes_as_a_grid() -> None:
    for wcs in (projected("SIN", (10, 41), 1e-3), projected("TAN", (10, 41), 1e-4, "FK5")):
        told = json.loads(json.dumps(for_browser(wcs, (800, 1000))))
        assert told["kind"] == "grid"
        assert told["error"] <= TOLERANCE
        corner = np.array(told["vectors"][-1][-1])
        ra, dec = (np.radians(each[0]) for each in world.sky(wcs, 999.5, 799.5))
        assert corner == pytest.approx([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def test_where_there_is_no_sky_there_is_no_direction() -> None:
    wcs = projected("AIT", (0.0, 0.0), 0.4)
    told = json.loads(json.dumps(for_browser(wcs, (800, 1000))))

    assert told["vectors"][0][0] is None
    middle = len(told["vectors"]) // 2
    assert told["vectors"][middle][middle] is not None
