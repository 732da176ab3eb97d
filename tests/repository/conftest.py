"""A repository with two visits, two detectors and a skymap."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation, put_observations, put_tracts
from sciplat.repository.store import Repositories
from sciplat.sky import Position
from sciplat.sky.tessellation import Field

SCALE = 1 / 3600
SKYMAP = Field(
    "small", SCALE, patch_size=500, patch_border=20, centre=Position(0.0, 0.0), width=0.3, height=0.3
)


class SimCam(SurveyInstrument):
    name = "SimCam"
    filters = {"g_sim": "g", "r_sim": "r"}  # noqa: RUF012  as a class of a survey says it
    detectors = {0: "S0", 1: "S1"}  # noqa: RUF012


def exposure(ra: float, dec: float, *, seed: int = 0, shape=(300, 400)) -> Exposure:
    """An image whose pixels are all different, in ADU, with everything that one can have."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [ra, dec]
    wcs.wcs.cdelt, wcs.wcs.crpix = [-SCALE, SCALE], [shape[1] / 2 + 0.5, shape[0] / 2 + 0.5]
    random = np.random.default_rng(seed)
    kernel = np.zeros((1, 1, 9, 9))
    kernel[..., 4, 4] = 1
    return Exposure(
        random.normal(100, 3, shape).astype(np.float32),
        wcs,
        mask=random.integers(0, 4, shape, np.int32),
        planes={"BAD": 0, "SAT": 1},
        variance=np.full(shape, 9, np.float32),
        psf=PSF(kernel),
        header=fits.Header({"BUNIT": "adu", "OBJECT": "field"}),
    )


def around(ra: float, dec: float) -> tuple[Position, ...]:
    corners = exposure(ra, dec).wcs.calc_footprint(axes=(400, 300))
    return tuple(Position(float(a), float(d)) for a, d in corners)


@pytest.fixture
def repositories(tmp_path):
    return Repositories(tmp_path / "repositories")


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A repository for reading: visit 1 (g) at RA 0, visit 2 (r) at RA 1 an hour later; detectors 0 and 1."""
    made = Repositories(tmp_path_factory.mktemp("filled")).create("dr1")
    SimCam().register(made.butler.registry)
    begin = Time(61000.0, format="mjd", scale="tai")
    for number, (name, ra) in enumerate((("g_sim", 0.0), ("r_sim", 1.0)), start=1):
        start = begin + (number - 1) * u.hour
        seen = tuple(Footprint(detector, around(ra, 0.2 * detector)) for detector in (0, 1))
        visit = Observation(
            "SimCam", number, f"visit-{number}", name, start, start + 30 * u.s, 30.0, footprints=seen
        )
        put_observations(made.butler, [visit])
        for detector in (0, 1):
            made.put(
                exposure(ra, 0.2 * detector, seed=10 * number + detector),
                "visit_image",
                run="runs/a",
                instrument="SimCam",
                visit=number,
                detector=detector,
            )
    put_tracts(made.butler, SKYMAP, [SKYMAP.tract(0)])
    made.put(exposure(0.0, 0.0), "deep_coadd", run="runs/b", skymap="small", tract=0, patch=0, band="g")
    made.chain("dr1", ["runs/a", "runs/b"])
    yield made
    made.close()
