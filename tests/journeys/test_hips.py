"""A map of the sky, made of the images of the running platform."""

from __future__ import annotations

import io

import astropy.units as u
import numpy as np
import pytest
import requests
from astropy.io import fits
from mocpy import MOC
from support.running import Platform, sciplat

pytestmark = [pytest.mark.journey, pytest.mark.usefixtures("coadds")]


def test_a_map_is_made_while_the_platform_runs_and_says_where_it_has_something(platform: Platform) -> None:
    made = sciplat(platform.home, "hips", "make", "sim1", "--band", "r")
    assert "/api/hips/sim1/r" in made.stdout
    hips = f"{platform.url}/api/hips/sim1/r"

    said = requests.get(f"{hips}/properties", timeout=30)
    moc = MOC.from_fits(io.BytesIO(requests.get(f"{hips}/Moc.fits", timeout=30).content))
    tile = requests.get(f"{hips}/Norder3/Allsky.fits", timeout=30)

    assert said.headers["Content-Type"].startswith("text/plain")
    assert hips in requests.get(f"{platform.url}/api/hips/list", timeout=30).text
    there = moc.contains_lonlat(np.array([25.6, 26.6]) * u.deg, np.array([0.3, 0.3]) * u.deg)
    assert there.tolist() == [True, False]
    assert np.isfinite(fits.getdata(io.BytesIO(tile.content))).any()
