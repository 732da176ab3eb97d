"""A release with coadds in three bands on nine patches of a tract, and a visit image."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time

from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF
from sciplat.instance import Instance
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation, put_observations, put_tracts
from sciplat.sky import Position
from sciplat.sky.tessellation import Field
from sciplat.sky.tract import Tract

SCALE = 1 / 3600
BANDS = "gri"
CORNER = (0, 1, 3, 4)
"""The patches that have coadds in all bands; with all bands there is one in r on each."""


class WideCam(SurveyInstrument):
    name = "WideCam"
    filters = {f"{band}_wide": band for band in BANDS}  # noqa: RUF012
    detectors = {0: "W0"}  # noqa: RUF012


@dataclass(frozen=True, eq=False, repr=False)
class Sky:
    """What was put into a release."""

    release: str
    authority: str
    whole: dict[str, Exposure]
    """The whole tract in each band."""

    coadds: dict[tuple[str, int], uuid.UUID]
    """The dataset of each band and patch."""

    visit: Exposure
    visit_id: uuid.UUID

    def did(self, of: object) -> str:
        """The identifier of a dataset, or of what a mosaic is made of."""
        return f"ivo://{self.authority}/{self.release}?{of}"


def exposure(wcs, shape: tuple[int, int], seed: int) -> Exposure:
    random = np.random.default_rng(seed)
    kernel = np.zeros((1, 1, 5, 5))
    kernel[..., 2, 2] = 1
    return Exposure(
        random.normal(0, 3, shape).astype(np.float32),
        wcs,
        random.integers(0, 4, shape, np.int32),
        {"BAD": 0, "SAT": 1},
        random.uniform(8, 10, shape).astype(np.float32),
        PSF(kernel),
        fits.Header({"BUNIT": "nJy"}),
    )


def _skymap(ra: float, dec: float) -> Field:
    return Field(
        "wide", SCALE, patch_size=100, patch_border=10, centre=Position(ra, dec), width=0.08, height=0.08
    )


def _pixels(tract: Tract) -> tuple[dict[str, Exposure], Exposure]:
    """The whole tract in each band, and the visit: noise, but always the same."""
    width, height = tract.size
    whole = {band: exposure(tract.wcs, (height, width), number) for number, band in enumerate(BANDS)}
    return whole, exposure(world.shifted(tract.wcs, 0, 0), (200, 220), 99)


def make_sky(
    instance: Instance,
    release: str,
    *,
    ra: float = 25.6,
    dec: float = 0.3,
    public: bool = True,
    bands: str = BANDS,
) -> Sky:
    """Make the release; its tract has 300 by 300 pixels of an arcsecond, a patch 100 and a border of 10."""
    skymap = _skymap(ra, dec)
    made = instance.images.repositories.create(release)
    WideCam().register(made.butler.registry)
    tract = skymap.tract(0)
    put_tracts(made.butler, skymap, [tract])
    whole, shot = _pixels(tract)
    for band in bands:
        everywhere = band == "r" and bands == BANDS
        for patch in tract.patches() if everywhere else map(tract.patch, CORNER):
            made.put(
                whole[band].cut(Box(*patch.outer)),
                "deep_coadd",
                run="runs/coadds",
                band=band,
                skymap="wide",
                tract=0,
                patch=patch.id,
            )
    begin, end = (Time(mjd, format="mjd", scale="utc").tai for mjd in (61000.0, 61000.001))
    corners = tuple(Position(float(a), float(d)) for a, d in shot.wcs.calc_footprint(axes=(220, 200)))
    seen = (Footprint(0, corners),)
    observed = Observation("WideCam", 7, "shot 7", "r_wide", begin, end, 86.4, footprints=seen)
    put_observations(made.butler, [observed])
    made.put(shot, "visit_image", run="runs/visits", instrument="WideCam", visit=7, detector=0)
    made.chain(release, ["runs/coadds", "runs/visits"])
    made.close()
    with instance.catalogs.edit() as edit:
        edit.put_release(release, public=public, images=True)
    return sky_in(instance, release, ra=ra, dec=dec)


def sky_in(instance: Instance, release: str, *, ra: float = 25.6, dec: float = 0.3) -> Sky:
    """Return what `make_sky` has put there."""
    repository = instance.images.repositories.open(release)
    coadds = {
        (str(ref.dataId["band"]), int(ref.dataId["patch"])): ref.id
        for ref in repository.datasets("deep_coadd")
    }
    (visit,) = repository.datasets("visit_image")
    repository.close()
    whole, shot = _pixels(_skymap(ra, dec).tract(0))
    return Sky(release, instance.settings.authority, whole, coadds, shot, visit.id)


def make_skies(home: Path) -> None:
    """Make an instance with a public release ``wide`` and a private one ``secret`` in r, unannounced."""
    instance = Instance.open(home)
    make_sky(instance, "wide")
    make_sky(instance, "secret", public=False, bands="r")
