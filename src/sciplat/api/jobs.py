"""``/api/jobs``: the asker's jobs as JSON, beside their UWS documents under ``/api/tap/async``."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Visiting
from sciplat.api.waiting import look_until_changed
from sciplat.jobs.models import Job
from sciplat.wire.jobs import ErrorResponse, JobLinks, JobListResponse, JobResponse

__all__ = ["router"]

WAIT_SECONDS_MAX = 60

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("")
def jobs(
    visitor: Visiting, instance: Reach, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> JobListResponse:
    """Answer the asker's newest jobs; nobody who has not signed in has any."""
    return JobListResponse(jobs=[_wire(job) for job in instance.submit.jobs(visitor=visitor, last=limit)])


@router.get("/{job_id}")
async def job(
    job_id: str,
    request: Request,
    visitor: Visiting,
    instance: Reach,
    wait: Annotated[int, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0,
) -> JobResponse:
    """Answer one job; with ``wait`` not before its phase has changed, or so many seconds have passed."""
    look = partial(instance.submit.job, job_id, visitor=visitor)
    return _wire(await look_until_changed(request.app.state.changes, look, seconds=wait))


def _wire(job: Job) -> JobResponse:
    maxrec = job.parameter("MAXREC")
    address = f"/api/tap/async/{job.id}"
    return JobResponse(
        id=job.id,
        phase=job.phase.value,
        query=job.parameter("QUERY") or "",
        maxrec=int(maxrec) if maxrec else None,
        created=job.created,
        started=job.started,
        ended=job.ended,
        destruction=job.destruction,
        rows=job.rows,
        bytes=job.bytes,
        overflow=job.overflow,
        error=None if job.error is None else ErrorResponse(**asdict(job.error)),
        links=JobLinks(job=address, result=f"{address}/results/result"),
    )
