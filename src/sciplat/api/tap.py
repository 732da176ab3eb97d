"""``/api/tap``: the Table Access Protocol 1.1, synchronous queries and VOSI documents."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from sciplat.api import tap_plus
from sciplat.api.aspect import manner_of
from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import Dali, DaliWithFiles, Parameters
from sciplat.api.policy import Anyone, Visiting, origin
from sciplat.api.respond import respond_with
from sciplat.api.tap_capabilities import capabilities_of
from sciplat.api.uploads import received_with
from sciplat.errors import UsageError
from sciplat.services.examples import examples
from sciplat.services.plan import LANGUAGES, Query
from sciplat.tables.document import Document
from sciplat.tables.formats import Format, negotiate
from sciplat.vo.examples import examples_document
from sciplat.vo.vosi import Availability, availability_document, table_document, tables_document

__all__ = ["PREFIX", "XML", "format_of", "query_of", "router"]

PREFIX = "/api/tap"
XML = "application/xml"
XHTML = "application/xhtml+xml"
router = APIRouter(prefix=PREFIX, tags=["tap"])


def query_of(parameters: Parameters) -> Query:
    """Return the query of a request (TAP 1.1, section 2.7).

    Raises
    ------
    UsageError
        A parameter is missing, or is one that this service does not take.
    """
    request = parameters.text("REQUEST")
    if request is not None and request.lower() != "doquery":
        raise UsageError(f"REQUEST={request[:40]!r} is unknown; it can only be doQuery.")
    adql = parameters.text("QUERY")
    if adql is None or not adql.strip():
        raise UsageError("QUERY is missing: send QUERY=SELECT …")
    return Query(adql, parameters.whole_number("MAXREC"), parameters.text("LANG") or LANGUAGES[0])


def format_of(parameters: Parameters, *, otherwise: str | None = None) -> Format:
    """Return the format that a request asks for: RESPONSEFORMAT, or FORMAT as TAP 1.0 had it."""
    return negotiate(wished_format(parameters) or otherwise)


def wished_format(parameters: Parameters) -> str | None:
    """Return the format that a request asks for, as it says it."""
    return parameters.text("RESPONSEFORMAT") or parameters.text("FORMAT")


@router.get("/sync", response_class=Response)
@router.post("/sync", response_class=Response)
async def sync(
    request: Request, parameters: DaliWithFiles, visitor: Visiting, asking: Asking, instance: Reach
) -> Response:
    """Run a query and answer its rows."""
    query, form = query_of(parameters), format_of(parameters)
    query = replace(query, uploads=await received_with(request, parameters, visitor, instance))
    ask = partial(asking.answer, query, visitor=visitor, manner=manner_of(request, wished_format(parameters)))
    document, turns = Document(query=query.adql), request.app.state.turns
    return await respond_with(ask, form, document, request=request, turns=turns)


@router.get("/tables", response_class=Response)
def tables(request: Request, parameters: Dali, visitor: Visiting, asking: Asking) -> Response:
    """Answer the tables that the asker can query (VOSI 1.1, section 6), or those of TAP+'s TABLES."""
    names = parameters.text("TABLES")
    schemas = asking.schemas(visitor) if names is None else tap_plus.only(names, asking, visitor)
    flags = tap_plus.spoken(request)
    match parameters.text("DETAIL") or tap_plus.detail(parameters):
        case "max":
            content = tables_document(schemas, tap_plus=flags)
        case "min":
            content = tables_document(schemas, detail="min", tap_plus=flags)
        case other:
            raise UsageError(f"DETAIL={other[:40]!r} is unknown; it can be min or max.")
    return Response(content, media_type=XML, headers={"Vary": "User-Agent"})


@router.get("/tables/{name}", response_class=Response)
def table(name: str, visitor: Visiting, asking: Asking) -> Response:
    """Answer one table with its columns (VOSI 1.1, section 6.2)."""
    return Response(table_document(asking.table(name, visitor)), media_type=XML)


@router.get("/capabilities", response_class=Response)
def capabilities(request: Request, instance: Reach, _: Anyone) -> Response:
    """Answer what this service can do (VOSI 1.1, section 4; TAPRegExt 1.0)."""
    return Response(capabilities_of(f"{origin(request)}{PREFIX}", instance.settings.query), media_type=XML)


@router.get("/availability", response_class=Response)
def availability(_: Anyone) -> Response:
    """Answer that this service is there (VOSI 1.1, section 5)."""
    return Response(availability_document(Availability(available=True)), media_type=XML)


@router.get("/examples", response_class=Response)
def examples_page(visitor: Visiting, asking: Asking, instance: Reach) -> Response:
    """Answer queries to learn from, as a page for people and clients (DALI 1.1, section 2.3)."""
    about = "Queries in ADQL. Each runs as it is; change it as you like."
    page = examples_document(f"Examples of {instance.settings.name}", about, examples(asking, visitor))
    return Response(page, media_type=XHTML)


router.add_api_route("/deletejobs", tap_plus.delete_jobs, methods=["POST"], response_class=PlainTextResponse)
