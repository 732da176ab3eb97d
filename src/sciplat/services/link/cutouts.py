"""The links to cutouts, which an image and a row of a catalog have alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from sciplat.services.link.models import Link
from sciplat.services.offer_cutouts import FITS
from sciplat.tables.document import Service

__all__ = ["Way", "cutout_links"]

Way = Literal["cutout", "cutout jobs", "many cutouts"]
"""One at once, several as results of a job, or many in one archive; the local semantics of the link."""


def cutout_links(identifier: str, ways: Mapping[Way, tuple[Service, str]]) -> Iterator[Link]:
    """Yield the link to each service that cuts; with it comes what a person is told of it."""
    for way, (service, said) in ways.items():
        yield Link(
            identifier,
            "#cutout",
            said,
            service=service.id,
            content_type=service.content_type,
            content_qualifier="#image" if service.content_type == FITS else None,
            local_semantics=way,
        )
