"""Jobs over HTTP as UWS 1.1 has them: one door, made for each kind of job that has an address of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from sciplat.api.aspect import aspect_of
from sciplat.api.dependencies import Reach
from sciplat.api.files import StoredFile
from sciplat.api.parameters import Dali, DaliWithFiles, Parameters
from sciplat.api.policy import Visiting, origin
from sciplat.api.tap import XML
from sciplat.api.uploads import received_with
from sciplat.api.waiting import look_until_changed
from sciplat.errors import UsageError
from sciplat.instance import Instance
from sciplat.jobs.models import Job, JobError, Phase
from sciplat.services.access import Visitor
from sciplat.services.submit import SubmitService
from sciplat.tables.document import Document
from sciplat.tables.votable import MEDIA_TYPE, error_document
from sciplat.uploads.models import Upload, uploads_of
from sciplat.vo import uws
from sciplat.vo.instant import instant

__all__ = ["JobDoor", "KindOfJob", "file_of", "job_router"]

WAIT_SECONDS_MAX = 20
"""A longer WAIT ends after so long (UWS 1.1 lets it): clients such as pyvo give up after 30 s."""


@dataclass(frozen=True, slots=True)
class KindOfJob:
    """What one kind of job has of its own."""

    name: str
    """As the job keeps it."""

    prefix: str
    """The address of the list of these jobs."""

    kept: Callable[[Parameters], list[tuple[str, str]]]
    """Returns what a job keeps of a request, after looking for mistakes that would only show later."""

    takes_tables: bool = False
    """Tables may be sent with it (UPLOAD)."""

    error_text: Callable[[JobError], str] | None = None
    """Returns the document of an error as text; without it, it is a VOTable."""

    mime_of: Callable[[Job], str | None] = lambda _: None
    """Tells the media type of results that are tables."""


def job_router(kind: KindOfJob, *, tag: str) -> APIRouter:
    """Return all routes of a kind of job but those of its results' contents."""
    return JobDoor(kind).router(tag)


def file_of(job_id: str, name: str, *, visitor: Visitor, submit: SubmitService) -> Response:
    """Return a result that is a file, or the range of it that is asked for."""
    result, file = submit.file(job_id, name, visitor=visitor)
    return StoredFile(
        file,
        media_type=result.mime,
        filename=result.file_name or name,
        headers={"X-Content-Type-Options": "nosniff"},
    )


