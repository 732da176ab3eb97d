"""``/api/tap/async``: queries as jobs (UWS 1.1, as TAP 1.1, section 5, uses it)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import (
    FileResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from sciplat.adql.tokens import MAX_LENGTH
from sciplat.api.aspect import aspect_of
from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Dali, DaliWithFiles, Parameters
from sciplat.api.policy import Visiting, origin
from sciplat.api.respond import respond
from sciplat.api.tap import PREFIX, XML, format_of
from sciplat.api.uploads import received_with
from sciplat.api.waiting import look_until_changed
from sciplat.errors import UsageError
from sciplat.instance import Instance
from sciplat.jobs.models import Job, Phase
from sciplat.tables.document import Document
from sciplat.tables.votable import MEDIA_TYPE, error_document
from sciplat.uploads.models import uploads_of
from sciplat.vo import uws
from sciplat.vo.instant import instant

__all__ = ["router"]

WAIT_SECONDS_MAX = 20
"""A longer WAIT ends after so long (UWS 1.1 lets it): clients such as pyvo give up after 30 s."""

KEPT = ("LANG", "QUERY", "MAXREC", "RESPONSEFORMAT", "FORMAT", "REQUEST")
"""The parameters that make a job's query; anything else that a client sends is not kept."""

router = APIRouter(prefix=f"{PREFIX}/async", tags=["tap"])


def _address(request: Request, job_id: str) -> str:
    return f"{origin(request)}{PREFIX}/async/{job_id}"


def _see(request: Request, job_id: str = "") -> RedirectResponse:
    target = _address(request, job_id).rstrip("/")
    return RedirectResponse(target, 303)


def _kept(parameters: Parameters) -> list[tuple[str, str]]:
    """Return what a job keeps of a request, after looking for mistakes that would only show later."""
    format_of(parameters)
    parameters.whole_number("MAXREC")
    if len(parameters.text("QUERY") or "") > MAX_LENGTH:
        raise UsageError(
            f"QUERY has more than {MAX_LENGTH:,} characters; send long lists in several queries."
        )
    # A query stays to the letter: its errors count lines and columns.
    kept = {name: text for name in KEPT if (text := parameters.text(name)) is not None}
    return [(name, text if name == "QUERY" else text.strip()) for name, text in kept.items()]


