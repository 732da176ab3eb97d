"""``/api/datalink``: what belongs to a dataset or to a row of a catalog (DataLink 1.1)."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import Dali, Parameters
from sciplat.api.policy import Anyone, Visiting, origin
from sciplat.api.respond import respond
from sciplat.api.tap import XML, wished_format
from sciplat.services.link.link import LinkService
from sciplat.services.link.models import links_stream
from sciplat.services.offer import LINKS_STANDARD, LINKS_TYPE
from sciplat.tables.document import Document, Info, Input, Service
from sciplat.tables.formats import Format, negotiate
from sciplat.vo.capabilities import Capability, Interface, capabilities_document, vosi_capabilities
from sciplat.vo.vosi import Availability, availability_document

__all__ = ["PREFIX", "router"]

PREFIX = "/api/datalink"
router = APIRouter(prefix=PREFIX, tags=["datalink"])

_PLAIN = negotiate("votable/td")
_STANDARD_FORM = frozenset({"votable", "application/x-votable+xml"})


@router.get("/links", response_class=Response)
@router.post("/links", response_class=Response)
def links(request: Request, parameters: Dali, visitor: Visiting, asking: Asking, instance: Reach) -> Response:
    """Answer what belongs to each ID (section 3)."""
    form = _format(parameters)
    home = origin(request)
    linking = LinkService(asking, authority=instance.settings.authority)
    found = linking.links(
        parameters.all("ID"), visitor=visitor, origin=home, table=parameters.text("TABLE") or None
    )
    document = Document(infos=(Info("standardID", LINKS_STANDARD),), services=(*found.services, _self(home)))
    return respond(links_stream(found), form, document, request=request)


def _format(parameters: Parameters) -> Format:
    """Return the form of the answer: TABLEDATA, unless another one is asked for by name (section 2.1.2)."""
    wish = (wished_format(parameters) or "").strip()
    if not wish or wish.partition(";")[0].strip().lower() in _STANDARD_FORM:
        return replace(_PLAIN, mime=LINKS_TYPE)
    return negotiate(wish)


def _self(home: str) -> Service:
    """Return what this service says of itself (section 4.4)."""
    return Service(
        f"{home}{PREFIX}/links",
        (
            Input("ID", ucd="meta.id;meta.main", description="obs_publisher_did in ivoa.ObsCore, or a row"),
            Input("TABLE", description="A table by whose primary key each ID is a row, such as sim1.Object"),
        ),
        standard=LINKS_STANDARD,
        content_type=LINKS_TYPE,
        name="links",
        about="adhoc:this",
    )


@router.get("/capabilities", response_class=Response)
def capabilities(request: Request, _: Anyone) -> Response:
    """Answer what this service can do (VOSI 1.1, section 4)."""
    url = f"{origin(request)}{PREFIX}"
    offered = Capability(LINKS_STANDARD, (Interface(f"{url}/links", use="base"),))
    return Response(capabilities_document((*vosi_capabilities(url, tables=False), offered)), media_type=XML)


@router.get("/availability", response_class=Response)
def availability(_: Anyone) -> Response:
    """Answer that this service is there (VOSI 1.1, section 5)."""
    return Response(availability_document(Availability(available=True)), media_type=XML)
