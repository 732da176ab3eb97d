"""Recall what was asked before: find it, take it up again, forget it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sciplat.catalogs.store import CatalogStore
from sciplat.errors import ConflictError, NotFoundError, UsageError
from sciplat.history.models import Aspect, Filters, Mark, Record, Upload
from sciplat.history.recorder import Recorder
from sciplat.history.store import HistoryStore
from sciplat.identity.models import Scope
from sciplat.jobs.models import Phase
from sciplat.jobs.store import JobStore
from sciplat.services.access import Visitor, may_read_release
from sciplat.services.note import record_of_job
from sciplat.services.plan import Query
from sciplat.services.submit import SubmitService
from sciplat.services.upload import UploadService

__all__ = ["Change", "HistoryLimits", "Page", "RecallService", "Recalled"]


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """How much is kept of each user."""

    days: int
    most: int


@dataclass(frozen=True, slots=True)
class Change:
    """A table that has other rows now than when a query read it."""

    table: str
    then: str
    """The generation that was read."""
    now: str | None
    """The generation that would be read; None where the asker can see no such table any more."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A record, and what of it is still at hand."""

    record: Record
    job: Phase | None = None
    """Of its job, while that is kept."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a history."""

    records: tuple[Recalled, ...]
    next: Mark | None
    """Where older ones begin; None where there are none."""


