"""From the coadds of a patch to the objects on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table
from lsst.pex.config import Field
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output

from sciplat.images.exposure import Exposure
from sciplat.images.objects import Objects, measure_objects
from sciplat.images.planes import PLANES
from sciplat.images.resize import common_box
from sciplat.pipelines.connections import EXPOSURE, TABLE
from sciplat.pipelines.tables import magnitudes, object_ids, sky, table

__all__ = ["MeasureObjectsConfig", "MeasureObjectsTask"]

_REFERENCE = "irzygu"
"""Bands in the order in which one with a signal to noise of 10 is the reference."""


class MeasureObjectsConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch")):
    """The coadds of a patch in all bands."""

    deep_coadds = Input(
        doc="Coadds, in nJy.",
        name="deep_coadd",
        storageClass=EXPOSURE,
        dimensions=("band", "skymap", "tract", "patch"),
        multiple=True,
    )
    object = Output(
        doc="Objects in all bands.",
        name="object",
        storageClass=TABLE,
        dimensions=("skymap", "tract", "patch"),
    )


class MeasureObjectsConfig(PipelineTaskConfig, pipelineConnections=MeasureObjectsConnections):
    """What can be chosen."""

    threshold: Any = Field(dtype=float, default=5.0, doc="Signal to noise on the sum of all bands.")


class MeasureObjectsTask(PipelineTask):
    """Find objects on the sum of all bands and measure them in each."""

    ConfigClass = MeasureObjectsConfig
    config: Any
    _DefaultName = "measureObjects"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read all bands, run, write."""
        inputs = butlerQC.get(inputRefs)
        bands = [str(ref.dataId["band"]) for ref in inputRefs.deep_coadds]
        data_id = butlerQC.quantum.dataId
        coadds = dict(zip(bands, inputs["deep_coadds"], strict=True))
        outputs = self.run(coadds, tract=int(data_id["tract"]), patch=int(data_id["patch"]))
        butlerQC.put(outputs, outputRefs)

    def run(self, coadds: Mapping[str, Exposure], *, tract: int = 0, patch: int = 0) -> Struct:
        """Return ``object``: a row an object, the columns of each band after its name.

        Raises
        ------
        UsageError
            There is no coadd, or one lacks variance or PSF.
        """
        ordered = {band: coadds[band] for band in "ugrizy" if band in coadds}
        same = common_box(ordered)
        objects = measure_objects(same, threshold=self.config.threshold)
        self.log.info("%d objects in %s", len(objects), ", ".join(same))
        return Struct(object=_rows(objects, same, tract, patch))


def _rows(objects: Objects, coadds: Mapping[str, Exposure], tract: int, patch: int) -> Table:
    found, count = objects.detections, len(objects)
    first = next(iter(coadds.values()))
    ra, dec = sky(first.wcs, found.x, found.y)
    degrees = objects.position_error * float(np.sqrt(np.abs(np.linalg.det(first.wcs.pixel_scale_matrix))))
    extended = {band: _extended(objects, band) for band in objects.bands}
    reference = _reference_band(objects)
    rows: dict[str, Any] = {
        "objectId": object_ids(tract, patch, count),
        "coord_ra": ra,
        "coord_dec": dec,
        "coord_raErr": degrees / np.cos(np.radians(dec)),
        "coord_decErr": degrees,
        "tract": np.full(count, tract),
        "patch": np.full(count, patch),
        "x": found.x + first.origin[0],
        "y": found.y + first.origin[1],
        "xErr": objects.position_error,
        "yErr": objects.position_error,
        "refBand": reference,
        "refExtendedness": _of_reference(reference, {b: e[0] for b, e in extended.items()}),
        "refSizeExtendedness": _of_reference(reference, {b: e[1] for b, e in extended.items()}),
        "detect_fromBlend": found.is_blended,
    }
    for k, axis in enumerate(("xx", "yy", "xy")):
        rows[f"shape_{axis}"] = _of_reference(
            reference, {band: measured.moments[:, k] for band, measured in objects.bands.items()}
        )
    rows["shape_flag"] = ~np.isfinite(rows["shape_xx"])
    inputs = {band: int(image.header.get("NINPUT", 0)) for band, image in coadds.items()}
    for band, measured in objects.bands.items():
        psf, kron, aperture = measured.psf, measured.kron, measured.aperture
        magnitude, magnitude_error = magnitudes(psf.flux, psf.error)
        columns: dict[str, Any] = {
            "psfFlux": psf.flux,
            "psfFluxErr": psf.error,
            "psfFlux_flag": ~np.isfinite(psf.flux) | (psf.coverage < 0.9),
            "psfMag": magnitude,
            "psfMagErr": magnitude_error,
            "kronFlux": kron.flux,
            "kronFluxErr": kron.error,
            "kronFlux_flag": ~np.isfinite(kron.flux),
            "ap12Flux": aperture.flux,
            "ap12FluxErr": aperture.error,
            "ap12Flux_flag": ~np.isfinite(aperture.flux) | (aperture.coverage < 0.95),
            "extendedness": extended[band][0],
            "sizeExtendedness": extended[band][1],
            "inputCount": np.full(count, inputs[band], np.int32),
            "i_flag": ~np.isfinite(measured.moments[:, 0]),
            "pixelFlags_saturated": (measured.flags & (1 << PLANES["SAT"])) != 0,
            "pixelFlags_saturatedCenter": (measured.centre_flags & (1 << PLANES["SAT"])) != 0,
            "pixelFlags_clipped": (measured.flags & (1 << PLANES["CLIPPED"])) != 0,
            "pixelFlags_clippedCenter": (measured.centre_flags & (1 << PLANES["CLIPPED"])) != 0,
        }
        for k, axis in enumerate(("xx", "yy", "xy")):
            columns[f"i{axis}"] = measured.moments[:, k]
            columns[f"i{axis}PSF"] = measured.psf_moments[:, k]
        rows.update({f"{band}_{name}": values for name, values in columns.items()})
    return table(rows)


def _extended(objects: Objects, band: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return 1 for extended and 0 for point-like, and how sure that is (0 to 1); NaN where there is no shape.

    An object is extended where its second moments exceed the PSF's by a tenth. The second number is the
    chance of that, with the noise of moments taken from the signal to noise.
    """
    measured = objects.bands[band]
    of_psf = measured.psf_moments[:, :2].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        excess = measured.moments[:, :2].sum(axis=1) / of_psf - 1.0
        noise = np.hypot(1.4 * measured.psf.error / np.abs(measured.psf.flux) * (1 + excess), 0.02)
        sure = 1 / (1 + np.exp(np.clip(-1.7 * (excess - 0.1) / noise, -50, 50)))
    return np.where(np.isfinite(excess), (excess > 0.1).astype(np.float64), np.nan), sure


def _reference_band(objects: Objects) -> npt.NDArray[np.str_]:
    """Return the first of i, r, z, y, g, u with a signal to noise of 10, else the band with the best."""
    bands = [band for band in _REFERENCE if band in objects.bands]
    with np.errstate(invalid="ignore", divide="ignore"):
        signal = np.stack(
            [np.nan_to_num(objects.bands[b].psf.flux / objects.bands[b].psf.error) for b in bands], axis=1
        )
    good = signal > 10
    which = np.where(good.any(axis=1), good.argmax(axis=1), signal.argmax(axis=1))
    return np.asarray(np.array(bands)[which])


def _of_reference(
    reference: npt.NDArray[np.str_], values: Mapping[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    result = np.full(len(reference), np.nan)
    for band, column in values.items():
        here = reference == band
        result[here] = column[here]
    return result
