"""The images of a band compared by the stars that they share: scales of fluxes, shifts of positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.table import Table, vstack
from lsst.pex.config import Field
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import Input, Output, PrerequisiteInput
from scipy.spatial import KDTree

from sciplat.images.association import associate
from sciplat.images.ensemble import Ensemble, compare
from sciplat.pipelines.connections import TABLE

__all__ = ["RelativeCalibrationConfig", "RelativeCalibrationTask"]

Doubles = npt.NDArray[np.float64]


class RelativeCalibrationConnections(PipelineTaskConnections, dimensions=("instrument", "band")):
    """Sources of all images of a band, and what is going to be measured."""

    instrumental_sources = Input(
        doc="Sources in the unit of each image.",
        name="instrumental_source",
        storageClass=TABLE,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )
    targets = PrerequisiteInput(
        doc="What is to be measured (coord_ra, coord_dec, ICRS degrees): never compared with itself.",
        name="target",
        storageClass=TABLE,
        dimensions=("instrument",),
        minimum=0,
    )
    relative_calibration = Output(
        doc="A row an image: visit, detector, scale, scaleErr, scatter, shift_ra, shift_dec, stars, group.",
        name="relative_calibration",
        storageClass=TABLE,
        dimensions=("instrument", "band"),
    )


class RelativeCalibrationConfig(PipelineTaskConfig, pipelineConnections=RelativeCalibrationConnections):
    """What can be chosen."""

    signalToNoise: Any = Field(dtype=float, default=20.0, doc="Of a star that others are compared with.")  # noqa: N815
    radius: Any = Field(dtype=float, default=1.0, doc="Arcseconds within which sources are one star.")
    floor: Any = Field(
        dtype=float,
        default=0.01,
        doc="Least relative scatter of a single measurement beyond its error: what flat fields and PSFs are "
        "trusted to, however well a few stars happen to agree.",
    )
    apart: Any = Field(
        dtype=float, default=2.0, doc="Arcseconds around a target within which no star counts."
    )


class RelativeCalibrationTask(PipelineTask):
    """Bring the images of a band to one scale of fluxes and one frame of positions, by their stars."""

    ConfigClass = RelativeCalibrationConfig
    config: Any
    _DefaultName = "relativeCalibration"

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:  # noqa: N802, N803
        """Read all images' sources, run, write."""
        inputs = butlerQC.get(inputRefs)
        butlerQC.put(self.run(inputs["instrumental_sources"], inputs.get("targets")), outputRefs)

    def run(self, instrumental_sources: Sequence[Table], targets: Table | None = None) -> Struct:
        """Return ``relative_calibration``.

        Fluxes times ``scale`` are those of the mean of all images of a group; ``scaleErr`` is common to all
        sources of the image, ``scatter`` is that of each measurement beyond its error. ``shift_ra`` (RA times
        cos Dec) and ``shift_dec``, arcseconds, are how far the image's positions are from those of the mean.

        Raises
        ------
        NoWorkFound
            No star can be compared.
        """
        shown = [each for each in instrumental_sources if len(each)]
        if not shown:
            raise NoWorkFound("No star can be compared: nothing was found in any of the images")
        sources = vstack(shown, metadata_conflicts="silent")
        flux, error = (np.asarray(sources[name], np.float64) for name in ("psfFlux", "psfFluxErr"))
        ra, dec = (np.asarray(sources[name], np.float64) for name in ("coord_ra", "coord_dec"))
        with np.errstate(invalid="ignore"):
            use = ~np.asarray(sources["psfFlux_flag"], np.bool_) & (flux > self.config.signalToNoise * error)
        if targets is not None and len(targets):
            use &= ~_near(ra, dec, targets, self.config.apart)
        place = np.stack([np.asarray(sources[name], np.int64) for name in ("visit", "detector")], axis=1)
        images, image = np.unique(place, axis=0, return_inverse=True)
        image = image.ravel().astype(np.int64)
        blur = np.full(len(ra), 1e-5)
        owner = associate(ra, dec, blur, image, radius=self.config.radius).owner
        # A star is what most images show as one: seeing decides in a single image.
        votes = np.bincount(owner, np.where(np.asarray(sources["isStar"], np.bool_), 1, -1))
        use &= votes[owner] > 0
        if not use.any():
            raise NoWorkFound("No star can be compared: none is bright, whole and away from the targets")
        images, image, owner = images[np.unique(image[use])], _counted(image[use]), _counted(owner[use])
        flux, error, ra, dec = (each[use] for each in (flux, error, ra, dec))
        found = compare(image, owner, flux, error, ra, dec, floor=self.config.floor)
        self.log.info(
            "%d images by %d stars; scales to %.2f %%, single measurements scatter by %.2f %% more",
            len(images),
            len(found.flux),
            100 * float(np.nanmedian(found.error / found.scale)),
            100 * found.scatter,
        )
        return Struct(relative_calibration=_rows(images, found))


def _counted(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return numbers counted from 0 without gaps."""
    return np.unique(numbers, return_inverse=True)[1].ravel().astype(np.int64)


def _near(ra: Doubles, dec: Doubles, targets: Table, radius: float) -> npt.NDArray[np.bool_]:
    away = _directions(*(np.asarray(targets[name], np.float64) for name in ("coord_ra", "coord_dec")))
    chord = 2 * np.sin(np.radians(radius / 3600) / 2)
    return np.asarray(KDTree(away).query(_directions(ra, dec))[0] < chord)


def _directions(ra: Doubles, dec: Doubles) -> Doubles:
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)


def _rows(images: npt.NDArray[np.int64], found: Ensemble) -> Table:
    rows = Table(
        {
            "visit": images[:, 0],
            "detector": images[:, 1],
            "scale": found.scale,
            "scaleErr": found.error,
            "scatter": np.full(len(images), found.scatter),
            "shift_ra": found.shift_ra * 3600,
            "shift_dec": found.shift_dec * 3600,
            "stars": found.stars,
            "group": found.group,
        }
    )
    rows["shift_ra"].unit = rows["shift_dec"].unit = "arcsec"
    return rows
