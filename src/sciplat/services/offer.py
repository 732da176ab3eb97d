"""Offer services: what can be asked with the rows of a result (DataLink 1.1, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sciplat.services.offer_cutouts import IDENTIFIER, soda, soda_inputs
from sciplat.tables.document import Input, Service
from sciplat.vo.schema import Column

__all__ = ["LINKS", "LINKS_STANDARD", "LINKS_TYPE", "offered"]

LINKS = "/api/datalink/links"
LINKS_STANDARD = "ivo://ivoa.net/std/DataLink#links-1.1"
LINKS_TYPE = "application/x-votable+xml;content=datalink"

_IDENTIFIER = "obscore:curation.publisherdid"


def offered(columns: Sequence[Column], origin: str) -> tuple[Service, ...]:
    """Return the services for the rows of a result: links and cutouts of images, links of rows of catalogs.

    Parameters
    ----------
    columns
        Of the result; what they came from is known by their metadata.
    origin
        Of the addresses, ``https://host``.
    """
    services: list[Service] = []
    done: set[str] = set()
    for place, column in enumerate(columns):
        if (column.utype or "").lower() == _IDENTIFIER and _IDENTIFIER not in done:
            done.add(_IDENTIFIER)
            services.append(
                _links(
                    origin,
                    "links",
                    "What belongs to each dataset: its file, a preview, cutouts, inputs",
                    place,
                )
            )
            inputs = soda_inputs(replace(IDENTIFIER, column=place))
            services += soda(origin, inputs, "Cutouts of each image")
        elif column.row_of is not None and column.row_of not in done:
            done.add(column.row_of)
            about = f"What belongs to each row of {column.row_of}: images of its place, rows of other tables"
            services.append(_links(origin, f"links of {column.row_of}", about, place, column.row_of))
    return tuple(services)


def _links(origin: str, name: str, about: str, place: int, table: str | None = None) -> Service:
    inputs = [Input("ID", column=place, ucd="meta.id;meta.main")]
    if table is not None:
        inputs.append(Input("TABLE", table, description="The table whose rows the identifiers are of"))
    return Service(
        f"{origin}{LINKS}",
        tuple(inputs),
        standard=LINKS_STANDARD,
        name=name,
        description=about,
        content_type=LINKS_TYPE,
    )
