"""The brightness of known positions in every visit, seen there or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Row, Table, vstack
from lsst.pex.config import Field, ListField
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output, PrerequisiteInput

from sciplat.images.exposure import Exposure
from sciplat.images.photometry import (
    Fluxes,
    Levels,
    aperture_fluxes,
    flags_near,
    local_levels,
    psf_fluxes,
    psf_light_within,
)
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import pixel_flags, table

__all__ = ["ForcedPhotometryConfig", "ForcedPhotometryTask"]


Doubles = npt.NDArray[np.float64]

_OF_OBJECTS = ("skymap", "tract", "patch")


class ForcedPhotometryConnections(
    PipelineTaskConnections,
    dimensions=("instrument", "visit", "detector", "skymap"),
    defaultTemplates={"positionsName": "object", "outputName": "forced_source"},
):
    """An image and the positions in it; which tables these are can be chosen by connections."""

    visit_image = Input(
        doc="The calibrated image, in nJy, with variance and PSF.",
        name="visit_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    difference_image = Input(
        doc="Its difference from the template.",
        name="difference_image",
        storageClass=EXPOSURE,
        dimensions=("instrument", "visit", "detector"),
    )
    positions = Input(
        doc="Where to measure: coord_ra, coord_dec (ICRS degrees), and the columns of idColumns.",
        name="{positionsName}",
        storageClass=TABLE,
        dimensions=("skymap", "tract", "patch"),
        multiple=True,
    )
    relative_calibration = Input(
        doc="Scales of fluxes and shifts of positions, a row an image: see RelativeCalibrationTask.",
        name="relative_calibration",
        storageClass=TABLE,
        dimensions=("instrument", "band"),
    )
    forced_source = Output(
        doc="A row for each position that lies in the image.",
        name="{outputName}",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )

    def __init__(self, *, config: Any = None) -> None:
        super().__init__(config=config)
        if config is None:
            return
        if not config.doDifference:
            del self.difference_image
        if not config.doCalibration:
            del self.relative_calibration
        if list(config.positionDimensions) != list(_OF_OBJECTS):
            of = tuple(config.positionDimensions)
            positions = self.positions
            self.positions = PrerequisiteInput(
                doc=positions.doc,
                name=positions.name,
                storageClass=positions.storageClass,
                dimensions=of,
                multiple=True,
            )
            self.dimensions = {"instrument", "visit", "detector", *of}


class ForcedPhotometryConfig(PipelineTaskConfig, pipelineConnections=ForcedPhotometryConnections):
    """What can be chosen."""

    doDifference: Any = Field(dtype=bool, default=True, doc="Measure the difference image too.")  # noqa: N815
    idColumns: Any = ListField(  # noqa: N815 (as the configurations of the Rubin pipelines are written)
        dtype=str,
        default=["objectId", "tract", "patch"],
        doc="Columns that are taken over from the positions.",
    )
    badPlanes: Any = ListField(  # noqa: N815
        dtype=str,
        default=["BAD", "SAT", "NO_DATA"],
        doc="Mask planes whose pixels are left out. Cosmic rays are flagged and measured; add CR to "
        "leave them out.",
    )
    positionDimensions: Any = ListField(  # noqa: N815
        dtype=str,
        default=list(_OF_OBJECTS),
        doc="What tells tables of positions apart; [instrument] for one table of all.",
    )
    doCalibration: Any = Field(  # noqa: N815
        dtype=bool, default=False, doc="Bring images to one scale and frame, by relative_calibration."
    )
    localBackground: Any = ListField(  # noqa: N815
        dtype=float,
        default=[],
        maxLength=2,
        doc="Inner and outer radius, pixels, of the ring that tells the sky around each position; [] for "
        "images whose sky is zero.",
    )
    apertures: Any = ListField(
        dtype=float,
        default=[],
        doc="Radii in pixels of aperture fluxes (apNFlux), corrected for what a point source has outside.",
    )


class ForcedPhotometryTask(PipelineTask):
    """Fit the PSF at known positions."""

    ConfigClass = ForcedPhotometryConfig
    config: Any
    _DefaultName = "forcedPhotometry"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read, run, write."""
        inputs = butlerQC.get(inputRefs)
        data_id = butlerQC.quantum.dataId
        outputs = self.run(
            inputs["visit_image"],
            inputs["positions"],
            inputs.get("difference_image"),
            inputs.get("relative_calibration"),
            visit=int(data_id["visit"]),
            detector=int(data_id["detector"]),
            band=str(data_id["band"]),
        )
        butlerQC.put(outputs, outputRefs)

    def run(
        self,
        visit_image: Exposure,
        positions: Sequence[Table] | Table,
        difference_image: Exposure | None = None,
        relative_calibration: Table | None = None,
        *,
        visit: int = 0,
        detector: int = 0,
        band: str = "",
    ) -> Struct:
        """Return ``forced_source``: PSF fluxes in nJy (the unit of the image), their errors and flags.

        With a relative calibration fluxes are on the common scale, in the unit of its column ``scale`` or
        else of the image. Their errors hold those of the scale and the scatter of single measurements too;
        ``scaleRelErr`` is the part of the flux's error that all positions in the image share.

        Parameters
        ----------
        visit_image
            With variance and PSF.
        positions
            Tables with ``coord_ra`` and ``coord_dec``, ICRS degrees.
        difference_image
            Measured too where it is given.
        relative_calibration
            Rows with ``visit``, ``detector``, ``scale``, ``scaleErr``; ``scatter``, ``shift_ra`` and
            ``shift_dec`` (arcseconds) where they are known.
        visit, detector, band
            Written to each row.

        Raises
        ------
        NoWorkFound
            No position lies in the image, or the calibration does not know the image.
        """
        tables = [positions] if isinstance(positions, Table) else list(positions)
        wanted = vstack(tables, metadata_conflicts="silent") if len(tables) > 1 else tables[0]
        known = _calibration(relative_calibration, visit, detector)
        x, y = _places(visit_image, wanted, known)
        height, width = visit_image.image.shape
        with np.errstate(invalid="ignore"):
            inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
        if not inside.any():
            raise NoWorkFound(f"No position lies in visit {visit}, detector {detector}")
        wanted, x, y = wanted[inside], x[inside], y[inside]
        direct = _scaled(self._fluxes(visit_image, x, y), known)
        mask = visit_image.mask
        near, centre = flags_near(mask if mask is not None else np.zeros((height, width), np.int32), x, y, 5)
        rows: dict[str, Any] = {
            name: wanted[name].data for name in self.config.idColumns if name in wanted.colnames
        }
        rows.update(
            coord_ra=np.asarray(wanted["coord_ra"], np.float64),
            coord_dec=np.asarray(wanted["coord_dec"], np.float64),
            visit=np.full(len(x), visit),
            detector=np.full(len(x), detector),
            band=np.full(len(x), band),
            psfFlux=direct.flux,
            psfFluxErr=direct.error,
            psfFlux_flag=_is_bad(direct),
        )
        for radius in self.config.apertures:
            light = _scaled(self._aperture(visit_image, x, y, radius), known)
            rows.update(
                {
                    f"ap{radius:g}Flux": light.flux,
                    f"ap{radius:g}FluxErr": light.error,
                    f"ap{radius:g}Flux_flag": ~np.isfinite(light.flux) | (light.coverage < 0.95),
                }
            )
        if difference_image is not None:
            change = _scaled(self._fluxes(difference_image, x, y), known)
            rows.update(
                psfDiffFlux=change.flux, psfDiffFluxErr=change.error, psfDiffFlux_flag=_is_bad(change)
            )
        rows.update(pixel_flags(near, centre))
        if "MJD-AVG" in visit_image.header:
            rows["expMidptMJD"] = np.full(len(x), float(visit_image.header["MJD-AVG"]))
        result = table(rows)
        if known is not None:
            result["scaleRelErr"] = np.full(len(x), float(known["scaleErr"] / known["scale"]))
            assert relative_calibration is not None
            unit = relative_calibration["scale"].unit or visit_image.header.get("BUNIT") or "adu"
            for name in result.colnames:
                if result[name].unit == "nJy":
                    result[name].unit = str(unit)
        return Struct(forced_source=result)

    def _fluxes(self, image: Exposure, x: Doubles, y: Doubles) -> Fluxes:
        assert image.variance is not None
        assert image.psf is not None
        unusable = image.flagged(*self.config.badPlanes)
        return psf_fluxes(
            image.image,
            image.variance,
            image.psf,
            x,
            y,
            unusable=unusable,
            origin=image.origin,
            levels=self._levels(image, x, y),
        )

    def _aperture(self, image: Exposure, x: Doubles, y: Doubles, radius: float) -> Fluxes:
        assert image.variance is not None
        assert image.psf is not None
        found = aperture_fluxes(
            image.image,
            image.variance,
            x,
            y,
            radius,
            unusable=image.flagged(*self.config.badPlanes),
            levels=self._levels(image, x, y),
        )
        part = psf_light_within(image.psf, x, y, radius, image.origin)
        return Fluxes(found.flux / part, found.error / part, found.coverage)

    def _levels(self, image: Exposure, x: Doubles, y: Doubles) -> Levels | None:
        if not self.config.localBackground:
            return None
        inner, outer = self.config.localBackground
        return local_levels(image.image, x, y, inner, outer, image.flagged(*self.config.badPlanes))