def _duration(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise UsageError(f"EXECUTIONDURATION={text[:40]!r} is not a whole number of seconds.")
    return int(text)


def _when(name: str, text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):  # it overflows where another time zone has another year
        raise UsageError(f"{name}={text[:40]!r} is no time; write it as 2026-12-31T12:00:00Z.") from None


@router.get("", response_class=Response)
def jobs(request: Request, parameters: Dali, visitor: Visiting, instance: Reach) -> Response:
    """Answer the asker's jobs, newest first, filtered by PHASE, AFTER and LAST (UWS 1.1, section 2.2.2.1)."""
    phases = [_phase(text) for name, text in parameters if name == "PHASE"]
    after = parameters.text("AFTER")
    found = instance.submit.references(
        visitor=visitor,
        phases=phases,
        after=_when("AFTER", after) if after else None,
        last=parameters.whole_number("LAST"),
    )
    references = (
        uws.JobReference(job.id, _address(request, job.id), job.phase, job.created, job.run_id, visitor.name)
        for job in found
    )
    return StreamingResponse(uws.jobs_document(references), media_type=XML)


@router.post("", response_class=Response)
async def submit(request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach) -> Response:
    """Make a job; with PHASE=RUN it is queued at once."""
    phase = parameters.text("PHASE")
    if phase is not None and phase.upper() != "RUN":
        raise UsageError(f"PHASE={phase[:40]!r}: a new job can only be sent RUN.")
    duration, destruction = parameters.text("EXECUTIONDURATION"), parameters.text("DESTRUCTION")
    make = partial(
        instance.submit.submit,
        _kept(parameters),
        visitor=visitor,
        aspect=aspect_of(request),
        run_id=parameters.text("RUNID"),
        duration=None if duration is None else _duration(duration),
        destruction=None if destruction is None else _when("DESTRUCTION", destruction),
        run=phase is not None,
    )
    uploads = await received_with(request, parameters, visitor, instance)
    job = await to_thread.run_sync(partial(make, uploads=uploads))
    return _see(request, job.id)


@router.get("/{job_id}", response_class=Response)
async def job(
    job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
) -> Response:
    """Answer a job; WAIT keeps the answer until the phase is no longer PHASE (UWS 1.1, section 2.2.1.1)."""
    wait, phase = parameters.text("WAIT"), parameters.text("PHASE")
    if wait is None:
        seconds = 0
    elif wait.strip() == "-1":
        seconds = WAIT_SECONDS_MAX
    else:
        seconds = min(parameters.whole_number("WAIT") or 0, WAIT_SECONDS_MAX)
    found = await look_until_changed(
        request.app.state.changes,
        partial(instance.submit.job, job_id, visitor=visitor),
        seconds=seconds,
        held=None if phase is None else _phase(phase),
    )
    return await run_in_threadpool(_job, request, found, instance)


def _job(request: Request, found: Job, instance: Instance) -> Response:
    outlook = instance.submit.outlook(found)
    shown = replace(_uws(request, found), quote=outlook.end, info=_info(found, outlook.turns_before))
    return Response(uws.job_document(shown), media_type=XML)


@router.post("/{job_id}", response_class=Response)
async def change(
    job_id: str, request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach
) -> Response:
    """Delete a job with ACTION=DELETE, or change parameters of one that is pending."""
    action = parameters.text("ACTION")
    if action is None:
        return await set_parameters(job_id, request, parameters, visitor, instance)
    if action.upper() != "DELETE":
        raise UsageError(f"ACTION={action[:40]!r} is unknown; it can only be DELETE.")
    await to_thread.run_sync(partial(instance.submit.delete, job_id, visitor=visitor))
    return _see(request)


@router.delete("/{job_id}", response_class=Response)
def delete(job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
    """Stop a job if it runs, and remove it with its result."""
    instance.submit.delete(job_id, visitor=visitor)
    return _see(request)


@router.get("/{job_id}/phase", response_class=PlainTextResponse)
def phase(job_id: str, visitor: Visiting, instance: Reach) -> str:
    """Answer the phase of a job."""
    return instance.submit.job(job_id, visitor=visitor).phase.value


@router.post("/{job_id}/phase", response_class=Response)
def set_phase(
    job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
) -> Response:
    """Run a pending job with PHASE=RUN, or stop one with PHASE=ABORT."""
    match (parameters.text("PHASE") or "").upper():
        case "RUN":
            instance.submit.run(job_id, visitor=visitor, aspect=aspect_of(request))
        case "ABORT":
            instance.submit.abort(job_id, visitor=visitor)
        case other:
            raise UsageError(f"PHASE={other[:40]!r} is unknown; send RUN or ABORT.")
    return _see(request, job_id)


@router.get("/{job_id}/executionduration", response_class=PlainTextResponse)
def execution_duration(job_id: str, visitor: Visiting, instance: Reach) -> str:
    """Answer how many seconds a job may run."""
    return str(instance.submit.job(job_id, visitor=visitor).execution_duration)


@router.post("/{job_id}/executionduration", response_class=Response)
def set_execution_duration(
    job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
) -> Response:
    """Let a pending job run for EXECUTIONDURATION seconds, or as long as is allowed."""
    seconds = _duration(parameters.text("EXECUTIONDURATION") or "")
    instance.submit.set_execution_duration(job_id, seconds, visitor=visitor)
    return _see(request, job_id)


@router.get("/{job_id}/destruction", response_class=PlainTextResponse)
def destruction(job_id: str, visitor: Visiting, instance: Reach) -> str:
    """Answer when a job and its result are removed."""
    return instant(instance.submit.job(job_id, visitor=visitor).destruction)


@router.post("/{job_id}/destruction", response_class=Response)
def set_destruction(
    job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
) -> Response:
    """Keep a job until DESTRUCTION, or as long as is allowed."""
    when = _when("DESTRUCTION", parameters.text("DESTRUCTION") or "")
    instance.submit.set_destruction(job_id, when, visitor=visitor)
    return _see(request, job_id)


@router.get("/{job_id}/quote", response_class=PlainTextResponse)
def quote(job_id: str, visitor: Visiting, instance: Reach) -> str:
    """Answer when a job is expected to end; nothing where nobody knows."""
    expected = instance.submit.outlook(instance.submit.job(job_id, visitor=visitor)).end
    return "" if expected is None else instant(expected)


@router.get("/{job_id}/owner", response_class=PlainTextResponse)
def owner(job_id: str, visitor: Visiting, instance: Reach) -> str:
    """Answer whose job it is; nothing for a job of nobody who signed in."""
    return instance.submit.job(job_id, visitor=visitor).owner or ""


@router.get("/{job_id}/parameters", response_class=Response)
def parameters_of(job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
    """Answer what was asked."""
    found = instance.submit.job(job_id, visitor=visitor)
    return Response(uws.parameters_document(_parameters(request, found)), media_type=XML)


@router.post("/{job_id}/parameters", response_class=Response)
async def set_parameters(
    job_id: str, request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach
) -> Response:
    """Change what a pending job asks."""
    kept = _kept(parameters)
    uploads = await received_with(request, parameters, visitor, instance)
    change = partial(instance.submit.set_parameters, job_id, kept, visitor=visitor, uploads=uploads)
    await to_thread.run_sync(change)
    return _see(request, job_id)


@router.get("/{job_id}/error", response_class=Response)
def error(job_id: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer why a job failed, as a VOTable; an empty text while it has not."""
    found = instance.submit.job(job_id, visitor=visitor)
    if found.error is None:
        return PlainTextResponse("")
    return Response(
        error_document(str(found.error), Document(query=found.parameter("QUERY"))), media_type=MEDIA_TYPE
    )


@router.get("/{job_id}/results", response_class=Response)
def results(job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
    """Answer the list of results: one, when the job has completed."""
    found = instance.submit.job(job_id, visitor=visitor)
    return Response(uws.results_document(_uws(request, found).results), media_type=XML)


@router.get("/{job_id}/results/result", response_class=Response)
def result(job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach) -> Response:
    """Answer the rows, in the job's format or in the RESPONSEFORMAT of this request; nothing is run again."""
    found = instance.submit.job(job_id, visitor=visitor)
    form = format_of(parameters if parameters.text("RESPONSEFORMAT") else Parameters(found.parameters))
    stream = instance.submit.result(job_id, visitor=visitor).stream()
    document = Document(query=found.parameter("QUERY"))
    return respond(stream, form, document, request=request, file_name=job_id)


@router.get("/{job_id}/uploads/{name}", response_class=Response)
def upload(job_id: str, name: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer a table that was sent with a job, as it was sent."""
    return FileResponse(
        instance.submit.upload(job_id, name, visitor=visitor),
        media_type="application/octet-stream",
        filename=name,
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _phase(text: str) -> Phase:
    try:
        return Phase(text.upper())
    except ValueError:
        raise UsageError(f"PHASE={text[:40]!r} is no phase; there are {', '.join(Phase)}.") from None


def _parameters(request: Request, job: Job) -> tuple[uws.Parameter, ...]:
    """Return what was asked; a table that was sent stands where it can be read again."""
    tables = (
        ("UPLOAD", f"{name},{_address(request, job.id)}/uploads/{name}")
        for name, _ in uploads_of(job.parameters)
    )
    return tuple(
        uws.Parameter(name, value)
        for name, value in (*(pair for pair in job.parameters if pair[0] != "UPLOAD"), *tables)
    )


def _uws(request: Request, job: Job) -> uws.Job:
    form = format_of(Parameters(job.parameters))
    return uws.Job(
        id=job.id,
        phase=job.phase,
        creation_time=job.created,
        execution_duration=job.execution_duration,
        run_id=job.run_id,
        owner=job.owner,
        start_time=job.started,
        end_time=job.ended,
        destruction=job.destruction,
        parameters=_parameters(request, job),
        results=tuple(
            uws.Result(
                result.name, f"{_address(request, job.id)}/results/{result.name}", result.mime or form.mime
            )
            for result in job.results
        ),
        error=None if job.error is None else uws.ErrorSummary(str(job.error)),
    )


def _info(job: Job, turns_before: int | None) -> tuple[tuple[str, str], ...]:
    """Return what UWS has no words for, under names of ours."""
    seconds = None
    if job.started is not None:
        seconds = round(((job.ended or datetime.now(UTC)) - job.started).total_seconds(), 3)
    facts = {
        "turnsBefore": turns_before,
        "estimatedRows": job.estimated_rows,
        "estimatedSeconds": None if job.estimated_seconds is None else round(job.estimated_seconds, 3),
        "seconds": seconds,
        "rows": job.rows,
        "bytes": job.bytes,
        "overflow": "true" if job.overflow else None,
        "restarts": job.restarts or None,
    }
    return tuple((name, str(value)) for name, value in facts.items() if value is not None)
