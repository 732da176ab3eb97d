"""Questions about rows: read from a body or an address, answered in a thread, stopped when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import Depends, Query, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from sciplat.adql.expressions import Derived
from sciplat.engine.vectors import Stop
from sciplat.errors import LimitError, UsageError
from sciplat.services.access import Visitor
from sciplat.services.rows import Rows, RowsService
from sciplat.services.rows_relation import (
    Conditional,
    Lasso,
    Numbered,
    Ranges,
    Relation,
    Selection,
    SortKey,
    Source,
)
from sciplat.wire.rows import (
    ConditionSelectionRequest,
    LassoSelectionRequest,
    RangeSelectionRequest,
    RelationRequest,
    RowSelectionRequest,
    SelectionRequest,
)

__all__ = ["Reading", "answered", "asked", "selection_of"]

_LONGEST = 1_000_000
"""Bytes of a question; the longest lasso takes a twentieth."""

_KEPT = {"Cache-Control": "private, max-age=3600", "Vary": "Cookie, Authorization"}

Ask = TypeVar("Ask", bound=BaseModel)


async def _reading(request: Request) -> RowsService:
    service = request.app.state.rows
    assert isinstance(service, RowsService)
    return service


Reading = Annotated[RowsService, Depends(_reading)]


def asked(kind: type[Ask]) -> Any:
    """Return the dependency that reads a question of this kind: ``ask`` of a GET, or the body of a POST."""

    async def read(
        request: Request, ask: Annotated[str | None, Query(description="the question, as JSON")] = None
    ) -> Ask:
        text: str | bytes | None = ask
        if request.method == "POST":
            text = b""
            async for part in request.stream():
                text += part
                if len(text) > _LONGEST:
                    raise LimitError(f"A question has at most {_LONGEST:,} bytes.")
        if not text:
            where = "as the body" if request.method == "POST" else "in the parameter `ask`"
            raise UsageError(f"The question is missing: send it as JSON, {where}.")
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()[:5]
            )
            raise UsageError(f"The question is not understood: {problems[:1000]}.") from None

    return Depends(read)


async def answered(
    request: Request,
    service: RowsService,
    visitor: Visitor,
    relation: RelationRequest,
    ask: BaseModel,
    make: Callable[[Rows, str], Response],
) -> Response:
    """Return what ``make`` makes of a relation and the fingerprint of the question.

    Work for whoever has gone stops. Where the asker has the answer already, there is none (RFC 9110, 13.1.2).
    """
    wanted = _relation(relation)
    fingerprint = wanted.fingerprint(request.url.path, ask.model_dump(mode="json"))
    headers = {**_KEPT, "ETag": f'"{fingerprint}"'}
    stop = Stop()

    def work() -> Response:
        with service.open(wanted, visitor=visitor, stop=stop) as rows:
            if headers["ETag"] in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            response = make(rows, fingerprint)
        response.headers.update(headers)
        return response

    gone = asyncio.create_task(_stop_when_gone(request, stop))
    try:
        return await to_thread.run_sync(work, limiter=request.app.state.rows_turns)
    finally:
        gone.cancel()


async def _stop_when_gone(request: Request, stop: Stop) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stop.set()


def _relation(asked: RelationRequest) -> Relation:
    return Relation(
        Source(asked.source.job, asked.source.result),
        tuple(
            Derived(each.name, each.expression, each.unit, each.ucd, each.description or None)
            for each in asked.derive
        ),
        asked.filter,
        tuple(SortKey(key.column, key.descending) for key in asked.sort),
    )


def selection_of(asked: SelectionRequest | None) -> Selection | None:
    """Return the selection that a question speaks of."""
    match asked:
        case RangeSelectionRequest():
            return Ranges(asked.ranges)
        case LassoSelectionRequest():
            return Lasso(asked.x, asked.y, asked.corners)
        case ConditionSelectionRequest():
            return Conditional(asked.condition)
        case RowSelectionRequest():
            return Numbered(asked.rows)
        case None:
            return None
