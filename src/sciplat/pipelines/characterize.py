"""From an image that others have reduced to one that can be measured, and the sources in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table
from lsst.pex.config import Field
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output

from sciplat.errors import UsageError
from sciplat.images.characterize import UNUSABLE, Characterized, characterize
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import flags_near, psf_fluxes
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import pixel_flags, sky, table

__all__ = ["CharacterizeConfig", "CharacterizeTask"]


class CharacterizeConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    """An image as it was taken into the release."""

    visit_image = Input(
        doc="A reduced image with world coordinates, in any linear unit.",
        name="visit_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    characterized_image = Output(
        doc="The same without background, with mask planes of ours, variance and PSF.",
        name="characterized_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    instrumental_source = Output(
        doc="What was found in it, in the unit of the image.",
        name="instrumental_source",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )


class CharacterizeConfig(PipelineTaskConfig, pipelineConnections=CharacterizeConnections):
    """What can be chosen."""

    threshold: Any = Field(dtype=float, default=5.0, doc="Signal to noise of a source.")


class CharacterizeTask(PipelineTask):
    """Find out what a reduced image doesn't say of itself: background, noise, flaws, PSF."""

    ConfigClass = CharacterizeConfig
    config: Any
    _DefaultName = "characterize"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read, run, write."""
        inputs = butlerQC.get(inputRefs)
        data_id = butlerQC.quantum.dataId
        outputs = self.run(
            inputs["visit_image"],
            visit=int(data_id["visit"]),
            detector=int(data_id["detector"]),
            band=str(data_id["band"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(self, visit_image: Exposure, *, visit: int = 0, detector: int = 0, band: str = "") -> Struct:
        """Return ``characterized_image`` and ``instrumental_source``.

        Raises
        ------
        NoWorkFound
            Nothing can be measured in the image; the log says why.
        """
        try:
            found = characterize(visit_image, threshold=self.config.threshold)
        except UsageError as error:
            raise NoWorkFound(f"Visit {visit}, detector {detector}: {error}") from error
        self.log.info(
            "Visit %d: %d sources, %d stars; FWHM %.2f pixels; noise times %.2f",
            visit,
            len(found.sources),
            found.psf.stars,
            found.psf.fwhm,
            found.noise_factor,
        )
        return Struct(
            characterized_image=found.exposure, instrumental_source=_rows(found, visit, detector, band)
        )


def _rows(found: Characterized, visit: int, detector: int, band: str) -> Table:
    image, x, y = found.exposure, found.sources.x, found.sources.y
    assert image.variance is not None
    assert image.mask is not None
    assert image.psf is not None
    psf = psf_fluxes(image.image, image.variance, image.psf, x, y, unusable=image.flagged(*UNUSABLE))
    ra, dec = sky(image.wcs, x, y)
    near, centre = flags_near(image.mask, x, y, 5)
    count = len(x)
    rows = table(
        {
            "visit": np.full(count, visit),
            "detector": np.full(count, detector),
            "band": np.full(count, band),
            "coord_ra": ra,
            "coord_dec": dec,
            "x": x,
            "y": y,
            "psfFlux": psf.flux,
            "psfFluxErr": psf.error,
            "psfFlux_flag": ~np.isfinite(psf.flux) | (psf.coverage < 0.9),
            "isStar": found.is_star,
            **pixel_flags(near, centre),
        }
    )
    for name in ("psfFlux", "psfFluxErr"):
        rows[name].unit = str(image.header.get("BUNIT", "adu"))
    return rows
