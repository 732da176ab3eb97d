"""From the images of many visits to one deep image a band and patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy.io import fits
from lsst.pex.config import Field
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output, PrerequisiteInput

from sciplat.images.box import Box
from sciplat.images.coadd import coadd
from sciplat.images.exposure import Exposure
from sciplat.images.warp import covered_box, warp
from sciplat.pipelines.connections import EXPOSURE
from sciplat.sky.tessellation_record import from_record
from sciplat.sky.tract import Patch

__all__ = ["CoaddConfig", "CoaddTask"]


class CoaddConnections(PipelineTaskConnections, dimensions=("band", "skymap", "tract", "patch")):
    """All images of a band that meet a patch."""

    tessellation = PrerequisiteInput(
        doc="How the skymap cuts the sky.",
        name="tessellation",
        storageClass="StructuredDataDict",
        dimensions=("skymap",),
    )
    visit_images = Input(
        doc="Calibrated images, in nJy.",
        name="visit_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        deferLoad=True,
    )
    deep_coadd = Output(
        doc="Their weighted mean, in nJy.",
        name="deep_coadd",
        storageClass=EXPOSURE,
        dimensions=("band", "skymap", "tract", "patch"),
    )


class CoaddConfig(PipelineTaskConfig, pipelineConnections=CoaddConnections):
    """What can be chosen."""

    clip: Any = Field(dtype=float, default=5.0, doc="Standard deviations beyond which a pixel is left out.")
    tolerance: Any = Field(
        dtype=float, default=0.6, doc="Part of the median by which a pixel may differ at any rate."
    )


class CoaddTask(PipelineTask):
    """Warp images to the patch and take their mean, without what only one of them shows."""

    ConfigClass = CoaddConfig
    config: Any
    _DefaultName = "coadd"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Warp one image after the other, so that only warps are in memory at once."""
        inputs = butlerQC.get(inputRefs)
        data_id = butlerQC.quantum.dataId
        tract = from_record(inputs["tessellation"]).tract(int(data_id["tract"]))
        outputs = self.run(
            (handle.get() for handle in sorted(inputs["visit_images"], key=lambda h: h.dataId["visit"])),
            tract.patch(int(data_id["patch"])),
            band=str(data_id["band"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(self, visit_images: Any, patch: Patch, *, band: str = "") -> Struct:
        """Return ``deep_coadd``: the part of the patch that images cover, its ``origin`` in the tract.

        Parameters
        ----------
        visit_images
            Calibrated exposures; an iterable is read once.
        patch
            Where the coadd lies.
        band
            For the header.

        Raises
        ------
        NoWorkFound
            No image covers a pixel of the patch.
        """
        images: Sequence[Exposure] = list(visit_images)
        wcs, outer = patch.tract.wcs, Box(*patch.outer)
        boxes = [covered_box(image, wcs).overlap(outer) for image in images]
        used = [(image, box) for image, box in zip(images, boxes, strict=True) if box is not None]
        if not used:
            raise NoWorkFound(f"No image covers patch {patch.id} of tract {patch.tract.id}")
        whole = used[0][1]
        for _, box in used[1:]:
            whole = whole.around(box)
        warps = [warp(image, wcs, whole) for image, _ in used]
        header = fits.Header()
        header["BUNIT"] = "nJy"
        header["BAND"] = band
        header["TRACT"] = patch.tract.id
        header["PATCH"] = patch.id
        header["NINPUT"] = (len(used), "images")
        header["EXPTIME"] = sum(float(image.header.get("EXPTIME", 0)) for image, _ in used)
        times = [float(image.header["MJD-AVG"]) for image, _ in used if "MJD-AVG" in image.header]
        if times:
            header["TIMESYS"] = "TAI"
            header["MJD-BEG"], header["MJD-AVG"], header["MJD-END"] = (
                min(times),
                sum(times) / len(times),
                max(times),
            )
        psfs = [image.psf for image, _ in used if image.psf is not None]
        result = coadd(warps, psfs, clip=self.config.clip, tolerance=self.config.tolerance, header=header)
        self.log.info("%d images of band %s on %s", len(used), band, whole)
        return Struct(deep_coadd=result)
