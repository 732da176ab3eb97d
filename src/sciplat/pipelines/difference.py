"""What changed between a visit and the coadds of its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from astropy.table import Table
from lsst.pex.config import Field
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output

from sciplat.images.difference import DifferenceSources, difference, difference_sources
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import psf_fluxes
from sciplat.images.planes import bits
from sciplat.images.psf import PSF
from sciplat.images.warp import warp
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import pixel_flags, sky, source_ids, table

__all__ = ["DifferenceConfig", "DifferenceTask"]


class DifferenceConnections(
    PipelineTaskConnections, dimensions=("instrument", "visit", "detector", "skymap")
):
    """A visit's image and the coadds of its band that it meets."""

    visit_image = Input(
        doc="The calibrated image, in nJy.",
        name="visit_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    templates = Input(
        doc="Coadds of the same band.",
        name="deep_coadd",
        storageClass=EXPOSURE,
        dimensions=("band", "skymap", "tract", "patch"),
        multiple=True,
    )
    difference_image = Output(
        doc="The visit's image minus the template, in nJy.",
        name="difference_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    dia_source_visit = Output(
        doc="What stands out of the difference, not yet gathered to objects.",
        name="dia_source_visit",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )


class DifferenceConfig(PipelineTaskConfig, pipelineConnections=DifferenceConnections):
    """What can be chosen."""

    threshold: Any = Field(dtype=float, default=5.5, doc="Signal to noise of a change.")
    registration: Any = Field(
        dtype=float, default=0.05, doc="How well visit and template fit on each other, pixels."
    )
    mismatch: Any = Field(dtype=float, default=0.02, doc="Error of the PSFs, as part of the brightness.")


class DifferenceTask(PipelineTask):
    """Warp the template to the visit, subtract it, find what changed."""

    ConfigClass = DifferenceConfig
    config: Any
    _DefaultName = "difference"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read, run, write."""
        inputs = butlerQC.get(inputRefs)
        data_id = butlerQC.quantum.dataId
        outputs = self.run(
            inputs["visit_image"],
            inputs["templates"],
            visit=int(data_id["visit"]),
            detector=int(data_id["detector"]),
            band=str(data_id["band"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(
        self,
        visit_image: Exposure,
        templates: Sequence[Exposure],
        *,
        visit: int = 0,
        detector: int = 0,
        band: str = "",
    ) -> Struct:
        """Return ``difference_image`` and ``dia_source_visit``.

        Raises
        ------
        NoWorkFound
            No template covers a pixel of the image.
        """
        template = _mosaic(visit_image, templates)
        if not np.isfinite(template.image).any():
            raise NoWorkFound(f"No template covers visit {visit}, detector {detector}")
        image = difference(
            visit_image, template, registration=self.config.registration, mismatch=self.config.mismatch
        )
        found = difference_sources(image, threshold=self.config.threshold)
        assert image.mask is not None
        for sign, plane in ((1, "DETECTED"), (-1, "DETECTED_NEGATIVE")):
            here = found.flux * sign > 0
            for x, y in zip(found.x[here], found.y[here], strict=True):
                rows = slice(max(int(y) - 3, 0), int(y) + 5)
                columns = slice(max(int(x) - 3, 0), int(x) + 5)
                image.mask[rows, columns] |= bits(plane)
        self.log.info("%d changes, %d of them dipoles", len(found), int(found.is_dipole.sum()))
        rows_of = _rows(found, visit_image, image, visit, detector, band)
        return Struct(difference_image=image, dia_source_visit=rows_of)


def _mosaic(visit_image: Exposure, templates: Sequence[Exposure]) -> Exposure:
    """Return the templates on the visit's pixels; where they overlap, the first that has data counts."""
    full = replace(visit_image, psf=None)
    place = full.wcs.pixel_to_world_values((full.image.shape[1] - 1) / 2, (full.image.shape[0] - 1) / 2)
    result: Exposure | None = None
    for template in templates:
        x, y = (float(v) for v in template.wcs.world_to_pixel_values(*place))
        # The template's PSF where the middle of the visit is.
        psf = template.psf and PSF.constant(template.psf.at(x + template.origin[0], y + template.origin[1]))
        moved = replace(warp(template, full.wcs, full.box.moved(-full.origin[0], -full.origin[1])), psf=psf)
        moved = replace(moved, origin=full.origin)
        if result is None:
            result = moved
            continue
        assert result.variance is not None
        assert moved.variance is not None
        use = ~np.isfinite(result.image) & np.isfinite(moved.image)
        result.image[use] = moved.image[use]
        result.variance[use] = moved.variance[use]
    if result is None:
        raise NoWorkFound("There is no template")
    return result


def _rows(
    found: DifferenceSources, visit_image: Exposure, image: Exposure, visit: int, detector: int, band: str
) -> Table:
    """Return the rows of DiaSource, without the object that each belongs to."""
    assert visit_image.variance is not None
    assert visit_image.psf is not None
    count = len(found)
    ra, dec = sky(image.wcs, found.x, found.y)
    scale = float(np.sqrt(np.abs(np.linalg.det(image.wcs.pixel_scale_matrix))))
    blur = np.hypot(found.position_error, 0.05)
    science = psf_fluxes(
        visit_image.image, visit_image.variance, visit_image.psf, found.x, found.y, origin=visit_image.origin
    )
    return table(
        {
            "diaSourceId": source_ids(visit, detector, count),
            "visit": np.full(count, visit),
            "detector": np.full(count, detector),
            "band": np.full(count, band),
            "midpointMjdTai": np.full(count, float(visit_image.header["MJD-AVG"])),
            "coord_ra": ra,
            "coord_dec": dec,
            "ra": ra,
            "dec": dec,
            "raErr": scale * blur / np.cos(np.radians(dec)),
            "decErr": scale * blur,
            "x": found.x,
            "y": found.y,
            "xErr": blur,
            "yErr": blur,
            "snr": np.abs(found.flux) / found.error,
            "psfFlux": found.flux,
            "psfFluxErr": found.error,
            "scienceFlux": science.flux,
            "scienceFluxErr": science.error,
            "isDipole": found.is_dipole,
            **pixel_flags(found.flags, found.centre_flags),
        }
    )
