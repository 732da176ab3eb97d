"""Keeps what users have asked."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Insert, Select, case, delete, func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from sciplat.database import Database, in_folder
from sciplat.history.links import LinkStore
from sciplat.history.models import Filters, Mark, Record
from sciplat.history.rows import NO_TABLES, record_of, values_of
from sciplat.history.tables import queries
from sciplat.vo.uws import Phase

__all__ = ["HistoryStore"]

_ROOM = "sciplat.history"
_AT_ONCE = 500
_ACTIVE = tuple(phase.value for phase in Phase if phase.is_active)
_OF_PLANS = ("tables", "table_names", "uploads")
_OF_ENDS = ("phase", "started", "ended", "rows", "bytes", "overflow", "cached", "error")


class HistoryStore:
    """The queries of all users.

    Whoever asks for records gets those of the owner that they name: services decide who may.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.links = LinkStore(database, clock=clock)

    @classmethod
    def open(cls, home: Path, *, database: str | None = None) -> Self:
        """Open the history of the instance at ``home``.

        Parameters
        ----------
        database
            The address of a PostgreSQL database, instead of a file in ``home``.
        """
        return cls(Database.open(database or in_folder(home / "state", _ROOM), room=_ROOM))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def keep(self, records: Iterable[Record]) -> None:
        """Write records; they are on the disk when this returns.

        Several processes tell of the same job, in any order: one that is over wins over one that is
        not, and the Aspect and the tables are those of whoever knows them.
        """
        begun: builtins.list[dict[str, Any]] = []
        over: builtins.list[dict[str, Any]] = []
        for record in records:
            (begun if record.phase.is_active else over).append(values_of(record))
        with self.database.write() as connection:
            if begun:
                connection.execute(self._insert(over=False), begun)
            if over:
                connection.execute(self._insert(over=True), over)

    def get(self, query_id: str, *, owner: str) -> Record | None:
        """Return one record of ``owner``, or None."""
        if not query_id.isascii():
            return None
        found = select(queries).where(queries.c.id == query_id, queries.c.owner == owner)
        with self.database.read() as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else record_of(row)

    def kept(self, ids: Iterable[str]) -> set[str]:
        """Return those of these ids that are of records, whoever owns them."""
        wanted, found = sorted(ids), set[str]()
        with self.database.read() as connection:
            for first in range(0, len(wanted), _AT_ONCE):
                some = queries.c.id.in_(wanted[first : first + _AT_ONCE])
                found.update(connection.execute(select(queries.c.id).where(some)).scalars())
        return found

    def list(
        self, owner: str, *, filters: Filters | None = None, before: Mark | None = None, limit: int
    ) -> list[Record]:
        """Return the newest records of ``owner`` that pass, from ``before`` on into the past."""
        query = select(queries).where(queries.c.owner == owner)
        if filters is not None:
            query = _passing(query, filters)
        if before is not None:
            query = query.where(tuple_(queries.c.created, queries.c.id) < (before.created, before.id))
        query = query.order_by(queries.c.created.desc(), queries.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            return [record_of(row) for row in connection.execute(query)]

    def active(self, owner: str) -> builtins.list[Record]:
        """Return the records of ``owner`` that are not over, as far as the history knows."""
        query = select(queries).where(queries.c.owner == owner, queries.c.phase.in_(_ACTIVE))
        with self.database.read() as connection:
            return [record_of(row) for row in connection.execute(query)]

    def delete(self, owner: str, query_id: str | None = None) -> int:
        """Remove one record of ``owner``, or all that are over, with their links; return how many."""
        found = delete(queries).where(queries.c.owner == owner)
        if query_id is None:
            found = found.where(queries.c.phase.not_in(_ACTIVE))
        else:
            found = found.where(queries.c.id == (query_id if query_id.isascii() else ""))
        with self.database.write() as connection:
            return connection.execute(found).rowcount

    def forget(self, *, before: datetime, most: int) -> int:
        """Remove what was asked earlier than ``before``, and all but the ``most`` newest of each user."""
        old = queries.c.created < before
        many = select(queries.c.owner).group_by(queries.c.owner).having(func.count() > most)
        with self.database.read() as connection:
            owners = connection.execute(many).scalars().all()
            if not owners and connection.execute(select(queries.c.id).where(old).limit(1)).first() is None:
                return 0
        with self.database.write() as connection:
            removed = connection.execute(delete(queries).where(old)).rowcount
            for owner in owners:
                own = queries.c.owner == owner
                place = tuple_(queries.c.created, queries.c.id)
                newest = select(queries.c.created, queries.c.id).where(own)
                newest = newest.order_by(queries.c.created.desc(), queries.c.id.desc())
                last = connection.execute(newest.offset(most).limit(1)).one_or_none()
                if last is not None:
                    out = delete(queries).where(own, place <= (last.created, last.id))
                    removed += connection.execute(out).rowcount
        return removed

    def _insert(self, *, over: bool) -> Insert:
        dialect: Any = sqlite if self.database.is_sqlite else postgresql
        insert = dialect.insert(queries)
        old, new = queries.c, insert.excluded
        known = new.table_names != NO_TABLES
        changes: dict[str, Any] = {name: case((known, new[name]), else_=old[name]) for name in _OF_PLANS}
        changes["aspect"] = func.coalesce(old.aspect, new.aspect)
        if over:
            changes |= {name: new[name] for name in _OF_ENDS}
        else:
            active = or_(*(old.phase == phase for phase in _ACTIVE))  # not IN: many rows are sent at once
            changes["phase"] = case((active, new.phase), else_=old.phase)
        changed: Insert = insert.on_conflict_do_update(index_elements=["id"], set_=changes)
        return changed


def _passing(query: Select[Any], filters: Filters) -> Select[Any]:
    for word in filters.words:
        query = query.where(queries.c.adql.icontains(word, autoescape=True))
    if filters.aspect is not None:
        query = query.where(queries.c.aspect == filters.aspect.value)
    if filters.phase is not None:
        query = query.where(queries.c.phase == filters.phase.value)
    if filters.table is not None:
        wanted = filters.table.lower()
        query = query.where(
            queries.c.table_names.contains(
                f"\n{wanted}\n" if "." in wanted else f"\n{wanted}.", autoescape=True
            )
        )
    return query