class JobDoor:
    """The handlers for one kind of job."""

    def __init__(self, kind: KindOfJob) -> None:
        self._kind = kind

    def router(self, tag: str) -> APIRouter:
        """Return the routes to them."""
        router = APIRouter(prefix=self._kind.prefix, tags=[tag])
        routes: tuple[tuple[str, type[Response], dict[str, Callable[..., object]]], ...] = (
            ("", Response, {"GET": self.jobs, "POST": self.submit}),
            ("/{job_id}", Response, {"GET": self.job, "POST": self.change, "DELETE": self.delete}),
            ("/{job_id}/phase", PlainTextResponse, {"GET": self.phase}),
            ("/{job_id}/phase", Response, {"POST": self.set_phase}),
            ("/{job_id}/executionduration", PlainTextResponse, {"GET": self.execution_duration}),
            ("/{job_id}/executionduration", Response, {"POST": self.set_execution_duration}),
            ("/{job_id}/destruction", PlainTextResponse, {"GET": self.destruction}),
            ("/{job_id}/destruction", Response, {"POST": self.set_destruction}),
            ("/{job_id}/quote", PlainTextResponse, {"GET": self.quote}),
            ("/{job_id}/owner", PlainTextResponse, {"GET": self.owner}),
            ("/{job_id}/parameters", Response, {"GET": self.parameters_of, "POST": self.set_parameters}),
            ("/{job_id}/error", Response, {"GET": self.error}),
            ("/{job_id}/results", Response, {"GET": self.results}),
        )
        for path, answer, handlers in routes:
            for method, handler in handlers.items():
                router.add_api_route(path, handler, methods=[method], response_class=answer)
        if self._kind.takes_tables:
            router.add_api_route("/{job_id}/uploads/{name}", self.upload, response_class=Response)
        return router

    def jobs(self, request: Request, parameters: Dali, visitor: Visiting, instance: Reach) -> Response:
        """Answer the asker's jobs, newest first; PHASE, AFTER and LAST filter (UWS 1.1, section 2.2.2.1)."""
        phases = [_phase(text) for name, text in parameters if name == "PHASE"]
        after = parameters.text("AFTER")
        found = self._submit(instance).references(
            visitor=visitor,
            phases=phases,
            after=_when("AFTER", after) if after else None,
            last=parameters.whole_number("LAST"),
        )
        references = (
            uws.JobReference(
                job.id, self._address(request, job.id), job.phase, job.created, job.run_id, visitor.name
            )
            for job in found
        )
        return StreamingResponse(uws.jobs_document(references), media_type=XML)

    async def submit(
        self, request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach
    ) -> Response:
        """Make a job; with PHASE=RUN it is queued at once."""
        phase = parameters.text("PHASE")
        if phase is not None and phase.upper() != "RUN":
            raise UsageError(f"PHASE={phase[:40]!r}: a new job can only be sent RUN.")
        duration, destruction = parameters.text("EXECUTIONDURATION"), parameters.text("DESTRUCTION")
        make = partial(
            self._submit(instance).submit,
            self._kind.kept(parameters),
            visitor=visitor,
            aspect=aspect_of(request),
            run_id=parameters.text("RUNID"),
            duration=None if duration is None else _duration(duration),
            destruction=None if destruction is None else _when("DESTRUCTION", destruction),
            run=phase is not None,
        )
        uploads = await self._tables(request, parameters, visitor, instance)
        job = await to_thread.run_sync(partial(make, uploads=uploads))
        return self._see(request, job.id)

    async def job(
        self, job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
    ) -> Response:
        """Answer a job; WAIT holds the answer until the phase is not PHASE (UWS 1.1, section 2.2.1.1)."""
        wait, phase = parameters.text("WAIT"), parameters.text("PHASE")
        if wait is None:
            seconds = 0
        elif wait.strip() == "-1":
            seconds = WAIT_SECONDS_MAX
        else:
            seconds = min(parameters.whole_number("WAIT") or 0, WAIT_SECONDS_MAX)
        found = await look_until_changed(
            request.app.state.changes,
            partial(self._submit(instance).job, job_id, visitor=visitor),
            seconds=seconds,
            held=None if phase is None else _phase(phase),
        )
        return await run_in_threadpool(self._job, request, found, instance)

    def _job(self, request: Request, found: Job, instance: Instance) -> Response:
        outlook = self._submit(instance).outlook(found)
        shown = replace(self._uws(request, found), quote=outlook.end, info=_info(found, outlook.turns_before))
        return Response(uws.job_document(shown), media_type=XML)

    async def change(
        self, job_id: str, request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach
    ) -> Response:
        """Delete a job with ACTION=DELETE, or change parameters of one that is pending."""
        action = parameters.text("ACTION")
        if action is None:
            return await self.set_parameters(job_id, request, parameters, visitor, instance)
        if action.upper() != "DELETE":
            raise UsageError(f"ACTION={action[:40]!r} is unknown; it can only be DELETE.")
        await to_thread.run_sync(partial(self._submit(instance).delete, job_id, visitor=visitor))
        return self._see(request)

    def delete(self, job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
        """Stop a job if it runs, and remove it with its result."""
        self._submit(instance).delete(job_id, visitor=visitor)
        return self._see(request)

    def phase(self, job_id: str, visitor: Visiting, instance: Reach) -> str:
        """Answer the phase of a job."""
        return self._submit(instance).job(job_id, visitor=visitor).phase.value

    def set_phase(
        self, job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
    ) -> Response:
        """Run a pending job with PHASE=RUN, or stop one with PHASE=ABORT."""
        match (parameters.text("PHASE") or "").upper():
            case "RUN":
                self._submit(instance).run(job_id, visitor=visitor, aspect=aspect_of(request))
            case "ABORT":
                self._submit(instance).abort(job_id, visitor=visitor)
            case other:
                raise UsageError(f"PHASE={other[:40]!r} is unknown; send RUN or ABORT.")
        return self._see(request, job_id)

    def execution_duration(self, job_id: str, visitor: Visiting, instance: Reach) -> str:
        """Answer how many seconds a job may run."""
        return str(self._submit(instance).job(job_id, visitor=visitor).execution_duration)

    def set_execution_duration(
        self, job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
    ) -> Response:
        """Let a pending job run for EXECUTIONDURATION seconds, or as long as is allowed."""
        seconds = _duration(parameters.text("EXECUTIONDURATION") or "")
        self._submit(instance).set_execution_duration(job_id, seconds, visitor=visitor)
        return self._see(request, job_id)

    def destruction(self, job_id: str, visitor: Visiting, instance: Reach) -> str:
        """Answer when a job and its result are removed."""
        return instant(self._submit(instance).job(job_id, visitor=visitor).destruction)

    def set_destruction(
        self, job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach
    ) -> Response:
        """Keep a job until DESTRUCTION, or as long as is allowed."""
        when = _when("DESTRUCTION", parameters.text("DESTRUCTION") or "")
        self._submit(instance).set_destruction(job_id, when, visitor=visitor)
        return self._see(request, job_id)

    def quote(self, job_id: str, visitor: Visiting, instance: Reach) -> str:
        """Answer when a job is expected to end; nothing where nobody knows."""
        expected = self._submit(instance).outlook(self._submit(instance).job(job_id, visitor=visitor)).end
        return "" if expected is None else instant(expected)

    def owner(self, job_id: str, visitor: Visiting, instance: Reach) -> str:
        """Answer whose job it is; nothing for a job of nobody who signed in."""
        return self._submit(instance).job(job_id, visitor=visitor).owner or ""

    def parameters_of(self, job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
        """Answer what was asked."""
        found = self._submit(instance).job(job_id, visitor=visitor)
        return Response(uws.parameters_document(self._parameters(request, found)), media_type=XML)

    async def set_parameters(
        self, job_id: str, request: Request, parameters: DaliWithFiles, visitor: Visiting, instance: Reach
    ) -> Response:
        """Change what a pending job asks."""
        kept = self._kind.kept(parameters)
        uploads = await self._tables(request, parameters, visitor, instance)
        change = partial(
            self._submit(instance).set_parameters, job_id, kept, visitor=visitor, uploads=uploads
        )
        await to_thread.run_sync(change)
        return self._see(request, job_id)

    def error(self, job_id: str, visitor: Visiting, instance: Reach) -> Response:
        """Answer why a job failed, a VOTable or text; an empty text while it has not."""
        found = self._submit(instance).job(job_id, visitor=visitor)
        if found.error is None:
            return PlainTextResponse("")
        if self._kind.error_text is not None:
            return PlainTextResponse(self._kind.error_text(found.error))
        return Response(
            error_document(str(found.error), Document(query=found.parameter("QUERY"))), media_type=MEDIA_TYPE
        )

    def results(self, job_id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:
        """Answer the list of results: one, when the job has completed."""
        found = self._submit(instance).job(job_id, visitor=visitor)
        return Response(uws.results_document(self._uws(request, found).results), media_type=XML)

    def upload(self, job_id: str, name: str, visitor: Visiting, instance: Reach) -> Response:
        """Answer a table that was sent with a job, as it was sent."""
        return StoredFile(
            self._submit(instance).upload(job_id, name, visitor=visitor),
            media_type="application/octet-stream",
            filename=name,
            headers={"X-Content-Type-Options": "nosniff"},
        )

    def _submit(self, instance: Instance) -> SubmitService:
        return instance.submit.of(self._kind.name)

    def _address(self, request: Request, job_id: str) -> str:
        return f"{origin(request)}{self._kind.prefix}/{job_id}"

    def _see(self, request: Request, job_id: str = "") -> RedirectResponse:
        return RedirectResponse(self._address(request, job_id).rstrip("/"), 303)

    async def _tables(
        self, request: Request, parameters: Parameters, visitor: Visitor, instance: Instance
    ) -> tuple[Upload, ...]:
        if self._kind.takes_tables:
            return await received_with(request, parameters, visitor, instance)
        if parameters.files or parameters.all("UPLOAD"):
            raise UsageError("This resource takes no tables and no files.")
        return ()

    def _parameters(self, request: Request, job: Job) -> tuple[uws.Parameter, ...]:
        """Return what was asked; a table that was sent stands where it can be read again."""
        tables = (
            ("UPLOAD", f"{name},{self._address(request, job.id)}/uploads/{name}")
            for name, _ in uploads_of(job.parameters)
        )
        return tuple(
            uws.Parameter(name, value)
            for name, value in (*(pair for pair in job.parameters if pair[0] != "UPLOAD"), *tables)
        )

    def _uws(self, request: Request, job: Job) -> uws.Job:
        mime = self._kind.mime_of(job)
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
            parameters=self._parameters(request, job),
            results=tuple(
                uws.Result(
                    result.name,
                    f"{self._address(request, job.id)}/results/{result.name}",
                    result.mime or mime,
                    # A table is sent in another form than it is kept.
                    None if result.mime is None else result.bytes,
                )
                for result in job.results
            ),
            error=None if job.error is None else uws.ErrorSummary(str(job.error)),
        )


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


def _phase(text: str) -> Phase:
    try:
        return Phase(text.upper())
    except ValueError:
        raise UsageError(f"PHASE={text[:40]!r} is no phase; there are {', '.join(Phase)}.") from None


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
        "progress": None if job.progress is None else round(job.progress, 4),
        "overflow": "true" if job.overflow else None,
        "restarts": job.restarts or None,
    }
    return tuple((name, str(value)) for name, value in facts.items() if value is not None)
