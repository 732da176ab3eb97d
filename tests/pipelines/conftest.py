"""A small survey: eight visits of a field of stars, one of which varies, run through all tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from support.star_field import StarField, kernel, paint, stars, tangent

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF
from sciplat.pipelines.run import run_pipeline
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation, put_observations, put_tracts
from sciplat.repository.store import Repositories, Repository
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field
from sciplat.sky.tessellation_record import to_record

SIZE = 320
SKYMAP = Field(
    "small", 0.2 / 3600, patch_size=1000, patch_border=50, centre=Position(25.6, 0.3), width=0.05, height=0.05
)
VARIABLE = 0
BURST_VISIT = 6


class PipeCam(SurveyInstrument):
    name = "PipeCam"
    filters = {"g_sim": "g", "r_sim": "r"}  # noqa: RUF012
    detectors = {0: "S0"}  # noqa: RUF012


@dataclass
class Survey:
    repository: Repository
    stars: StarField
    quanta: dict[str, int] = field(default_factory=dict)

    def flux(self, visit: int) -> np.ndarray:
        """True fluxes, nJy."""
        factor = 0.7 if visit <= 4 else 1.0
        result = self.stars.flux * factor
        if visit == BURST_VISIT:
            result = result.copy()
            result[VARIABLE] *= 1.5
        return result

    def get(self, name: str, **data_id):
        return self.repository.butler.get(name, collections=["all"], **data_id)


def raw(survey: Survey, visit: int) -> tuple[Exposure, tuple[Position, ...]]:
    rng = np.random.default_rng(visit)
    ra, dec = 25.6 + rng.normal(0, 4e-4), 0.3 + rng.normal(0, 4e-4)
    true = tangent(ra, dec, SIZE, rotation=rng.normal(0, 2))
    stated = true.deepcopy()
    stated.wcs.crpix = np.asarray(stated.wcs.crpix) + rng.normal(0, 2, 2)
    image = np.full((SIZE, SIZE), 900.0, np.float32)
    x, y = true.world_to_pixel_values(survey.stars.ra, survey.stars.dec)
    paint(image, PSF.constant(kernel(3.5 + 0.15 * visit)), x, y, survey.flux(visit) / 2.0)
    image += (rng.standard_normal(image.shape) * np.sqrt(image + 25)).astype(np.float32)
    image[40:44, 50:90] += 4000.0
    band = "g" if visit <= 4 else "r"
    header = fits.Header(
        {"BAND": band, "GAIN": 1.0, "RDNOISE": 5.0, "BIASLEV": 300.0, "SATURATE": 60000.0, "BUNIT": "adu"}
    )
    header["MJD-AVG"], header["EXPTIME"] = 60600.0 + visit, 30.0
    corners = tuple(Position(float(a), float(d)) for a, d in true.calc_footprint(axes=(SIZE, SIZE)))
    return Exposure(np.rint(image + 300), stated, header=header), corners


def build(folder: Path) -> Survey:
    wcs = tangent(25.6, 0.3, SIZE)
    survey = Survey(Repositories(folder).create("small"), stars(wcs, SIZE, 45, 12, 4e3, 4e5, apart=26))
    butler = survey.repository.butler
    PipeCam().register(butler.registry)
    put_tracts(butler, SKYMAP, [SKYMAP.tract(0)])
    of = {"instrument": "PipeCam"}
    survey.repository.put(to_record(SKYMAP), "tessellation", run="calib", skymap=SKYMAP.name)
    table = Table({"coord_ra": survey.stars.ra, "coord_dec": survey.stars.dec})
    for band, factor in (("g", 0.7), ("r", 1.0)):
        table[f"{band}_flux"] = survey.stars.flux * factor
        table[f"{band}_fluxErr"] = survey.stars.flux * factor * 0.003
    bright = np.flatnonzero(survey.stars.flux > 2e4)
    survey.repository.put(table[bright[bright != VARIABLE]], "reference_stars", run="calib", **of)
    bad = Table({"x0": [100], "y0": [0], "width": [1], "height": [SIZE]})
    survey.repository.put(bad, "defects", run="calib", detector=0, **of)
    for visit in range(1, 9):
        image, corners = raw(survey, visit)
        begin = Time(60600.0 + visit, format="mjd", scale="tai")
        filter_name = "g_sim" if visit <= 4 else "r_sim"
        seen = (Footprint(0, corners),)
        observation = Observation(
            "PipeCam", visit, f"v{visit}", filter_name, begin, begin + 30 * u.s, 30.0, footprints=seen
        )
        put_observations(butler, [observation])
        survey.repository.put(image, "raw", run="raw", exposure=visit, detector=0, **of)
    survey.repository.chain("inputs", ["raw", "calib"])
    return survey


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    made = build(tmp_path_factory.mktemp("pipelines"))
    made.quanta["all"] = run_pipeline(
        made.repository.folder, "", inputs=["inputs"], run="out", where="instrument = 'PipeCam'"
    )
    made.repository.butler.registry.refresh()
    made.repository.chain("all", ["out", "inputs"])
    return made
