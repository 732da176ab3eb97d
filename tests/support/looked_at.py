"""An image that is made to be looked at: stars in noise, and all that a mask can say."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS, Sip

from sciplat.images.exposure import Exposure
from sciplat.instance import Instance
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation, put_observations
from sciplat.sky import Position

__all__ = ["LOOKED_AT", "LookedAt", "looked_at", "make_looked_at"]

LOOKED_AT = "look"
"""The release."""

SHAPE = (600, 700)
PLANES = {"BAD": 0, "SAT": 1, "CR": 3, "DETECTED": 5}


class LookCam(SurveyInstrument):
    name = "LookCam"
    filters = {"r_look": "r"}  # noqa: RUF012
    detectors = {0: "L0"}  # noqa: RUF012


@dataclass(frozen=True, eq=False, repr=False)
class LookedAt:
    """An image in a release."""

    did: str
    dataset: uuid.UUID
    exposure: Exposure


def looked_at(shape: tuple[int, int] = SHAPE) -> Exposure:
    """Return stars in noise, with a corner of NaN, two squares in the mask that overlap, and a cosmic ray."""
    height, width = shape
    random = np.random.default_rng(4)
    image = random.normal(100, 12, shape)
    y, x = np.mgrid[:15, :15] - 7
    stars = np.zeros(shape)
    for _ in range(90):
        row, column = random.integers(0, height - 15), random.integers(0, width - 15)
        flux = 60 / random.uniform(0.004, 1) ** 0.8
        stars[row : row + 15, column : column + 15] += flux * np.exp(-(x**2 + y**2) / (2 * 1.9**2))
    image = (image + stars).astype(np.float32)
    mask = np.zeros(shape, np.int32)
    mask[stars > 36] |= 1 << PLANES["DETECTED"]
    mask[400:440, 100:140] |= 1 << PLANES["BAD"]
    mask[400:440, 120:160] |= 1 << PLANES["SAT"]
    for step in range(40):
        image[300 + step // 2, 480 + step] += 400
        mask[300 + step // 2, 480 + step] |= 1 << PLANES["CR"]
    image[: height // 10, : width // 10] = np.nan
    return Exposure(
        image, _wcs(shape), mask, PLANES, np.full(shape, 4, np.float32), None, fits.Header({"BUNIT": "nJy"})
    )


def _wcs(shape: tuple[int, int]) -> WCS:
    """A plane that is turned and bent."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    wcs.wcs.crval = [25.6, 0.3]
    wcs.wcs.crpix = [shape[1] / 2 + 0.5, shape[0] / 2 + 0.5]
    turn, scale = np.radians(20), 0.2 / 3600
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.radesys = "ICRS"
    a, b = np.zeros((3, 3)), np.zeros((3, 3))
    a[2, 0], a[1, 1], b[0, 2], b[2, 0] = 2e-6, -1e-6, 3e-6, 1e-6
    wcs.sip = Sip(a, b, None, None, wcs.wcs.crpix)
    wcs.wcs.set()
    return wcs


def make_looked_at(instance: Instance, exposure: Exposure | None = None) -> LookedAt:
    """Put the image, or another one, into a public release of an instance."""
    shown = exposure or looked_at()
    made = instance.images.repositories.create(LOOKED_AT)
    LookCam().register(made.butler.registry)
    height, width = shown.image.shape
    corners = tuple(
        Position(float(ra), float(dec)) for ra, dec in shown.wcs.calc_footprint(axes=(width, height))
    )
    begin, end = (Time(mjd, format="mjd", scale="utc").tai for mjd in (61100.0, 61100.001))
    seen = (Footprint(0, corners),)
    observed = Observation("LookCam", 3, "shot 3", "r_look", begin, end, 86.4, footprints=seen)
    put_observations(made.butler, [observed])
    ref = made.put(shown, "visit_image", run="runs/look", instrument="LookCam", visit=3, detector=0)
    made.chain(LOOKED_AT, ["runs/look"])
    made.close()
    with instance.catalogs.edit() as edit:
        edit.put_release(LOOKED_AT, public=True, images=True)
    instance.images.announce.announce(LOOKED_AT)
    return LookedAt(f"ivo://{instance.settings.authority}/{LOOKED_AT}?{ref.id}", ref.id, shown)
