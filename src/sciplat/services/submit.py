"""Submit work as jobs, follow them, and stop them (UWS 1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sciplat.engine.result import Result
from sciplat.errors import AuthenticationError, ConflictError, NotFoundError
from sciplat.history.models import Aspect
from sciplat.identity.models import Scope
from sciplat.jobs.models import BULK_CUTOUT, CUTOUT, QUERY, Job, JobBrief, JobReference, JobResult, Phase
from sciplat.jobs.queries import Place
from sciplat.jobs.store import JobStore
from sciplat.services.access import Visitor
from sciplat.services.note import NoteService
from sciplat.services.shelves import Folders, Spools
from sciplat.services.title import title_of
from sciplat.services.upload import UploadService
from sciplat.uploads.models import Upload, parameter_of, uploads_of

__all__ = ["JobLimits", "Outlook", "SubmitService"]

Pairs = Sequence[tuple[str, str]]

_SCOPES = {
    QUERY: frozenset({Scope.READ_TAP}),
    CUTOUT: frozenset({Scope.READ_IMAGE}),
    BULK_CUTOUT: frozenset({Scope.READ_TAP, Scope.READ_IMAGE}),
}
"""What a job of each kind needs, and to see it."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """How long a job may run, and how long its result is kept."""

    seconds: int
    """The execution duration of a job that asks for none."""

    seconds_max: int
    days: int
    """Until destruction, for a job that asks for nothing."""

    days_max: int
    slots: int
    """How many queries execute at once."""

    batch_slots: int
    """How many jobs of other kinds execute at once."""

    anonymous: int
    """How many jobs of those who did not sign in may wait or execute; as many more may be pending."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may be expected of a job."""

    turns_before: int | None
    """How many jobs have their turn before it; None for one that isn't in the queue."""

    end: datetime | None
    """None where nobody knows, or it has ended."""


