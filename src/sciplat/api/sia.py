"""``/api/sia``: images by place, time, band and more (Simple Image Access 2.0)."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from sciplat.api.aspect import manner_of
from sciplat.api.dependencies import Asking
from sciplat.api.parameters import Dali
from sciplat.api.policy import Anyone, Visiting, origin
from sciplat.api.respond import respond_with
from sciplat.api.tap import XML, format_of
from sciplat.services.discover import PARAMETERS, discovery
from sciplat.tables.document import Document
from sciplat.vo.capabilities import Capability, Interface, capabilities_document, vosi_capabilities
from sciplat.vo.vosi import Availability, availability_document

__all__ = ["PREFIX", "router"]

PREFIX = "/api/sia"
_STANDARD = "ivo://ivoa.net/std/SIA#query-2.0"
router = APIRouter(prefix=PREFIX, tags=["sia"])


@router.get("/query", response_class=Response)
@router.post("/query", response_class=Response)
async def query(request: Request, parameters: Dali, visitor: Visiting, asking: Asking) -> Response:
    """Answer the images that meet all parameters (section 2.1), as rows of ObsCore."""
    form = format_of(parameters)
    wanted = discovery(
        {name: parameters.all(name) for name in PARAMETERS}, maxrec=parameters.whole_number("MAXREC")
    )
    ask = partial(asking.answer, wanted, visitor=visitor, manner=manner_of(request))
    document, turns = Document(query=wanted.adql), request.app.state.turns
    return await respond_with(ask, form, document, request=request, turns=turns)


@router.get("/capabilities", response_class=Response)
def capabilities(request: Request, _: Anyone) -> Response:
    """Answer what this service can do (VOSI 1.1, section 4)."""
    url = f"{origin(request)}{PREFIX}"
    sia = Capability(_STANDARD, (Interface(f"{url}/query", version="2.0"),))
    return Response(capabilities_document((*vosi_capabilities(url, tables=False), sia)), media_type=XML)


@router.get("/availability", response_class=Response)
def availability(_: Anyone) -> Response:
    """Answer that this service is there (VOSI 1.1, section 5)."""
    return Response(availability_document(Availability(available=True)), media_type=XML)
