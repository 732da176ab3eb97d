"""Ask the catalogs."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from uuid import uuid4

from sciplat.adql import Catalog, RowFilter, TableSource, translate
from sciplat.catalogs.models import Snapshot
from sciplat.catalogs.store import CatalogStore
from sciplat.engine.pool import QueryPool
from sciplat.engine.running import Running
from sciplat.engine.statement import Statement
from sciplat.errors import (
    ADQLError,
    AuthenticationError,
    NotFoundError,
    SciplatError,
    UnseenNameError,
    UsageError,
)
from sciplat.identity.models import Scope
from sciplat.services.access import Visitor, may_read_release
from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.tables.stream import TableStream
from sciplat.vo.names import table_name
from sciplat.vo.schema import Schema, Table

__all__ = ["LANGUAGES", "Answer", "Query", "QueryLimits", "QueryService"]

LANGUAGES = ("ADQL", "ADQL-2.0", "ADQL-2.1")
"""What a query can be written in; all three are read as ADQL 2.1."""

_CATALOGS_KEPT = 32
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks: TAP 1.1, section 2.7."""

    adql: str
    maxrec: int | None = None
    """At most this many rows; 0 asks for the description of the columns only."""

    language: str = "ADQL"


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may use."""

    seconds: float
    rows: int
    bytes: int
    """Of the spooled result."""


class Answer:
    """A query that is being answered, for one reader; close it, whatever happens."""

    def __init__(self, running: Running, spool: Path) -> None:
        self._running = running
        self._spool = spool

    def stream(self) -> TableStream:
        """Return the rows as they come, as `Running.stream` does."""
        return self._running.stream()

    def stop(self) -> None:
        """Stop the query, because nobody waits for it any more; what reads it gets a `CancelledError`."""
        self._running.cancel()

    def close(self) -> None:
        """Stop the query if it still runs, and remove what it has written."""
        self._running.cancel()
        with suppress(SciplatError, TimeoutError):
            self._running.wait(_STOP_SECONDS)
        self._spool.unlink(missing_ok=True)


class QueryService:
    """Runs queries for visitors, each on the tables that this visitor may read."""

    def __init__(self, catalogs: CatalogStore, pool: QueryPool, *, spools: Path, limits: QueryLimits) -> None:
        self._catalogs = catalogs
        self._pool = pool
        self._spools = spools
        self._limits = limits
        self._visible: OrderedDict[tuple[str, frozenset[str]], Catalog] = OrderedDict()
        self._lock = Lock()

    def answer(self, query: Query, *, visitor: Visitor) -> Answer:
        """Run ``query`` for ``visitor``; the result can be read once and is not kept.

        Raises
        ------
        ADQLError
            The query is wrong, or names what this visitor cannot see.
        UnseenNameError
            A visitor who has not signed in names something that is not public: it may exist for
            somebody who signs in.
        """
        spool = self._spools / f"{uuid4().hex}.arrow"
        return Answer(self.run(query, visitor=visitor, spool=spool), spool)

    def run(
        self,
        query: Query,
        *,
        visitor: Visitor,
        spool: Path,
        durable: bool = False,
        seconds: float | None = None,
        bytes_left: int | None = None,
    ) -> Running:
        """Run ``query`` for ``visitor`` and return what can be followed; raises as `answer` does.

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
        """
        visitor.require(Scope.READ_TAP, unless_anonymous=True)
        if query.language.upper() not in LANGUAGES:
            raise UsageError(
                f"LANG={query.language[:40]!r} is unknown; this service understands {', '.join(LANGUAGES)}."
            )
        snapshot = self._catalogs.snapshot()
        try:
            translation = translate(query.adql, self._catalog(snapshot, visitor), maxrec=self._maxrec(query))
        except ADQLError as error:
            if error.unknown_table and visitor.user is None:
                raise UnseenNameError(
                    f"{error.message} If it is private, sign in or send a token.",
                    line=error.line,
                    column=error.column,
                    length=error.length,
                ) from error
            raise
        statement = Statement(
            sql=translation.sql,
            attachments=tuple(
                (source.relation[0], snapshot.file(source.table.schema, source.table.name))
                for source in translation.sources
            ),
            columns=translation.columns,
            maxrec=self._maxrec(query),
            byte_limit=min(bytes_left or self._limits.bytes, self._limits.bytes),
            time_limit_seconds=min(seconds or self._limits.seconds, self._limits.seconds),
        )
        return self._pool.run(statement, spool=spool, durable=durable)

    def schemas(self, visitor: Visitor) -> tuple[Schema, ...]:
        """Return the releases with their tables that ``visitor`` may query."""
        return tuple(
            schema for schema in self._catalogs.snapshot().schemas if may_read_release(visitor, schema)
        )

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

    def _maxrec(self, query: Query) -> int:
        return self._limits.rows if query.maxrec is None else min(query.maxrec, self._limits.rows)

    def _catalog(self, snapshot: Snapshot, visitor: Visitor) -> Catalog:
        """Return the names that ``visitor`` can use; made once for each set of releases."""
        visible = frozenset(schema.name for schema in snapshot.schemas if may_read_release(visitor, schema))
        key = (snapshot.revision, visible)
        with self._lock:
            catalog = self._visible.get(key)
            if catalog is None:
                catalog = self._visible[key] = Catalog(_sources(snapshot, visible))
                if len(self._visible) > _CATALOGS_KEPT:
                    self._visible.popitem(last=False)
            self._visible.move_to_end(key)
            return catalog


def _sources(snapshot: Snapshot, visible: frozenset[str]) -> list[TableSource]:
    sources = []
    for schema in snapshot.schemas:
        if schema.name not in visible:
            continue
        for table in schema.tables:
            alias = f"{schema.name}.{table.name}.{snapshot.file(schema.name, table.name).stem}"
            source = TableSource(table, (alias, "main", "data"))
            if any(column.hidden and column.name == ROW_SCHEMA.name for column in table.columns):
                source = replace(source, only=RowFilter(ROW_SCHEMA.name, visible))
            sources.append(source)
    return sources
