"""Ask the catalogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from sciplat.catalogs.store import CatalogStore
from sciplat.engine.cache import Kept, ResultCache
from sciplat.engine.pool import QueryPool
from sciplat.engine.running import Running
from sciplat.engine.spool import INLINE_BYTES
from sciplat.engine.statement import Outcome
from sciplat.errors import AuthenticationError, NotFoundError, SciplatError
from sciplat.history.models import Aspect
from sciplat.services.access import Visitor, may_read_release
from sciplat.services.estimate import Estimate, estimate
from sciplat.services.note import Note, NoteService
from sciplat.services.plan import Plan, PlanService, Query, QueryLimits
from sciplat.services.relations import with_keys
from sciplat.services.space import Space
from sciplat.tables.stream import TableStream
from sciplat.vo.names import table_name
from sciplat.vo.schema import Schema, Table

__all__ = ["Answer", "KeptAnswer", "Manner", "QueryService"]

_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a synchronous query was sent, beside what it asks."""

    aspect: Aspect = Aspect.API
    form: str | None = None
    """RESPONSEFORMAT, as it was sent."""

    is_noted: bool = True
    """It belongs in the history of whoever asks; a program's own questions don't."""

    anew: bool = False
    """It is run in any case."""


class Answer:
    """A query that is being answered, for one reader; close it, whatever happens.

    Parameters
    ----------
    keep
        Told of a query that is finished; returns whether somebody else has its spool now.
    """

    age: float | None = None
    """How many seconds ago the rows were read; None for a query that runs now."""

    def __init__(self, running: Running, note: Note | None, keep: Callable[[Outcome], bool]) -> None:
        self._running = running
        self._note = note
        self._keep = keep
        self._is_closed = False

    @property
    def id(self) -> str | None:
        """Of the query in its user's history; None for somebody who has none."""
        return None if self._note is None else self._note.id

    def stream(self) -> TableStream:
        """Return the rows as they come, as `Running.stream` does."""
        return self._running.stream()

    def stop(self) -> None:
        """Stop the query, because nobody waits for it any more; what reads it gets a `CancelledError`."""
        self._running.cancel()

    def close(self) -> None:
        """Stop the query if it still runs, note how it ended, and remove what it has written."""
        if self._is_closed:
            return
        self._is_closed = True
        self._running.cancel()
        with suppress(SciplatError, TimeoutError), self._note or nullcontext():
            outcome = self._running.wait(_STOP_SECONDS)
            if self._note is not None:
                self._note.completed(outcome)
            if self._keep(outcome) or not outcome.spooled:
                return
        self._running.spool.unlink(missing_ok=True)


class KeptAnswer:
    """The answer to a query that ran before, on the same tables."""

    def __init__(self, kept: Kept, note: Note | None) -> None:
        self._kept = kept
        self._note = note

    @property
    def age(self) -> float:
        """How many seconds ago the rows were read."""
        return self._kept.age

    @property
    def id(self) -> str | None:
        """Of the query in its user's history; None for somebody who has none."""
        return None if self._note is None else self._note.id

    def stream(self) -> TableStream:
        """Return the rows."""
        return self._kept.result.stream()

    def stop(self) -> None:
        """Do nothing: nothing runs."""

    def close(self) -> None:
        """Let go of the rows, and note that it was answered."""
        self._kept.result.close()
        if self._note is not None:
            self._note.completed(self._kept.outcome, cached=True)


