"""From a raw exposure to a calibrated image and the sources in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table
from lsst.pex.config import Field
from lsst.pipe.base import (
    PipelineTask,
    PipelineTaskConfig,
    PipelineTaskConnections,
    Struct,
)
from lsst.pipe.base.connectionTypes import Input, Output, PrerequisiteInput

from sciplat.images.calibrate import Calibrated, ReferenceStars, calibrate
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import aperture_fluxes, flags_near, psf_fluxes
from sciplat.images.planes import bits
from sciplat.images.psf_fit import psf_moments
from sciplat.images.shapes import adaptive_moments
from sciplat.images.signature import Detector
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import pixel_flags, sky, source_ids, table

__all__ = ["CalibrateConfig", "CalibrateTask"]


class CalibrateConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    """A raw exposure with what is known of its detector and of the stars in its field."""

    raw = Input(
        doc="The exposure of the visit, in ADU.",
        name="raw",
        storageClass=EXPOSURE,
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
        deferLoad=True,
    )
    reference_stars = PrerequisiteInput(
        doc="Stars with coord_ra, coord_dec (ICRS degrees), {band}_flux, {band}_fluxErr (nJy).",
        name="reference_stars",
        storageClass=TABLE,
        dimensions=("instrument",),
    )
    defects = PrerequisiteInput(
        doc="Pixels that never work: boxes x0, y0, width, height.",
        name="defects",
        storageClass=TABLE,
        dimensions=("instrument", "detector"),
        minimum=0,
    )
    visit_image = Output(
        doc="The calibrated image, in nJy.",
        name="visit_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    source = Output(
        doc="What was found in it.",
        name="source",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )
    visit_summary = Output(
        doc="One row: where and when the image was taken, and how good it is.",
        name="visit_summary",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )


class CalibrateConfig(PipelineTaskConfig, pipelineConnections=CalibrateConnections):
    """What can be chosen."""

    threshold: Any = Field(dtype=float, default=5.0, doc="Signal to noise of a source.")
    aperture: Any = Field(dtype=float, default=12.0, doc="Radius of the aperture flux, pixels.")


class CalibrateTask(PipelineTask):
    """Remove what detector and sky added; measure PSF, WCS and flux scale; find and measure sources.

    The raw image's header says GAIN (electrons an ADU), RDNOISE (electrons), BIASLEV and SATURATE (ADU),
    BAND, MJD-AVG and EXPTIME.
    """

    ConfigClass = CalibrateConfig
    config: Any
    _DefaultName = "calibrate"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read the only exposure of the visit, run, write."""
        inputs = butlerQC.get(inputRefs)
        data_id = butlerQC.quantum.dataId
        outputs = self.run(
            inputs["raw"][0].get(),
            inputs["reference_stars"],
            inputs.get("defects"),
            visit=int(data_id["visit"]),
            detector=int(data_id["detector"]),
            physical_filter=str(data_id["physical_filter"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(
        self,
        raw: Exposure,
        reference_stars: Table,
        defects: Table | None = None,
        *,
        visit: int = 0,
        detector: int = 0,
        physical_filter: str = "",
    ) -> Struct:
        """Return ``visit_image``, ``source`` and ``visit_summary``.

        Raises
        ------
        UsageError
            No reference star was found.
        """
        cards = raw.header
        band = str(cards["BAND"])
        device = Detector(
            bias=float(cards["BIASLEV"]),
            gain=float(cards["GAIN"]),
            read_noise=float(cards["RDNOISE"]),
            saturation=float(cards["SATURATE"]),
        )
        stars = ReferenceStars(
            *(
                np.asarray(reference_stars[name], np.float64)
                for name in ("coord_ra", "coord_dec", f"{band}_flux", f"{band}_fluxErr")
            )
        )
        calibrated = calibrate(
            raw, device, stars, _mask(defects, raw.image.shape), threshold=self.config.threshold
        )
        calibrated.exposure.header["VISIT"] = visit
        self.log.info(
            "%d sources; %d stars give the flux scale to %.2f %%, places to %.3f pixels; FWHM %.2f pixels",
            len(calibrated.sources),
            calibrated.scale.stars,
            100 * calibrated.scale.error / calibrated.scale.scale,
            calibrated.astrometry.scatter,
            calibrated.psf.fwhm,
        )
        where = {"visit": visit, "detector": detector, "band": band, "physical_filter": physical_filter}
        return Struct(
            visit_image=calibrated.exposure,
            source=self._sources(calibrated, where),
            visit_summary=_summary(calibrated, where),
        )

    def _sources(self, calibrated: Calibrated, where: dict[str, Any]) -> Table:
        """Return the rows of Source."""
        image, found = calibrated.exposure, calibrated.sources
        assert image.variance is not None
        assert image.mask is not None
        assert image.psf is not None
        unusable = image.flagged("BAD", "SAT", "NO_DATA")
        x, y = found.x, found.y
        psf = psf_fluxes(image.image, image.variance, image.psf, x, y, unusable=unusable)
        aperture = aperture_fluxes(image.image, image.variance, x, y, self.config.aperture, unusable=unusable)
        near, centre = flags_near(image.mask, x, y, 5)
        xx, yy, xy = adaptive_moments(image.image, x, y, sigma=calibrated.psf.sigma, half=12)
        of_psf = psf_moments(image.psf.kernels[0, 0])
        with np.errstate(invalid="ignore", divide="ignore"):
            blur = np.sqrt(2) * calibrated.psf.sigma * psf.error / np.abs(psf.flux)
        blur = np.hypot(np.clip(np.nan_to_num(blur, nan=3.0), 0, 3), calibrated.astrometry.scatter / 3)
        ra, dec = sky(image.wcs, x, y)
        step = _scale(image) * blur
        count = len(found)
        with np.errstate(invalid="ignore"):
            extended = (xx + yy) / sum(of_psf[:2]) - 1 > 0.1 + 2 * psf.error / psf.flux
        rows: dict[str, Any] = {
            "sourceId": source_ids(where["visit"], where["detector"], count),
            "coord_ra": ra,
            "coord_dec": dec,
            "ra": ra,
            "dec": dec,
            "raErr": step / np.cos(np.radians(dec)),
            "decErr": step,
            **{name: np.full(count, value) for name, value in where.items()},
            "x": x,
            "y": y,
            "xErr": blur,
            "yErr": blur,
            "psfFlux": psf.flux,
            "psfFluxErr": psf.error,
            "psfFlux_flag": ~np.isfinite(psf.flux) | (psf.coverage < 0.7),
            "psfFlux_flag_edge": (near & bits("EDGE")) != 0,
            "ap12Flux": aperture.flux,
            "ap12FluxErr": aperture.error,
            "ap12Flux_flag": ~np.isfinite(aperture.flux) | (aperture.coverage < 0.95),
            "ixx": xx,
            "iyy": yy,
            "ixy": xy,
            "ixxPSF": np.full(count, of_psf[0]),
            "iyyPSF": np.full(count, of_psf[1]),
            "ixyPSF": np.full(count, of_psf[2]),
            "extendedness": np.where(np.isfinite(xx), extended, np.nan).astype(np.float64),
            **pixel_flags(near, centre),
        }
        return table(rows)


def _mask(defects: Table | None, shape: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
    if defects is None:
        return None
    bad = np.zeros(shape, np.bool_)
    for row in defects:
        bad[row["y0"] : row["y0"] + row["height"], row["x0"] : row["x0"] + row["width"]] = True
    return bad


def _scale(image: Exposure) -> float:
    """Return degrees a pixel."""
    return float(np.sqrt(np.abs(np.linalg.det(image.wcs.pixel_scale_matrix))))


def _summary(calibrated: Calibrated, where: dict[str, Any]) -> Table:
    """Return the row of CcdVisit, with what Visit needs."""
    image, cards = calibrated.exposure, calibrated.exposure.header
    height, width = image.image.shape
    assert image.variance is not None
    corners = {"llc": (0, 0), "ulc": (0, height), "urc": (width, height), "lrc": (width, 0)}
    middle, seconds = float(cards["MJD-AVG"]), float(cards["EXPTIME"])
    scale = _scale(image) * 3600
    kernel = np.asarray(calibrated.psf.psf.at(*image.box.centre), np.float64)
    limit = 5 * np.sqrt(float(np.median(image.variance)) / float((kernel**2).sum()))
    row: dict[str, Any] = {
        "ccdVisitId": where["visit"] * 1000 + where["detector"],
        "visitId": where["visit"],
        "detector": where["detector"],
        "physical_filter": where["physical_filter"],
        "band": where["band"],
        "pixelScale": scale,
        "zenithDistance": 90 - float(cards.get("ALTITUDE", np.nan)),
        "altitude": float(cards.get("ALTITUDE", np.nan)),
        "azimuth": float(cards.get("AZIMUTH", np.nan)),
        "airmass": float(cards.get("AIRMASS", np.nan)),
        "skyRotation": float(cards.get("ROTPA", np.nan)),
        "expTime": seconds,
        "zeroPoint": 31.4 - 2.5 * np.log10(calibrated.scale.scale),
        "zeroPointErr": 2.5 / np.log(10) * calibrated.scale.error / calibrated.scale.scale,
        "skyBg": calibrated.background,
        "psfSigma": calibrated.psf.sigma,
        "nPsfStar": calibrated.psf.stars,
        "astromOffsetStd": calibrated.astrometry.scatter * scale,
        "seeing": calibrated.psf.fwhm * scale,
        "expMidptMJD": middle,
        "obsStartMJD": middle - seconds / 2 / 86400,
        "xSize": width,
        "ySize": height,
        "magLim": 31.4 - 2.5 * np.log10(limit),
    }
    ra, dec = image.wcs.pixel_to_world_values((width - 1) / 2, (height - 1) / 2)
    row["ra"], row["dec"] = float(ra) % 360, float(dec)
    for name, (x, y) in corners.items():
        ra, dec = image.wcs.pixel_to_world_values(x - 0.5, y - 0.5)
        row[f"{name}ra"], row[f"{name}dec"] = float(ra) % 360, float(dec)
    return Table({name: [value] for name, value in row.items()})
