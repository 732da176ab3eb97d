"""The dataset types of images, with the dimensions that tell their datasets apart."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["BESIDE_IMAGES", "DATASET_TYPES"]

DATASET_TYPES = MappingProxyType(
    {
        "raw": ("instrument", "exposure", "detector"),
        "visit_image": ("instrument", "visit", "detector"),
        "difference_image": ("instrument", "visit", "detector"),
        "template_coadd": ("band", "skymap", "tract", "patch"),
        "deep_coadd": ("band", "skymap", "tract", "patch"),
    }
)
"""Named as in Rubin's Data Preview 1."""

BESIDE_IMAGES = MappingProxyType(
    {
        "reference_stars": (("instrument",), "ArrowAstropy"),
        "defects": (("instrument", "detector"), "ArrowAstropy"),
        "tessellation": (("skymap",), "StructuredDataDict"),
        "target": (("instrument",), "ArrowAstropy"),
        "relative_calibration": (("instrument", "band"), "ArrowAstropy"),
    }
)
"""What pipelines need beside images: dimensions and storage class of each."""
