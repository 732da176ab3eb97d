"""``/api/queries/explain``: what a query will do, without running it."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from fastapi import APIRouter, Request

from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import DaliWithFiles
from sciplat.api.policy import Visiting
from sciplat.api.tap import query_of
from sciplat.api.uploads import received_with
from sciplat.services.estimate import Reading
from sciplat.services.explain import Explanation, explain
from sciplat.wire.explanation import ExplanationResponse, ReadingFacts

__all__ = ["router"]

router = APIRouter(prefix="/api/queries/explain", tags=["queries"])


@router.get("")
@router.post("")
async def explained(
    request: Request, parameters: DaliWithFiles, visitor: Visiting, asking: Asking, instance: Reach
) -> ExplanationResponse:
    """Answer what the query in QUERY would read, give and take; parameters and errors are those of TAP."""
    query = query_of(parameters)
    query = replace(query, uploads=await received_with(request, parameters, visitor, instance))

    def tell() -> Explanation:
        plan = asking.plan(query, visitor=visitor)
        return explain(plan, asking.estimate(plan))

    return _wire(await to_thread.run_sync(tell, limiter=request.app.state.turns))


def _wire(told: Explanation) -> ExplanationResponse:
    return ExplanationResponse(
        words=list(told.words),
        lane="long" if told.estimate.heavy else "short",
        seconds=told.estimate.seconds,
        rows=told.estimate.rows,
        bytes=told.estimate.bytes,
        rows_read=told.estimate.rows_read,
        readings=[_reading(reading) for reading in told.estimate.readings],
        sql=told.sql,
    )


def _reading(reading: Reading) -> ReadingFacts:
    scan = reading.scan
    cells = None if scan.cells is None else [(str(low), str(high)) for low, high in scan.cells]
    return ReadingFacts(
        table=scan.source.table.qualified_name,
        alias=scan.alias,
        columns=list(scan.columns),
        limited_by=list(scan.limits),
        cells=cells,
        parts=reading.parts,
        all_parts=reading.all_parts,
        rows_read=round(reading.rows_read),
        rows=round(reading.rows),
    )
