"""The links of an image: its file, cutouts, what it was made of and what was made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote

from sciplat.services.link.cutouts import Way, cutout_links
from sciplat.services.link.models import Link
from sciplat.services.offer import LINKS, LINKS_TYPE
from sciplat.services.offer_cutouts import FITS, IDENTIFIER, many_cutouts, soda, soda_inputs
from sciplat.tables.document import Service

__all__ = ["Image", "address_of", "image_links"]

_IMAGES = "/api/images"


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

    time: tuple[float, float] | None
    """MJD, UTC."""

    filter: str | None
    detector: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what a row says."""
        place = (row["s_ra"], row["s_dec"], row["s_fov"])
        band, time = (row["em_min"], row["em_max"]), (row["t_min"], row["t_max"])
        return cls(
            row["obs_publisher_did"],
            row["obs_collection"],
            row["dataproduct_subtype"],
            row["obs_id"],
            row["_bytes"],
            None if None in place else (place[0], place[1], place[2] / 2),
            tuple(row["_s_region"] or ()),
            None if None in band else band,
            None if None in time else time,
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
    here = f"{origin}{_IMAGES}/{image.release}/{image.id}"
    made = [
        Link(
            identifier,
            "#this",
            f"The FITS file of {image.said}",
            address=f"{here}/file",
            content_type=FITS,
            content_length=image.bytes,
            content_qualifier="#image",
        ),
        Link(
            identifier,
            "#preview",
            f"A picture of {image.said}",
            address=f"{here}/preview",
            content_type="image/png",
            content_qualifier="#image",
        ),
    ]
    ways = _cutouts(image, origin) if image.corners else {}
    made += cutout_links(identifier, ways)
    made.append(
        Link(
            identifier,
            "#auxiliary",
            f"What a viewer must know of {image.said}: its tiles, mask planes, statistics, world coordinates",
            address=f"{here}/tiles",
            content_type="application/json",
            local_semantics="tiles",
        )
    )
    made += _related(identifier, relatives.get(image.did, ()), origin)
    return made, [service for service, _ in ways.values()]


def _cutouts(image: Image, origin: str) -> Mapping[Way, tuple[Service, str]]:
    """Return the services that cut an image, with the ranges of what they take, and what is said of each."""
    inputs = soda_inputs(
        replace(IDENTIFIER, value=image.did),
        circle=None if image.circle is None else " ".join(map(repr, image.circle)),
        polygon=" ".join(map(repr, image.corners)),
        band=image.band,
        time=image.time,
    )
    at_once, jobs = soda(origin, inputs, f"Cutouts of {image.said}", id=f"soda-{image.id}")
    many = many_cutouts(origin, {"ID": image.did}, f"Many cutouts of {image.said}", id=f"cutouts-{image.id}")
    return {
        "cutout": (at_once, f"Pixels of a part of {image.said}, unchanged, with mask and variance"),
        "cutout jobs": (jobs, f"Several parts of {image.said}, as results of a job"),
        "many cutouts": (many, f"Pixels of {image.said} around many positions, as one archive"),
    }


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
