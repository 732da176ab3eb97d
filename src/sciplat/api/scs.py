"""``/api/scs``: a cone search in every table with positions (Simple Cone Search 1.03)."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from sciplat.api.aspect import manner_of
from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import Dali, Parameters
from sciplat.api.policy import Anyone, Visiting, origin
from sciplat.api.respond import respond_with
from sciplat.api.tap import XML, format_of
from sciplat.errors import ADQLError, LimitError, SciplatError, UsageError
from sciplat.services.cone_search import Cone, cone_query, described
from sciplat.tables.document import Document, Info
from sciplat.tables.votable import MEDIA_TYPE, error_document
from sciplat.vo.capabilities import ConeSearchCapability, capabilities_document, vosi_capabilities
from sciplat.vo.vosi import Availability, availability_document, table_document
from sciplat.wire.cones import ConeSearch, ConeSearchList

__all__ = ["PREFIX", "router"]

PREFIX = "/api/scs"
router = APIRouter(prefix=PREFIX, tags=["scs"])

_PLAIN = "votable/td"
"""The form of an answer that nobody asked another form of: clients of this old standard read no other."""


def cone_of(parameters: Parameters) -> Cone:
    """Return the cone of a request (section 2.1)."""
    return Cone(*(_degrees(parameters, name) for name in ("RA", "DEC", "SR")))


def _degrees(parameters: Parameters, name: str) -> float:
    text = parameters.text(name)
    if text is None or not text.strip():
        raise UsageError(f"{name} is missing: send RA, DEC and SR in decimal degrees.")
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name}={text[:40]!r} is not a number of decimal degrees.") from None


def _verbosity(parameters: Parameters) -> int:
    verbosity = parameters.whole_number("VERB")
    if verbosity not in (None, 1, 2, 3):
        raise UsageError(f"VERB={verbosity} is unknown; it can be 1, 2 or 3.")
    return verbosity or 2


@router.get("")
def cone_searches(request: Request, visitor: Visiting, asking: Asking) -> ConeSearchList:
    """Answer the tables in which the asker can search cones, with the address of each."""
    return ConeSearchList(
        services=[
            ConeSearch(
                table=table.qualified_name,
                description=table.description,
                url=f"{origin(request)}{PREFIX}/{table.qualified_name}",
            )
            for schema in asking.schemas(visitor)
            for table in schema.tables
            if table.position is not None
        ]
    )


@router.get("/{name}", response_class=Response)
@router.post("/{name}", response_class=Response)
async def cone_search(
    name: str, request: Request, parameters: Dali, visitor: Visiting, asking: Asking
) -> Response:
    """Answer the rows near a position, the nearest first."""
    table = await to_thread.run_sync(asking.table, name, visitor)
    turns = request.app.state.turns
    try:
        form = format_of(parameters, otherwise=_PLAIN)
        query = cone_query(
            table,
            cone_of(parameters),
            verbosity=_verbosity(parameters),
            maxrec=parameters.whole_number("MAXREC"),
        )
        return await respond_with(
            partial(asking.answer, query, visitor=visitor, manner=manner_of(request)),
            form,
            Document(query=query.adql),
            request=request,
            turns=turns,
            seen_as=lambda stream: described(stream, table),
        )
    except (UsageError, LimitError, ADQLError) as error:
        return _error(error)


def _error(error: SciplatError) -> Response:
    """Return a document of an error with the status 200: clients of this standard read no other (2.3)."""
    message = str(error)
    return Response(error_document(message, Document(infos=(Info("Error", message),))), media_type=MEDIA_TYPE)


@router.get("/{name}/capabilities", response_class=Response)
def capabilities(name: str, request: Request, visitor: Visiting, asking: Asking, instance: Reach) -> Response:
    """Answer what a cone search can do (VOSI 1.1, section 4; SimpleDALRegExt 1.1, section 3.1)."""
    url = f"{origin(request)}{PREFIX}/{asking.table(name, visitor).qualified_name}"
    cone = ConeSearchCapability(url, max_rows=instance.settings.query.max_rows)
    return Response(capabilities_document(vosi_capabilities(url), cone_search=cone), media_type=XML)


@router.get("/{name}/availability", response_class=Response)
def availability(name: str, _: Anyone) -> Response:
    """Answer that this service is there (VOSI 1.1, section 5)."""
    return Response(availability_document(Availability(available=True)), media_type=XML)


@router.get("/{name}/tables", response_class=Response)
def tables(name: str, visitor: Visiting, asking: Asking) -> Response:
    """Answer the table that is searched, with its columns (VOSI 1.1, section 6)."""
    return Response(table_document(asking.table(name, visitor)), media_type=XML)
