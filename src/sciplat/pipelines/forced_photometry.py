"""The brightness of known positions in every visit, seen there or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table, vstack
from lsst.pex.config import Field, ListField
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output

from sciplat.images.exposure import Exposure
from sciplat.images.photometry import Fluxes, flags_near, psf_fluxes
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import pixel_flags, table

__all__ = ["ForcedPhotometryConfig", "ForcedPhotometryTask"]


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
    forced_source = Output(
        doc="A row for each position that lies in the image.",
        name="{outputName}",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
    )

    def __init__(self, *, config: Any = None) -> None:
        super().__init__(config=config)
        if config is not None and not config.doDifference:
            del self.difference_image


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
        *,
        visit: int = 0,
        detector: int = 0,
        band: str = "",
    ) -> Struct:
        """Return ``forced_source``: PSF fluxes in nJy (the unit of the image), their errors and flags.

        Parameters
        ----------
        visit_image
            With variance and PSF.
        positions
            Tables with ``coord_ra`` and ``coord_dec``, ICRS degrees.
        difference_image
            Measured too where it is given.
        visit, detector, band
            Written to each row.

        Raises
        ------
        NoWorkFound
            No position lies in the image.
        """
        tables = [positions] if isinstance(positions, Table) else list(positions)
        wanted = vstack(tables, metadata_conflicts="silent") if len(tables) > 1 else tables[0]
        x, y = (
            np.asarray(v, np.float64)
            for v in visit_image.wcs.world_to_pixel_values(wanted["coord_ra"], wanted["coord_dec"])
        )
        height, width = visit_image.image.shape
        with np.errstate(invalid="ignore"):
            inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
        if not inside.any():
            raise NoWorkFound(f"No position lies in visit {visit}, detector {detector}")
        wanted, x, y = wanted[inside], x[inside], y[inside]
        direct = self._fluxes(visit_image, x, y)
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
        if difference_image is not None:
            change = self._fluxes(difference_image, x, y)
            rows.update(
                psfDiffFlux=change.flux, psfDiffFluxErr=change.error, psfDiffFlux_flag=_is_bad(change)
            )
        rows.update(pixel_flags(near, centre))
        if "MJD-AVG" in visit_image.header:
            rows["expMidptMJD"] = np.full(len(x), float(visit_image.header["MJD-AVG"]))
        return Struct(forced_source=table(rows))

    def _fluxes(self, image: Exposure, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Fluxes:
        assert image.variance is not None
        assert image.psf is not None
        unusable = image.flagged(*self.config.badPlanes)
        return psf_fluxes(
            image.image, image.variance, image.psf, x, y, unusable=unusable, origin=image.origin
        )


def _is_bad(fluxes: Fluxes) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isfinite(fluxes.flux) | (fluxes.coverage < 0.7))
