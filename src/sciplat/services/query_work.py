"""Jobs that ask the catalogs: how they are executed."""

from __future__ import annotations

from sciplat.engine.running import Running
from sciplat.identity.models import Scope
from sciplat.jobs.models import Job, JobProgress, JobResult
from sciplat.services.access import Visitor
from sciplat.services.note import NoteService
from sciplat.services.plan import LANGUAGES, Plan, Query
from sciplat.services.query import QueryService
from sciplat.services.shelves import Spools
from sciplat.services.upload import UploadService
from sciplat.services.work import Done, Expected, Verb, Work
from sciplat.uploads.models import uploads_of

__all__ = ["query_of", "query_verb"]


class _QueryWork:
    """A query on a worker of the engine."""

    def __init__(self, running: Running) -> None:
        self._running = running

    @property
    def progress(self) -> JobProgress:
        """How many rows and bytes there are."""
        far = self._running.progress
        return JobProgress(far.rows, far.bytes)

    def cancel(self) -> None:
        """Stop it."""
        self._running.cancel()

    def wait(self) -> Done:
        """Return its one result."""
        outcome = self._running.wait()
        return Done((JobResult("result", outcome.rows, outcome.bytes),), outcome.overflow)


def query_of(job: Job, uploads: UploadService) -> Query:
    """Return the query that the parameters of a job are.

    Raises
    ------
    ConflictError
        A table that was sent with it is no longer kept.
    """
    maxrec = job.parameter("MAXREC")
    return Query(
        job.parameter("QUERY") or "",
        int(maxrec) if maxrec else None,
        job.parameter("LANG") or LANGUAGES[0],
        tuple(uploads.find(name, content) for name, content in uploads_of(job.parameters)),
    )


def query_verb(
    query: QueryService, uploads: UploadService, spools: Spools, *, notes: NoteService | None = None
) -> Verb:
    """Return what executes jobs that ask the catalogs."""

    def plan(job: Job, owner: Visitor) -> Plan:
        return query.plan(query_of(job, uploads), visitor=owner)

    def expect(job: Job, owner: Visitor) -> Expected:
        found = query.estimate(plan(job, owner))
        return Expected(found.rows, found.seconds)

    def begin(job: Job, owner: Visitor, bytes_left: int) -> Work:
        planned = plan(job, owner)
        if notes is not None:
            notes.job(job, plan=planned)
        running = query.run(
            planned,
            spool=spools.path(job.id),
            durable=True,
            seconds=job.execution_duration,
            bytes_left=bytes_left,
        )
        return _QueryWork(running)

    return Verb(expect, begin, frozenset({Scope.READ_TAP}))
