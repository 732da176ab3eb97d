"""``/api/jobs``: the asker's jobs as JSON, beside their UWS documents under ``/api/tap/async`` and others."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from sciplat.api.dependencies import Reach
from sciplat.api.policy import Visiting
from sciplat.api.waiting import look_until_changed
from sciplat.errors import UsageError
from sciplat.instance import Instance
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY, Job, JobBrief
from sciplat.jobs.queries import Place
from sciplat.wire.jobs import (
    ErrorResponse,
    JobBriefResponse,
    JobLinks,
    JobListResponse,
    JobResponse,
    ResultResponse,
)

__all__ = ["router"]

WAIT_SECONDS_MAX = 60

_ADDRESSES = {QUERY: "/api/tap/async", CUTOUT: "/api/soda/async", BULK_CUTOUT: "/api/cutouts/async"}
"""Where the UWS documents of each kind of job are."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,16})\.([a-z0-9]{1,40})")

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("")
def jobs(
    visitor: Visiting,
    instance: Reach,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(max_length=60)] = None,
    kind: Annotated[str | None, Query(max_length=60)] = None,
) -> JobListResponse:
    """Answer the asker's newest jobs, or those that follow the page whose ``next`` is sent as ``before``."""
    if kind is not None and kind not in _ADDRESSES:
        raise UsageError(f"kind={kind!r} is unknown; it can be {', '.join(_ADDRESSES)}.")
    submit = instance.submit if kind is None else instance.submit.of(kind)
    page = submit.page(visitor=visitor, limit=limit, before=None if before is None else _place(before))
    return JobListResponse(
        jobs=[_brief(job) for job in page], next=_after(page[-1]) if len(page) == limit else None
    )


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
    found = await look_until_changed(request.app.state.changes, look, seconds=wait)
    return await run_in_threadpool(_whole, found, instance)


def _after(job: JobBrief) -> str:
    return f"{(job.created - _EPOCH) // timedelta(microseconds=1)}.{job.id}"


def _place(text: str) -> Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise UsageError(f"before={text!r} is no place in a list: send what `next` of the last page says.")
    return _EPOCH + timedelta(microseconds=int(match[1])), match[2]


def _brief(job: Job | JobBrief) -> JobBriefResponse:
    address = f"{_ADDRESSES[job.kind]}/{job.id}"
    return JobBriefResponse(
        id=job.id,
        phase=job.phase.value,
        kind=job.kind,
        title=job.title,
        run_id=job.run_id,
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


def _whole(job: Job, instance: Instance) -> JobResponse:
    maxrec = job.parameter("MAXREC")
    outlook = instance.submit.outlook(job)
    return JobResponse(
        **dict(_brief(job)),
        query=job.parameter("QUERY") or "",
        maxrec=int(maxrec) if maxrec else None,
        progress=job.progress,
        turns_before=outlook.turns_before,
        estimated_rows=job.estimated_rows,
        estimated_seconds=job.estimated_seconds,
        quote=outlook.end,
        results=[
            ResultResponse(
                name=each.name,
                url=f"{_ADDRESSES[job.kind]}/{job.id}/results/{each.name}",
                media_type=each.mime,
                file=each.file_name or each.name,
                bytes=each.bytes,
                rows=each.rows,
                failed=each.failed,
            )
            for each in job.results
        ],
    )
