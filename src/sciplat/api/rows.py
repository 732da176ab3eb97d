"""``/api/rows``: pages, counts and figures of the rows of a result, derived, filtered, sorted and selected.

Each address takes its question as JSON: as the body of a POST, or in the parameter ``ask`` of a GET, which a
browser may keep. The ETag of an answer is the fingerprint of its question.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from sciplat.api.asking_rows import Reading, answered, asked, selection_of
from sciplat.api.charts_of_rows import axis_of, brush_of, chart_of, cut, statistics_of
from sciplat.api.policy import Visiting, origin
from sciplat.services.rows import Rows
from sciplat.services.rows_brush import brush
from sciplat.services.rows_count import count
from sciplat.services.rows_histogram import density, histogram
from sciplat.services.rows_page import NUMBER, page, rows_by_number
from sciplat.services.rows_sample import sample
from sciplat.services.rows_statistics import statistics
from sciplat.tables import arrow_ipc
from sciplat.tables.addresses import with_origin
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream
from sciplat.wire.rows import (
    AskBrush,
    AskCount,
    AskDensity,
    AskHistogram,
    AskPage,
    AskSample,
    AskStatistics,
    BrushFacts,
    CountResponse,
    DensityFacts,
    HistogramResponse,
    SampleFacts,
    StatisticsResponse,
)

__all__ = ["router"]

ARROW = negotiate("arrow").mime
_BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW: {}}}}

router = APIRouter(prefix="/api/rows", tags=["rows"])


@router.get("/page", response_class=Response, responses=_BINARY)
@router.post("/page", response_class=Response, responses=_BINARY)
async def rows_page(
    request: Request, visitor: Visiting, ask: Annotated[AskPage, asked(AskPage)], reading: Reading
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
    request: Request, visitor: Visiting, ask: Annotated[AskCount, asked(AskCount)], reading: Reading
) -> Response:
    """Answer how many rows there are, seen, and selected."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = count(rows, selection_of(ask.selection))
        return _json(CountResponse(fingerprint=fingerprint, **asdict(found)))

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/statistics", response_model=StatisticsResponse)
@router.post("/statistics", response_model=StatisticsResponse)
async def rows_statistics(
    request: Request, visitor: Visiting, ask: Annotated[AskStatistics, asked(AskStatistics)], reading: Reading
) -> Response:
    """Answer what the values of columns are like."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = [statistics_of(each) for each in statistics(rows, ask.columns)]
        return _json(StatisticsResponse(fingerprint=fingerprint, columns=found))

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/histogram", response_model=HistogramResponse)
@router.post("/histogram", response_model=HistogramResponse)
async def rows_histogram(
    request: Request, visitor: Visiting, ask: Annotated[AskHistogram, asked(AskHistogram)], reading: Reading
) -> Response:
    """Answer how many rows lie in the bins of an axis, exactly."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = histogram(rows, axis_of(ask.axis), selection_of(ask.selection))
        answer = HistogramResponse(
            fingerprint=fingerprint,
            axis=cut(found.bins, found.column),
            counts=found.counts.tolist(),
            below=found.below,
            above=found.above,
            missing=found.missing,
            selected=None if found.selected is None else found.selected.tolist(),
        )
        return _json(answer)

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/density", response_class=Response, responses=_BINARY)
@router.post("/density", response_class=Response, responses=_BINARY)
async def rows_density(
    request: Request, visitor: Visiting, ask: Annotated[AskDensity, asked(AskDensity)], reading: Reading
) -> Response:
    """Answer how many rows lie in the bins of two axes: a column of counts, one bin of x after the other."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = density(rows, axis_of(ask.x), axis_of(ask.y), selection_of(ask.selection))
        x, y = (cut(*each) for each in zip((found.across, found.up), found.columns, strict=True))
        facts = DensityFacts(fingerprint=fingerprint, x=x, y=y, outside=found.outside, missing=found.missing)
        counts = found.counts.astype(np.uint32).reshape(-1)
        return _table(pa.table({"count": counts}), facts)

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/sample", response_class=Response, responses=_BINARY)
@router.post("/sample", response_class=Response, responses=_BINARY)
async def rows_sample(
    request: Request, visitor: Visiting, ask: Annotated[AskSample, asked(AskSample)], reading: Reading
) -> Response:
    """Answer the values of expressions, a column each, and ``#``, the numbers of their rows."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = sample(
            rows, ask.expressions, most=ask.most, needed=ask.needed, selection=selection_of(ask.selection)
        )
        units = [column.unit for column in found.columns]
        facts = SampleFacts(fingerprint=fingerprint, rows=len(found.rows), of=found.of, units=units)
        table = pa.Table.from_arrays(
            [*map(pa.array, found.values), pa.array(found.rows)], [*ask.expressions, NUMBER]
        )
        return _table(table, facts)

    return await answered(request, reading, visitor, ask.relation, ask, make)


@router.get("/brush", response_class=Response, responses=_BINARY)
@router.post("/brush", response_class=Response, responses=_BINARY)
async def rows_brush(
    request: Request, visitor: Visiting, ask: Annotated[AskBrush, asked(AskBrush)], reading: Reading
) -> Response:
    """Answer the counts of charts under a brush on one of them: for each chart a row with a list."""

    def make(rows: Rows, fingerprint: str) -> Response:
        found = brush(
            rows,
            tuple(map(chart_of, ask.charts)),
            active=ask.active,
            by=brush_of(ask.brush),
            selection=selection_of(ask.selection),
        )
        axes = [[cut(bins) for bins in pair if bins is not None] for pair in found.bins]
        facts = BrushFacts(fingerprint=fingerprint, rows=found.rows, x=found.x, y=found.y, charts=axes)
        ends = np.cumsum([0, *map(len, found.counts)]).astype(np.int32)
        counts = pa.ListArray.from_arrays(pa.array(ends), pa.array(np.concatenate(found.counts)))
        return _table(pa.table({"counts": counts}), facts)

    return await answered(request, reading, visitor, ask.relation, ask, make)


def _arrow(stream: TableStream, request: Request) -> Response:
    return Response(b"".join(arrow_ipc.write(with_origin(stream, origin(request)))), media_type=ARROW)


def _table(table: pa.Table, facts: BaseModel) -> Response:
    """Return a table as an Arrow IPC stream; what is said beside it is JSON in the metadata of its schema."""
    table = table.replace_schema_metadata({"sciplat": facts.model_dump_json()}).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Response(sink.getvalue().to_pybytes(), media_type=ARROW)


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
