"""Plan queries: what a visitor asked for, as a statement of the engine on tables that stay as they are."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock

from sciplat.adql import Catalog, RowFilter, TableSource, Translation, translate
from sciplat.catalogs.models import Snapshot
from sciplat.catalogs.store import CatalogStore
from sciplat.engine.statement import Statement
from sciplat.errors import ADQLError, UnseenNameError, UsageError
from sciplat.identity.models import Scope
from sciplat.services.access import Visitor, readable_releases
from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.services.translations import Translations
from sciplat.uploads.models import SCHEMA, Upload

__all__ = ["LANGUAGES", "Plan", "PlanService", "Query", "QueryLimits"]

LANGUAGES = ("ADQL", "ADQL-2.0", "ADQL-2.1")
"""What a query can be written in; all three are read as ADQL 2.1."""

_CATALOGS_KEPT = 32


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks: TAP 1.1, section 2.7."""

    adql: str
    maxrec: int | None = None
    """At most this many rows; 0 asks for the description of the columns only."""

    language: str = "ADQL"

    uploads: tuple[Upload, ...] = ()
    """Tables that this query alone can read."""


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one query may use."""

    seconds: float
    rows: int
    bytes: int
    """Of the spooled result."""

    at_once: int | None = None
    """How many queries of one user may be at work or wait for a worker."""

    at_once_anonymous: int | None = None
    """How many of all who have not signed in."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A query that may be run: its names are all known, and the tables that it reads are pinned."""

    query: Query
    translation: Translation
    snapshot: Snapshot
    statement: Statement
    asker: str | None = None
    """The user's name; None for somebody who has not signed in."""

    address: str = ""
    """Where somebody asks from who has not signed in."""


class PlanService:
    """Makes plans, each on the tables that its visitor may read."""

    def __init__(self, catalogs: CatalogStore, limits: QueryLimits) -> None:
        self._catalogs = catalogs
        self._limits = limits
        self._visible: OrderedDict[tuple[str, frozenset[str]], Catalog] = OrderedDict()
        self._lock = Lock()
        self._translations = Translations()

    def plan(self, query: Query, *, visitor: Visitor) -> Plan:
        """Return how ``query`` of ``visitor`` is run.

        Raises
        ------
        ADQLError
            The query is wrong, or names what this visitor cannot see.
        UnseenNameError
            A visitor who has not signed in names something that is not public: it may exist for
            somebody who signs in.
        """
        visitor.require(Scope.READ_TAP, unless_anonymous=True)
        if query.language.upper() not in LANGUAGES:
            raise UsageError(
                f"LANG={query.language[:40]!r} is unknown; this service understands {', '.join(LANGUAGES)}."
            )
        snapshot = self._catalogs.snapshot()
        maxrec = self._limits.rows if query.maxrec is None else min(query.maxrec, self._limits.rows)
        catalog, translated = self._catalog(snapshot, visitor), self._translations.translate
        if query.uploads:
            catalog = Catalog((*catalog.sources, *map(_upload_source, query.uploads)))
            translated = translate  # nobody else has these tables
        try:
            translation = translated(query.adql, catalog, maxrec=maxrec)
        except ADQLError as error:
            if error.unknown_table and visitor.user is None:
                message = error.message if error.message.endswith("?") else f"{error.message.rstrip('.')}."
                raise UnseenNameError(
                    f"{message} If it is private, sign in or send a token.",
                    line=error.line,
                    column=error.column,
                    length=error.length,
                ) from error
            raise
        sent = {_upload_alias(upload): upload.file for upload in query.uploads}
        statement = Statement(
            sql=translation.sql,
            attachments=tuple(
                (alias, sent.get(alias) or snapshot.file(source.table.schema, source.table.name))
                for source in translation.sources
                for alias in source.relation[:1]
            ),
            columns=translation.columns,
            maxrec=maxrec,
            byte_limit=self._limits.bytes,
            time_limit_seconds=self._limits.seconds,
        )
        return Plan(query, translation, snapshot, statement, visitor.name, visitor.address)

    def _catalog(self, snapshot: Snapshot, visitor: Visitor) -> Catalog:
        """Return the names that ``visitor`` can use; made once for each set of releases."""
        visible = readable_releases(visitor, snapshot)
        key = (snapshot.revision, visible)
        with self._lock:
            catalog = self._visible.get(key)
            if catalog is None:
                catalog = self._visible[key] = Catalog(_sources(snapshot, visible))
                if len(self._visible) > _CATALOGS_KEPT:
                    self._visible.popitem(last=False)
            self._visible.move_to_end(key)
            return catalog


def _upload_alias(upload: Upload) -> str:
    return f"{SCHEMA}.{upload.sha256}"


def _upload_source(upload: Upload) -> TableSource:
    return TableSource(upload.table, (_upload_alias(upload), "main", "data"), is_checked=False)


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
