"""What a repository's images are, in the words of ObsCore 1.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsst.dax.obscore import ExporterConfig
from lsst.dax.obscore.obscore_exporter import ObscoreExporter

from sciplat.repository.store import Repository

__all__ = ["observations"]

_DIMENSIONS = {
    "visit": ("lsst_visit", "int"),
    "exposure": ("lsst_visit", "int"),
    "detector": ("lsst_detector", "int"),
    "tract": ("lsst_tract", "int"),
    "patch": ("lsst_patch", "int"),
    "band": ("lsst_band", "string"),
    "physical_filter": ("lsst_filter", "string"),
}
_OBSERVATIONS = {
    "visit": "{records[visit].name}",
    "exposure": "{records[exposure].obs_id}",
    "patch": "{skymap}-{tract}-{patch}",
}
"""What identifies an observation, by the dimension that its data have."""


def observations(
    repository: Repository,
    *,
    images: Mapping[str, Mapping[str, Any]],
    bands: Mapping[str, Sequence[float]],
    authority: str,
    facility: str,
) -> Iterator[dict[str, Any]]:
    """Yield the row of each image that the collection of the release's name has.

    Parameters
    ----------
    images
        The dataset types that are images, each with its ``calib_level`` and ``o_ucd``.
    bands
        The shortest and longest wavelength of each band, in metres.
    authority
        The authority of the images' identifiers, ``ivo://AUTHORITY/RELEASE?ID``.
    facility
        Where nothing else is known.
    """
    butler, release = repository.butler, repository.release
    if not butler.collections.query(release):
        return
    known = {kind.name: kind.dimensions for kind in butler.registry.queryDatasetTypes(list(images))}
    types: dict[str, Any] = {}
    for name, dimensions in known.items():
        observed = next((text for key, text in _OBSERVATIONS.items() if key in dimensions), "{id}")
        types[name] = {
            **images[name],
            "dataproduct_type": "image",
            "dataproduct_subtype": name,
            "obs_id_fmt": observed,
            "extra_columns": {
                column: {"template": f"{{{dimension}}}", "type": kind}
                for dimension, (column, kind) in _DIMENSIONS.items()
                if dimension in dimensions
            },
        }
    if not types:
        return
    config = ExporterConfig(
        facility_name=facility,
        obs_collection=release,
        collections=[release],
        dataset_types=types,
        spectral_ranges={band: (limits[0], limits[1]) for band, limits in bands.items()},
        obs_publisher_did_fmt=f"ivo://{authority}/{release}?{{id}}",
    )
    for row in ObscoreExporter(butler, config).iter_records():
        outline = row["s_region"]
        yield {
            **row,
            "_s_region": None if outline is None else [float(part) for part in outline.split()[2:]],
        }
