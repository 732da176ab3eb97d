"""The links of an image: its file, cutouts, what it was made of and what was made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from sciplat.services.cutout_request import CONTENTS
from sciplat.services.link_models import Link
from sciplat.services.offer import LINKS, LINKS_TYPE
from sciplat.tables.document import Input, Service

__all__ = ["FITS", "IMAGES", "SODA", "Image", "address_of", "image_links"]

FITS = "application/fits"
IMAGES = "/api/images"
SODA = "/api/soda/sync"
_SODA_STANDARD = "ivo://ivoa.net/std/SODA#sync-1.0"
_AREA = "pos.outline;obs"


@dataclass(frozen=True, slots=True)
class Image:
    """What ``ivoa.ObsCore`` says of an image."""

    did: str
    release: str
    kind: str
    name: str
    bytes: int | None
    circle: tuple[float, float, float] | None
    """Around it: right ascension, declination and radius, degrees."""

    corners: tuple[float, ...]
    band: tuple[float, float] | None
    """Metres."""

    filter: str | None
    detector: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what a row says."""
        place = (row["s_ra"], row["s_dec"], row["s_fov"])
        band = (row["em_min"], row["em_max"])
        return cls(
            row["obs_publisher_did"],
            row["obs_collection"],
            row["dataproduct_subtype"],
            row["obs_id"],
            row["_bytes"],
            None if None in place else (place[0], place[1], place[2] / 2),
            tuple(row["_s_region"] or ()),
            None if None in band else band,
            row["lsst_band"],
            row["lsst_detector"],
        )

    @property
    def id(self) -> str:
        """The UUID of the dataset."""
        return self.did.rpartition("?")[2]

    @property
    def said(self) -> str:
        """What a person calls it."""
        words = [self.kind, self.name, self.filter and f"band {self.filter}"]
        if self.detector is not None:
            words.append(f"detector {self.detector}")
        return ", ".join(word for word in words if word)


def address_of(did: str, origin: str) -> str:
    """Return the address of the links of a dataset or row."""
    return f"{origin}{LINKS}?ID={quote(did, safe='')}"


def image_links(
    identifier: str, image: Image, relatives: Mapping[str, Sequence[tuple[str, Image]]], origin: str
) -> tuple[list[Link], list[Service]]:
    """Return the links of an image, and the services that they name."""
    soda = _soda(image, origin)
    made = [
        Link(
            identifier,
            "#this",
            f"The FITS file of {image.said}",
            address=f"{origin}{IMAGES}/{image.release}/{image.id}/file",
            content_type=FITS,
            content_length=image.bytes,
            content_qualifier="#image",
        )
    ]
    made.append(
        Link(
            identifier,
            "#preview",
            f"A picture of {image.said}",
            address=f"{origin}{IMAGES}/{image.release}/{image.id}/preview",
            content_type="image/png",
            content_qualifier="#image",
        )
    )
    services = []
    if image.corners:
        made.append(
            Link(
                identifier,
                "#cutout",
                f"Pixels of a part of {image.said}, unchanged, with mask and variance",
                service=soda.id,
                content_type=FITS,
                content_qualifier="#image",
            )
        )
        services.append(soda)
    made += _related(identifier, relatives.get(image.did, ()), origin)
    return made, services


def _related(identifier: str, relatives: Sequence[tuple[str, Image]], origin: str) -> Iterator[Link]:
    what = {"#progenitor": "What it was made of", "#derivation": "What was made of it"}
    for semantics, other in relatives:
        yield Link(
            identifier,
            semantics,
            f"{what[semantics]}: {other.said}",
            address=address_of(other.did, origin),
            content_type=LINKS_TYPE,
            content_qualifier="#image",
            local_semantics=other.kind,
        )


def _soda(image: Image, origin: str) -> Service:
    """Return the service that cuts an image, with the ranges of what it takes (SODA 1.0, section 4)."""
    circle = None if image.circle is None else " ".join(map(repr, image.circle))
    polygon = " ".join(map(repr, image.corners)) or None
    low, high = map(repr, image.band) if image.band else (None, None)
    return Service(
        f"{origin}{SODA}",
        (
            Input("ID", image.did, ucd="meta.id;meta.main", description="The image"),
            Input("POS", ucd=_AREA, description="CIRCLE, RANGE or POLYGON with its numbers, ICRS degrees"),
            _shape("CIRCLE", "3", circle, "Centre and radius, ICRS"),
            _shape("POLYGON", "*", polygon, "Corners, ICRS"),
            Input(
                "BAND",
                datatype="double",
                arraysize="2",
                unit="m",
                ucd="em.wl",
                xtype="interval",
                least=low,
                most=high,
                description="Wavelengths of which the image must have some",
            ),
            Input("PLANES", options=CONTENTS, description="image alone, with mask and variance, or all"),
        ),
        standard=_SODA_STANDARD,
        id=f"soda-{image.id}",
        name=f"Cutouts of {image.said}",
        content_type=FITS,
    )


def _shape(name: str, arraysize: str, most: str | None, about: str) -> Input:
    return Input(
        name,
        datatype="double",
        arraysize=arraysize,
        unit="deg",
        ucd=_AREA,
        xtype=name.lower(),
        description=about,
        most=most,
    )
