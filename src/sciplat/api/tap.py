"""``/api/tap``: the Table Access Protocol 1.1, synchronous queries and VOSI documents."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import Dali, Parameters
from sciplat.api.policy import Visiting
from sciplat.api.respond import respond
from sciplat.errors import UsageError
from sciplat.services.query import Query
from sciplat.tables.formats import Format, negotiate
from sciplat.tables.votable import Document

__all__ = ["format_of", "query_of", "router"]

LANGUAGES = ("ADQL", "ADQL-2.0", "ADQL-2.1")

router = APIRouter(prefix="/api/tap", tags=["tap"])


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
    language = parameters.text("LANG")
    if language is not None and language.upper() not in LANGUAGES:
        raise UsageError(
            f"LANG={language[:40]!r} is unknown; this service understands {', '.join(LANGUAGES)}."
        )
    if parameters.text("UPLOAD"):
        raise UsageError("This service takes no uploads: leave out UPLOAD.")
    adql = parameters.text("QUERY")
    if adql is None or not adql.strip():
        raise UsageError("QUERY is missing: send QUERY=SELECT …")
    return Query(adql, parameters.whole_number("MAXREC"))


def format_of(parameters: Parameters) -> Format:
    """Return the format that a request asks for: RESPONSEFORMAT, or FORMAT as TAP 1.0 had it."""
    return negotiate(parameters.text("RESPONSEFORMAT") or parameters.text("FORMAT"))


@router.get("/sync", response_class=Response)
@router.post("/sync", response_class=Response)
def sync(parameters: Dali, visitor: Visiting, asking: Asking) -> Response:
    """Run a query and answer its rows."""
    query, form = query_of(parameters), format_of(parameters)
    stream = asking.run(query, visitor=visitor).stream()
    return respond(form.write(stream, Document(query=query.adql)), media_type=form.mime)


@router.get("/tables", response_class=Response)
def tables(visitor: Visiting, instance: Reach, parameters: Dali) -> Response:
    """Answer the tables that the asker can query (VOSI 1.1, section 2.3)."""
