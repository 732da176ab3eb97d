"""``/api/rows``: pages, counts and figures of the rows of a result, derived, filtered, sorted and selected.

Each address takes its question as JSON: as the body of a POST, or in the parameter ``ask`` of a GET, which a
browser may keep. The ETag of an answer is the fingerprint of its question.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from sciplat.api.asking_rows import Reading, answered, asked, selection_of
from sciplat.api.policy import Visiting, origin
from sciplat.services.rows import Rows
from sciplat.services.rows_count import count
from sciplat.services.rows_page import page, rows_by_number
from sciplat.tables import arrow_ipc
from sciplat.tables.addresses import with_origin
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream
from sciplat.wire.rows import AskCount, AskPage, CountResponse

__all__ = ["router"]

ARROW = negotiate("arrow").mime
_BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW: {}}}}

router = APIRouter(prefix="/api/rows", tags=["rows"])


@router.get("/page", response_class=Response, responses=_BINARY)
@router.post("/page", response_class=Response, responses=_BINARY)
async def rows_page(
    request: Request, ask: Annotated[AskPage, asked(AskPage)], visitor: Visiting, reading: Reading
) -> Response:
    """Answer some rows as an Arrow IPC stream; the last column, ``#``, has the numbers of the rows."""

    def make(rows: Rows, _: str) -> Response:
        if ask.rows is not None:
            return _arrow(rows_by_number(rows, ask.rows, columns=ask.columns), request)
        return _arrow(page(rows, offset=ask.offset, limit=ask.limit, columns=ask.columns), request)

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/count", response_model=CountResponse)
@router.post("/count", response_model=CountResponse)
async def rows_count(
    request: Request, ask: Annotated[AskCount, asked(AskCount)], visitor: Visiting, reading: Reading
) -> Response:
    """Answer how many rows there are, seen, and selected."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = count(rows, selection_of(ask.selection))
        return _json(CountResponse(fingerprint=fingerprint, **asdict(found)))

    return await answered(request, reading, visitor, ask.relation, ask, make)


def _arrow(stream: TableStream, request: Request) -> Response:
    return Response(b"".join(arrow_ipc.write(with_origin(stream, origin(request)))), media_type=ARROW)


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
