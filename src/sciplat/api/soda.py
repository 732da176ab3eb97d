"""``/api/soda``: pieces of images (Server-side Operations for Data Access 1.0)."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Dali
from sciplat.api.policy import Anyone, Visiting, origin
from sciplat.api.sending import Cutting
from sciplat.api.tap import XHTML, XML
from sciplat.errors import NoOverlapError
from sciplat.services.cutout.examples import cutout_examples
from sciplat.services.cutout.request import CutoutRequests
from sciplat.vo.capabilities import Capability, Interface, capabilities_document, vosi_capabilities
from sciplat.vo.examples import examples_document
from sciplat.vo.soda import ASYNC, SYNC
from sciplat.vo.vosi import Availability, availability_document

__all__ = ["PREFIX", "router"]

PREFIX = "/api/soda"
router = APIRouter(prefix=PREFIX, tags=["soda"])

_REASON = 500
"""Characters of a header."""


@router.get("/sync", response_class=Response)
@router.post("/sync", response_class=Response)
async def sync(request: Request, parameters: Dali, visitor: Visiting, instance: Reach) -> Response:
    """Answer a piece of an image; what has no pixel is answered by status 204 (section 5.1)."""
    wanted = CutoutRequests.of(parameters).single()
    try:
        cutting: Cutting = request.app.state.cutting
        return await cutting.respond(partial(instance.images.cutout.cutout, wanted, visitor=visitor))
    except NoOverlapError as error:
        # The standard wants a response without a body, and people a reason.
        reason = str(error)[:_REASON].encode("ascii", "replace").decode()
        return Response(status_code=204, headers={"X-Sciplat-Message": reason})


@router.get("/capabilities", response_class=Response)
def capabilities(request: Request, _: Anyone) -> Response:
    """Answer what this service can do (VOSI 1.1, section 4)."""
    url = f"{origin(request)}{PREFIX}"
    offered = [
        Capability(standard, (Interface(f"{url}/{name}", version="1.0"),))
        for standard, name in ((SYNC, "sync"), (ASYNC, "async"))
    ]
    return Response(
        capabilities_document((*vosi_capabilities(url, tables=False, examples=True), *offered)),
        media_type=XML,
    )


@router.get("/availability", response_class=Response)
def availability(_: Anyone) -> Response:
    """Answer that this service is there (VOSI 1.1, section 5)."""
    return Response(availability_document(Availability(available=True)), media_type=XML)


@router.get("/examples", response_class=Response)
def examples_page(request: Request, visitor: Visiting, instance: Reach) -> Response:
    """Answer cutouts to learn from, as a page for people and clients (section 2.3; DALI 1.1, section 2.3)."""
    made = cutout_examples(
        instance.catalogs,
        visitor,
        authority=instance.settings.authority,
        address=f"{origin(request)}{PREFIX}/sync",
    )
    about = "Pieces of images (SODA 1.0). Each can be had as it is; change it as you like."
    return Response(examples_document(f"Cutouts of {instance.settings.name}", about, made), media_type=XHTML)