def _calibration(rows: Table | None, visit: int, detector: int) -> Row | None:
    """Return the row of an image."""
    if rows is None:
        return None
    here = np.flatnonzero((rows["visit"] == visit) & (rows["detector"] == detector))
    if not len(here) or not rows["scale"][here[0]] > 0:
        raise NoWorkFound(f"Visit {visit}, detector {detector} has no scale: it shares no star with others")
    return rows[int(here[0])]


def _places(image: Exposure, positions: Table, known: Row | None) -> tuple[Doubles, Doubles]:
    """Return where positions are in an image that may be shifted against the others."""
    ra, dec = (np.asarray(positions[name], np.float64) for name in ("coord_ra", "coord_dec"))
    if known is not None and "shift_ra" in known.colnames:
        dec = dec + known["shift_dec"] / 3600
        ra = ra + known["shift_ra"] / 3600 / np.cos(np.radians(dec))
    x, y = image.wcs.world_to_pixel_values(ra, dec)
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def _scaled(fluxes: Fluxes, known: Row | None) -> Fluxes:
    """Return fluxes on the common scale, with its error in theirs."""
    if known is None:
        return fluxes
    flux = fluxes.flux * known["scale"]
    relative = np.hypot(
        known["scaleErr"] / known["scale"], known["scatter"] if "scatter" in known.colnames else 0
    )
    return Fluxes(flux, np.hypot(fluxes.error * known["scale"], flux * relative), fluxes.coverage)


def _is_bad(fluxes: Fluxes) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isfinite(fluxes.flux) | (fluxes.coverage < 0.7))