class RecallService:
    """Shows users their own history; that of others does not exist."""

    def __init__(
        self,
        history: HistoryStore,
        recorder: Recorder,
        jobs: JobStore,
        catalogs: CatalogStore,
        submit: SubmitService,
        uploads: UploadService,
        *,
        limits: HistoryLimits,
    ) -> None:
        self._history = history
        self._recorder = recorder
        self._jobs = jobs
        self._catalogs = catalogs
        self._submit = submit
        self._uploads = uploads
        self._limits = limits

    def queries(
        self, *, visitor: Visitor, filters: Filters | None = None, before: Mark | None = None, limit: int
    ) -> Page:
        """Return the visitor's queries, newest first, ``limit`` at most, from ``before`` on."""
        owner = self._owner(visitor)
        self._catch_up(owner)
        found = self._history.list(owner, filters=filters, before=before, limit=limit + 1)
        kept = self._jobs.phases(record.id for record in found if record.is_job)
        records = tuple(Recalled(record, kept.get(record.id)) for record in found[:limit])
        return Page(records, found[limit - 1].mark if len(found) > limit else None)

    def query(self, query_id: str, *, visitor: Visitor) -> Recalled:
        """Return one query of the visitor, with the tables that have changed since."""
        record = self._record(query_id, visitor)
        job = self._jobs.phases([record.id]).get(record.id) if record.is_job else None
        return Recalled(record, job, self._changes(record, visitor))

    def run(self, query_id: str, *, visitor: Visitor, aspect: Aspect) -> Recalled:
        """Run a query again, as a job on the rows of today; say which tables have changed since.

        Raises
        ------
        ConflictError
            It read a table that the user had sent along, which is no longer kept.
        """
        record = self._record(query_id, visitor)
        query = Query(record.adql, record.maxrec, record.language)
        made = self._run(query, record.format, record.uploads, visitor, aspect)
        return replace(made, changes=self._changes(record, visitor))

    def submit(
        self,
        query: Query,
        *,
        form: str | None,
        uploads: Sequence[Upload] = (),
        first: str | None = None,
        visitor: Visitor,
        aspect: Aspect,
    ) -> Recalled:
        """Run a query as a new job of the visitor; ``form`` is its RESPONSEFORMAT.

        Parameters
        ----------
        uploads
            Tables that were sent along with the query that it was first, whose id is ``first``: the
            visitor's own, since whoever knows the hash of a table need not know its rows.

        Raises
        ------
        UsageError
            The visitor has sent no such tables along.
        ConflictError
            They are no longer kept.
        """
        owner = self._owner(visitor)
        if uploads:
            self._recorder.flush()
            record = self._history.get(first or "", owner=owner)
            own = () if record is None else {upload.sha256 for upload in record.uploads}
            foreign = [upload.name for upload in uploads if upload.sha256 not in own]
            if foreign:
                raise UsageError(
                    f"This query reads what was uploaded as {', '.join(foreign)[:200]}, and your history has "
                    "no such table: run it through TAP and send the table again."
                )
        return self._run(query, form, uploads, visitor, aspect)

    def _run(
        self, query: Query, form: str | None, uploads: Sequence[Upload], visitor: Visitor, aspect: Aspect
    ) -> Recalled:
        named = {
            "LANG": query.language,
            "QUERY": query.adql,
            "MAXREC": None if query.maxrec is None else str(query.maxrec),
            "RESPONSEFORMAT": form,
        }
        pairs = [(name, value) for name, value in named.items() if value is not None]
        received = [self._uploads.find(upload.name, upload.sha256) for upload in uploads]
        job = self._submit.submit(pairs, visitor=visitor, aspect=aspect, uploads=received, run=True)
        return Recalled(replace(record_of_job(job), aspect=aspect), job.phase)

    def delete(self, query_id: str, *, visitor: Visitor) -> None:
        """Forget one query, with its links; a job keeps its result until it is deleted itself.

        Raises
        ------
        ConflictError
            It is not over.
        """
        record = self._record(query_id, visitor)
        if record.phase.is_active:
            raise ConflictError(f"Query {query_id} is {record.phase}: abort its job first.")
        self._history.delete(record.owner, record.id)
        self._uploads.forget(record.id)

    def delete_all(self, *, visitor: Visitor) -> int:
        """Forget every query of the visitor that is over; return how many."""
        owner = self._owner(visitor)
        self._catch_up(owner)
        return self._history.delete(owner)

    def kept(self, ids: Collection[str]) -> Collection[str]:
        """Return those of these queries that anybody's history still has."""
        return self._history.kept(ids)

    def clean(self) -> None:
        """Forget what was asked too long ago, and the oldest of who has asked too much."""
        before = datetime.now(UTC) - timedelta(days=self._limits.days)
        self._history.forget(before=before, most=self._limits.most)

    def _owner(self, visitor: Visitor) -> str:
        visitor.require(Scope.READ_TAP)
        return visitor.signed_in().name

    def _record(self, query_id: str, visitor: Visitor) -> Record:
        owner = self._owner(visitor)
        self._catch_up(owner)
        record = self._history.get(query_id, owner=owner)
        if record is None:
            raise NotFoundError(
                f"There is no query {query_id[:60]!r} in your history; it goes back {self._limits.days} days."
            )
        return record

    def _catch_up(self, owner: str) -> None:
        """Write what waits to be written, and how the jobs of ``owner`` stand: the jobs' own room knows."""
        self._recorder.flush()
        active = self._history.active(owner)
        phases = self._jobs.phases(record.id for record in active) if active else {}
        late = []
        for record in active:
            job = self._jobs.get(record.id) if phases.get(record.id) is not record.phase else None
            if job is not None:
                late.append(record_of_job(job))
            elif record.id not in phases:  # deleted before its end
                late.append(replace(record, phase=Phase.ABORTED))
        if late:
            self._history.keep(late)

    def _changes(self, record: Record, visitor: Visitor) -> tuple[Change, ...]:
        snapshot = self._catalogs.snapshot()
        now: dict[tuple[str, str], str] = {
            (schema.name, table.name): snapshot.file(schema.name, table.name).stem
            for schema in snapshot.schemas
            if may_read_release(visitor, schema)
            for table in schema.tables
        }
        changes = (
            Change(table.name, table.generation, now.get((table.release, table.table)))
            for table in record.tables
        )
        return tuple(change for change in changes if change.now != change.then)
