"""``/api/views/results``: pages of a result for the Portal's table, as Arrow."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Visiting, origin
from sciplat.tables import arrow_ipc
from sciplat.tables.addresses import with_origin
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream

__all__ = ["router"]

PAGE_ROWS_MAX = 10_000
MIME = negotiate("arrow").mime

router = APIRouter(prefix="/api/views/results", tags=["views"])


@router.get("/{job_id}", response_class=Response, responses={200: {"content": {MIME: {}}}})
def page(
    job_id: str,
    request: Request,
    visitor: Visiting,
    instance: Reach,
    offset: Annotated[int, Query(ge=0, le=10**12)] = 0,
    limit: Annotated[int, Query(ge=0, le=PAGE_ROWS_MAX)] = 1000,
) -> Response:
    """Answer ``limit`` rows of a completed job from row ``offset`` on, as an Arrow IPC stream.

    Each field's metadata has its description as JSON under ``sciplat``. A result never changes,
    so a browser may keep its pages for whoever is signed in.
    """
    with instance.submit.result(job_id, visitor=visitor) as result:
        rows = result.slice(offset, limit)
    stream = with_origin(TableStream(result.columns, rows.schema, iter(rows.to_batches())), origin(request))
    return Response(
        b"".join(arrow_ipc.write(stream)),
        media_type=MIME,
        headers={"Cache-Control": "private, max-age=3600, immutable", "Vary": "Cookie, Authorization"},
    )