class QueryService:
    """Runs queries for visitors, each on the tables that this visitor may read."""

    def __init__(
        self,
        catalogs: CatalogStore,
        pool: QueryPool,
        *,
        spools: Path,
        limits: QueryLimits,
        notes: NoteService | None = None,
        short_seconds: float = 1.0,
        cache: ResultCache | None = None,
        space: Space | None = None,
    ) -> None:
        self._catalogs = catalogs
        self._pool = pool
        self._spools = spools
        self._short_seconds = short_seconds
        self._limits = limits
        self._plans = PlanService(catalogs, limits)
        self._notes = notes
        self._space = space
        self._cache = cache if cache is not None and cache.is_on else None

    def answer(
        self,
        query: Query,
        *,
        visitor: Visitor,
        manner: Manner = Manner(),
    ) -> Answer | KeptAnswer:
        """Answer ``query`` of ``visitor``: run it, or give what it gave before. Raises as `plan` does."""
        note = None
        if self._notes is not None and manner.is_noted:
            note = self._notes.query(query, visitor=visitor, aspect=manner.aspect, form=manner.form)
        with note or nullcontext():
            plan = self.plan(query, visitor=visitor)
            if note is not None:
                note.planned(plan)
            if self._cache is not None and not manner.anew:
                kept = self._cache.find(visitor.name, plan.statement)
                if kept is not None:
                    return KeptAnswer(kept, note)
            # What is small needs no disk, so it has its answer also while slow readers hold all there is.
            left = None if self._space is None else max(self._space.left(), INLINE_BYTES)
            running = self.run(plan, spool=self._spools / f"{uuid4().hex}.arrow", bytes_left=left)
            return Answer(running, note, partial(self._keep, visitor.name, running))

    def _keep(self, who: str | None, running: Running, outcome: Outcome) -> bool:
        return self._cache is not None and self._cache.keep(who, running, outcome)

    def rows(self, query: Query, *, visitor: Visitor) -> pa.Table:
        """Return the few rows of a question that the instance itself has; raises as `plan` does."""
        spool = self._spools / f"{uuid4().hex}.arrow"
        running = self.run(self.plan(query, visitor=visitor), spool=spool)
        try:
            with running.result() as result:
                return result.slice(0, result.rows)
        finally:
            spool.unlink(missing_ok=True)

    def plan(self, query: Query, *, visitor: Visitor) -> Plan:
        """Return how ``query`` of ``visitor`` is run; raises as `PlanService.plan` does."""
        return self._plans.plan(query, visitor=visitor)

    def estimate(self, plan: Plan) -> Estimate:
        """Return what a plan will take and give, as far as can be told before it runs."""
        return estimate(plan, short_seconds=self._short_seconds, pace=self._pool.pace)

    def run(
        self,
        plan: Plan,
        *,
        spool: Path,
        durable: bool = False,
        seconds: float | None = None,
        bytes_left: int | None = None,
    ) -> Running:
        """Run what was planned, and return what can be followed.

        Parameters
        ----------
        spool
            Where the result is written, if it is large or ``durable``.
        durable
            It is safe on the disk when the query has finished.
        seconds
            A time limit of its own, below the service's.
        bytes_left
            How much the result may take where space is short, below the service's limit.

        Raises
        ------
        UnavailableError
            Its asker has as many queries at work or waiting as one may.
        """
        statement = plan.statement
        assert statement.byte_limit is not None
        assert statement.time_limit_seconds is not None
        statement = replace(
            statement,
            byte_limit=min(bytes_left or statement.byte_limit, statement.byte_limit),
            time_limit_seconds=min(seconds or statement.time_limit_seconds, statement.time_limit_seconds),
        )
        expected = self.estimate(plan)
        limits = self._limits
        running = self._pool.run(
            statement,
            spool=spool,
            durable=durable,
            heavy=expected.heavy,
            expected_seconds=expected.reckoned_seconds,
            owner=plan.asker,
            owner_most=limits.at_once_anonymous if plan.asker is None else limits.at_once,
            address=plan.address,
            address_most=limits.at_once,
        )
        running.holds = plan.snapshot
        return running

    def schemas(self, visitor: Visitor) -> tuple[Schema, ...]:
        """Return the releases with their tables that ``visitor`` may query."""
        return tuple(map(with_keys, self._visible(visitor)))

    def table(self, name: str, visitor: Visitor) -> Table:
        """Return the table of this name, in any case, as it is written or plain.

        Raises
        ------
        NotFoundError
            There is none for this visitor.
        AuthenticationError
            The visitor has not signed in: it may exist for somebody who does.
        """
        for schema in self.schemas(visitor):
            for table in schema.tables:
                names = (table.qualified_name, table_name(schema.name, table.name))
                if name.lower() in {each.lower() for each in names}:
                    return table
        if visitor.user is None:
            raise AuthenticationError(
                f"There is no public table {name!r}. If it is private, sign in or send a token."
            )
        raise NotFoundError(f"There is no table {name!r}.")

    def _visible(self, visitor: Visitor) -> Iterator[Schema]:
        schemas = self._catalogs.snapshot().schemas
        return (schema for schema in schemas if may_read_release(visitor, schema))