class SubmitService:
    """Keeps the jobs of users; a job of somebody else does not exist.

    Parameters
    ----------
    spools, folders
        Where the results of queries are, and those of other jobs.
    kind
        It keeps jobs of this kind alone; others do not exist. Without one it keeps those of all kinds.
    """

    def __init__(
        self,
        jobs: JobStore,
        uploads: UploadService,
        *,
        spools: Spools,
        folders: Folders,
        limits: JobLimits,
        notes: NoteService | None = None,
        kind: str | None = None,
    ) -> None:
        self._jobs = jobs
        self._uploads = uploads
        self._notes = notes
        self._spools = spools
        self._folders = folders
        self._limits = limits
        self._kind = kind

    def of(self, kind: str) -> SubmitService:
        """Return the verb for jobs of one kind alone."""
        return SubmitService(
            self._jobs,
            self._uploads,
            spools=self._spools,
            folders=self._folders,
            limits=self._limits,
            notes=self._notes,
            kind=kind,
        )

    def submit(
        self,
        parameters: Pairs,
        *,
        visitor: Visitor,
        aspect: Aspect = Aspect.API,
        run_id: str | None = None,
        duration: int | None = None,
        destruction: datetime | None = None,
        uploads: Sequence[Upload] = (),
        run: bool = False,
    ) -> Job:
        """Make a job, a query if no kind was said, of a request's parameters; ``run`` queues it at once.

        Wishes for a longer ``duration`` (seconds) or a later ``destruction`` than allowed are cut.

        Raises
        ------
        LimitError
            Too many jobs of people who did not sign in wait already.
        """
        kind = self._kind or QUERY
        _require(visitor, kind)
        job = self._jobs.create(
            owner=visitor.name,
            parameters=_with_uploads(parameters, uploads),
            kind=kind,
            title=title_of(kind, _with_uploads(parameters, uploads)),
            run_id=run_id,
            destruction=self._destruction(destruction),
            execution_duration=self._duration(duration),
            run=run and not uploads,
            most=self._most(visitor.name),
        )
        if uploads:
            # Queued only when they stay for it.
            self._uploads.hold(uploads, f"job-{job.id}")
            if run:
                job = self._jobs.run(job.id)
        if self._notes is not None:
            self._notes.job(job, aspect=aspect, uploads=uploads)
        return job

    def job(self, job_id: str, *, visitor: Visitor) -> Job:
        """Return one job; whoever knows the unguessable id of an anonymous job may use it."""
        kinds = self._kinds(visitor)
        job = self._jobs.get(job_id)
        if job is not None and job.owner is not None and visitor.name is None:
            # Its id cannot be guessed, so whoever knows it is its owner before signing in.
            raise AuthenticationError(f"Job {job_id} is somebody's own: sign in, or send a token.")
        known = job is not None and (self._kind is None or job.kind == self._kind)
        if job is None or not known or (job.owner is not None and job.owner != visitor.name):
            raise NotFoundError(f"There is no job {job_id!r}; results are kept {self._limits.days} days.")
        if visitor.user is not None and job.kind not in kinds:
            _require(visitor, job.kind)
        return job

    def references(
        self,
        *,
        visitor: Visitor,
        phases: Sequence[Phase] = (),
        after: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[JobReference]:
        """Return the visitor's jobs as UWS lists them, newest first; anonymous jobs are listed to nobody."""
        kinds = self._kinds(visitor)
        if visitor.name is None:
            return iter(())
        return self._jobs.references(visitor.name, kinds=kinds, phases=phases, after=after, last=last)

    def page(self, *, visitor: Visitor, limit: int, before: Place | None = None) -> list[JobBrief]:
        """Return so many of the visitor's jobs that were created before a place in the list, newest first."""
        kinds = self._kinds(visitor)
        if visitor.name is None:
            return []
        return self._jobs.page(visitor.name, limit=limit, before=before, kinds=kinds)

    def outlook(self, job: Job) -> Outlook:
        """Return what may be expected of a job (its quote in UWS 1.1, section 2.1.7)."""
        turns = self._jobs.turns_before(job)
        if job.estimated_seconds is None or not job.phase.is_active:
            return Outlook(turns, None)
        # No job is at work for longer than it may be.
        seconds = min(job.estimated_seconds, job.execution_duration)
        now, work = datetime.now(UTC), timedelta(seconds=seconds)
        if turns is not None:
            slots = self._limits.slots if job.kind == QUERY else self._limits.batch_slots
            before = timedelta(seconds=self._jobs.seconds_before(job) / slots)
            return Outlook(turns, now + before + work)
        if job.started is not None and job.started + work > now:
            return Outlook(None, job.started + work)
        return Outlook(None, None)

    def run(self, job_id: str, *, visitor: Visitor, aspect: Aspect = Aspect.API) -> None:
        """Queue a pending job.

        Raises
        ------
        LimitError
            Too many jobs of people who did not sign in wait already.
        ConflictError
            A table that was sent with it is no longer kept.
        """
        job = self.job(job_id, visitor=visitor)
        uploads = [self._uploads.find(name, content) for name, content in uploads_of(job.parameters)]
        job = self._jobs.run(job.id, most=self._most(job.owner))
        if self._notes is not None:
            self._notes.job(job, aspect=aspect, uploads=uploads)

    def abort(self, job_id: str, *, visitor: Visitor) -> None:
        """Stop a job; its engine stops within moments."""
        self._jobs.abort(self.job(job_id, visitor=visitor).id)

    def delete(self, job_id: str, *, visitor: Visitor) -> None:
        """Stop a job if it runs, and remove it with its result."""
        job = self.job(job_id, visitor=visitor)
        self._jobs.delete(job.id)
        self._spools.remove(job.id)
        self._folders.remove(job.id)
        self._uploads.release(f"job-{job.id}")

    def set_parameters(
        self, job_id: str, parameters: Pairs, *, visitor: Visitor, uploads: Sequence[Upload] = ()
    ) -> None:
        """Change parameters of a job that is still pending: those named lose all values that they had."""
        job = self.job(job_id, visitor=visitor)
        self._uploads.hold(uploads, f"job-{job.id}")
        parameters = _with_uploads(parameters, uploads)
        named = {name for name, _ in parameters} - {"UPLOAD"}
        sent = {upload.table.name.lower() for upload in uploads}
        # A table that comes later joins the others, or takes the place of the one of its name.
        stay = [
            pair
            for pair in job.parameters
            if pair[0] not in named and not {name.lower() for name, _ in uploads_of([pair])} & sent
        ]
        changed = (*stay, *parameters)
        self._jobs.set_parameters(job.id, changed, title=title_of(job.kind, changed))

    def upload(self, job_id: str, name: str, *, visitor: Visitor) -> Path:
        """Return the file that was sent with a job as the table ``name``.

        Raises
        ------
        NotFoundError
            None was.
        """
        job = self.job(job_id, visitor=visitor)
        for table, content in uploads_of(job.parameters):
            if table.lower() == name.lower():
                return self._uploads.source(table, content)
        raise NotFoundError(f"Job {job_id} has no upload {name[:80]!r}.")

    def set_execution_duration(self, job_id: str, seconds: int, *, visitor: Visitor) -> None:
        """Let a pending job run for so long; a longer wish than allowed is cut (UWS 1.1, section 2.2.3)."""
        job = self.job(job_id, visitor=visitor)
        self._jobs.set_execution_duration(job.id, self._duration(seconds))

    def set_destruction(self, job_id: str, when: datetime, *, visitor: Visitor) -> None:
        """Keep a job until ``when``; a longer wish than allowed is cut (UWS 1.1, section 2.2.3)."""
        job = self.job(job_id, visitor=visitor)
        self._jobs.set_destruction(job.id, self._destruction(when))

    def result(self, job_id: str, *, visitor: Visitor) -> Result:
        """Open the result of a completed job.

        Raises
        ------
        ConflictError
            The job has no result, yet or ever; the message says its phase.
        """
        return Result.open(self.spool(job_id, visitor=visitor))

    def spool(self, job_id: str, *, visitor: Visitor) -> Path:
        """Return the file with the rows of a completed job; raises as `result` does."""
        return self._spools.path(self._completed(job_id, visitor).id)

    def file(self, job_id: str, name: str, *, visitor: Visitor) -> tuple[JobResult, Path]:
        """Return a result of a completed job that is no query, and its file.

        Raises
        ------
        ConflictError
            The job has no result, yet or ever; the message says its phase.
        NotFoundError
            It has none of this name.
        """
        job = self._completed(job_id, visitor)
        for result in job.results:
            if result.name == name:
                return result, self._folders.file(job.id, name)
        there = ", ".join(result.name for result in job.results[:20])
        raise NotFoundError(f"Job {job_id} has no result {name[:80]!r}; it has {there}.")

    def _completed(self, job_id: str, visitor: Visitor) -> Job:
        job = self.job(job_id, visitor=visitor)
        if job.phase is not Phase.COMPLETED:
            reason = "" if job.error is None else f" {job.error}"
            raise ConflictError(f"Job {job_id} is {job.phase} and has no result.{reason}")
        return job

    def _kinds(self, visitor: Visitor) -> frozenset[str]:
        """Return the kinds of jobs that this is about and that the visitor may see; not none of them."""
        if self._kind is not None:
            _require(visitor, self._kind)
            return frozenset({self._kind})
        kinds = frozenset(kind for kind, scopes in _SCOPES.items() if scopes <= visitor.scopes)
        if not kinds or visitor.user is None:
            _require(visitor, QUERY)
        return kinds

    def _most(self, owner: str | None) -> int | None:
        return self._limits.anonymous if owner is None else None

    def _duration(self, wish: int | None) -> int:
        """Return the seconds that a job gets: 0 wishes for no limit, and gets the longest there is."""
        if wish is None:
            return self._limits.seconds
        return min(wish or self._limits.seconds_max, self._limits.seconds_max)

    def _destruction(self, wish: datetime | None) -> datetime:
        now = datetime.now(UTC)
        if wish is None:
            return now + timedelta(days=self._limits.days)
        return min(wish, now + timedelta(days=self._limits.days_max))


def _require(visitor: Visitor, kind: str) -> None:
    for scope in sorted(_SCOPES[kind]):
        visitor.require(scope, unless_anonymous=True)


def _with_uploads(parameters: Pairs, uploads: Sequence[Upload]) -> Pairs:
    return (*parameters, *(("UPLOAD", parameter_of(upload)) for upload in uploads))
