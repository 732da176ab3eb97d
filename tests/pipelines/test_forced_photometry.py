"""Forced photometry on images that are not yet on one scale, one frame, or free of sky."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from support.star_field import exposure, stars, tangent

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from lsst.pipe.base import NoWorkFound

from sciplat.pipelines.forced_photometry import ForcedPhotometryTask

SIZE = 200
WCS = tangent(25.6, 0.3, SIZE)


@pytest.fixture(scope="module")
def field():
    there = stars(WCS, SIZE, 8, 4, low=2e4, high=2e4, apart=45)
    return there, exposure(WCS, SIZE, there.ra, there.dec, there.flux, seed=4)


def task(**chosen) -> ForcedPhotometryTask:
    config = ForcedPhotometryTask.ConfigClass()
    config.update(doDifference=False, positionDimensions=["instrument"], idColumns=["name"], **chosen)
    return ForcedPhotometryTask(config=config)


def positions(there) -> Table:
    return Table({"name": np.arange(len(there.ra)), "coord_ra": there.ra, "coord_dec": there.dec})


def calibration(**changed) -> Table:
    row = {"visit": 7, "detector": 2, "scale": 1.5, "scaleErr": 0.03, "scatter": 0.01}
    return Table({name: [value] for name, value in {**row, **changed}.items()})


def test_fluxes_come_to_the_common_scale_and_its_error_into_theirs(field) -> None:
    there, image = field
    plain = task().run(image, positions(there), visit=7, detector=2).forced_source
    scaled = (
        task(doCalibration=True)
        .run(image, positions(there), None, calibration(), visit=7, detector=2)
        .forced_source
    )
    assert scaled["psfFlux"] == pytest.approx(1.5 * plain["psfFlux"])
    relative = np.hypot(0.02, 0.01)
    expected = np.hypot(1.5 * plain["psfFluxErr"], relative * scaled["psfFlux"])
    assert scaled["psfFluxErr"] == pytest.approx(expected)
    assert scaled["scaleRelErr"] == pytest.approx(np.full(len(there.ra), 0.02))
    assert (str(plain["psfFlux"].unit), str(scaled["psfFlux"].unit)) == ("nJy", "adu")


def test_an_image_that_is_shifted_is_measured_where_its_stars_are(field) -> None:
    there, image = field
    # The frame of this image is half an arcsecond, two and a half pixels, off.
    moved = replace(image, wcs=tangent(25.6, 0.3 + 0.5 / 3600, SIZE))
    known = calibration(scale=1.0, scaleErr=0.0, scatter=0.0, shift_ra=0.0, shift_dec=0.5)
    right = task().run(image, positions(there), visit=7, detector=2).forced_source
    lost = task().run(moved, positions(there), visit=7, detector=2).forced_source
    found = (
        task(doCalibration=True).run(moved, positions(there), None, known, visit=7, detector=2).forced_source
    )
    assert (lost["psfFlux"] < 0.7 * right["psfFlux"]).all()
    assert found["psfFlux"] == pytest.approx(right["psfFlux"], rel=1e-4)


def test_apertures_are_those_of_all_the_light_above_the_sky_around(field) -> None:
    there, image = field
    lifted = replace(image, image=image.image + 30)
    rows = task(apertures=[9.0], localBackground=[14.0, 20.0]).run(lifted, positions(there)).forced_source
    for name in ("psfFlux", "ap9Flux"):
        z = (np.asarray(rows[name]) - there.flux) / np.asarray(rows[f"{name}Err"])
        assert np.abs(z).max() < 4
        assert not rows[f"{name}_flag"].any()


@pytest.mark.parametrize("changed", [{"visit": 8}, {"scale": np.nan}])
def test_an_image_without_a_scale_is_left_out(field, changed) -> None:
    there, image = field
    with pytest.raises(NoWorkFound, match="no scale"):
        task(doCalibration=True).run(
            image, positions(there), None, calibration(**changed), visit=7, detector=2
        )
