"""Note what users ask, for their history. Nobody waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

from sciplat.engine.statement import Outcome
from sciplat.errors import AuthenticationError, CancelledError, PermissionDeniedError, SciplatError
from sciplat.history.models import Aspect, Record, TableRead, Upload
from sciplat.history.recorder import Recorder
from sciplat.jobs.models import QUERY, Job, Phase
from sciplat.services.access import Visitor
from sciplat.services.plan import LANGUAGES, Plan, Query
from sciplat.services.upload import UploadService
from sciplat.system import new_id
from sciplat.uploads.models import SCHEMA
from sciplat.uploads.models import Upload as Received

__all__ = ["Note", "NoteService", "record_of_job"]


class Note:
    """What is known so far of one synchronous query; within its block, an error is its end.

    A visitor who did not sign in leaves none, and has no ``id``.
    """

    def __init__(
        self, recorder: Recorder, record: Record | None, uploads: UploadService | None = None
    ) -> None:
        self._recorder = recorder
        self._uploads = uploads
        self._record = record
        self.id = None if record is None else record.id

    def planned(self, plan: Plan) -> None:
        """Note which tables it reads."""
        if self._record is not None:
            self._record = _with_plan(self._record, plan)

    def completed(self, outcome: Outcome, *, cached: bool = False) -> None:
        """Note that it came to its end, with ``outcome``."""
        self._over(
            Phase.COMPLETED, rows=outcome.rows, bytes=outcome.bytes, overflow=outcome.overflow, cached=cached
        )

    def aborted(self) -> None:
        """Note that nobody waited for its end."""
        self._over(Phase.ABORTED)

    def failed(self, error: SciplatError) -> None:
        """Note why there is no result. Who may not ask at all, has not asked."""
        if isinstance(error, AuthenticationError | PermissionDeniedError):
            self._record = None
        elif isinstance(error, CancelledError):
            self.aborted()
        else:
            self._over(Phase.ERROR, error=error.facts())

    def _over(self, phase: Phase, **values: Any) -> None:
        record, self._record = self._record, None
        if record is not None:
            if record.uploads and self._uploads is not None:
                self._uploads.keep_for(record.id, (upload.sha256 for upload in record.uploads))
            self._recorder.record(replace(record, phase=phase, ended=datetime.now(UTC), **values))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, SciplatError):
            self.failed(error)
        elif error is not None:
            self.aborted()


class NoteService:
    """Notes the queries of users who have signed in, from whichever Aspect, and keeps what came with them."""

    def __init__(self, recorder: Recorder, uploads: UploadService | None = None) -> None:
        self._recorder = recorder
        self._uploads = uploads

    def query(
        self, query: Query, *, visitor: Visitor, aspect: Aspect = Aspect.API, form: str | None = None
    ) -> Note:
        """Begin to note a synchronous query; ``form`` is the RESPONSEFORMAT that was sent."""
        if visitor.name is None:
            return Note(self._recorder, None)
        now = datetime.now(UTC)
        record = Record(
            id=new_id(),
            owner=visitor.name,
            is_job=False,
            aspect=aspect,
            adql=query.adql,
            language=query.language,
            maxrec=query.maxrec,
            format=form,
            created=now,
            started=now,
            phase=Phase.EXECUTING,
            uploads=_uploads(query.uploads),
            version=_version(),
        )
        return Note(self._recorder, record, self._uploads)

    def job(
        self,
        job: Job,
        *,
        aspect: Aspect | None = None,
        plan: Plan | None = None,
        uploads: Sequence[Received] = (),
    ) -> None:
        """Note how a job stands, with what the caller knows of it beside."""
        if job.owner is not None and job.kind == QUERY and job.phase is not Phase.PENDING:
            record = replace(record_of_job(job), aspect=aspect, uploads=_uploads(uploads))
            record = record if plan is None else _with_plan(record, plan)
            if record.uploads and self._uploads is not None:
                self._uploads.keep_for(record.id, (upload.sha256 for upload in record.uploads))
            self._recorder.record(record)


def _with_plan(record: Record, plan: Plan) -> Record:
    """Return the record with the tables that the plan reads, and the generations that it pinned."""
    found = (
        TableRead(table.schema, table.name, plan.snapshot.file(table.schema, table.name).stem)
        for table in (source.table for source in plan.translation.sources)
        if table.schema != SCHEMA
    )
    return replace(record, tables=tuple(dict.fromkeys(found)), uploads=_uploads(plan.query.uploads))


def _uploads(received: Sequence[Received]) -> tuple[Upload, ...]:
    return tuple(Upload(each.table.name, each.sha256, each.table.rows or 0) for each in received)


def record_of_job(job: Job) -> Record:
    """Return the record of a job, as far as the job itself knows."""
    assert job.owner is not None
    maxrec = job.parameter("MAXREC")
    error: Mapping[str, Any] | None = None
    if job.error is not None:
        error = {"code": job.error.code, "message": job.error.message}
        if job.error.line is not None:
            error = error | {
                "line": job.error.line,
                "column": job.error.column,
                "length": job.error.length,
            }
    return Record(
        id=job.id,
        owner=job.owner,
        is_job=True,
        adql=job.parameter("QUERY") or "",
        language=job.parameter("LANG") or LANGUAGES[0],
        maxrec=int(maxrec) if maxrec else None,
        format=job.parameter("RESPONSEFORMAT") or job.parameter("FORMAT"),
        created=job.created,
        started=job.started,
        ended=job.ended,
        phase=job.phase,
        version=_version(),
        rows=job.rows,
        bytes=job.bytes,
        overflow=job.overflow,
        error=error,
    )


@cache
def _version() -> str:
    return version("sciplat")
