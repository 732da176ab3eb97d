"""Keeps the links by which users share queries; of their secrets, only hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from sciplat.database import Database
from sciplat.errors import LimitError
from sciplat.history.models import Link, Record
from sciplat.history.rows import record_of
from sciplat.history.tables import links, queries

__all__ = ["MOST_LINKS", "LinkStore"]

MOST_LINKS = 100
"""Of one query."""

_BYTES = 16
_SECRET = re.compile(r"sq-[A-Za-z0-9_-]{22}")


class LinkStore:
    """The links of all users.

    Parameters
    ----------
    database
        That of the history: a link goes with its query.
    clock
        Tells the time, in UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._now = clock

    def create(self, query_id: str, *, owner: str, expires: datetime | None) -> tuple[Link, str]:
        """Make a link to a query of ``owner``; return it with its secret, which nobody can read again.

        Raises
        ------
        LimitError
            The query has too many links.
        """
        secret = f"sq-{secrets.token_urlsafe(_BYTES)}"
        link = Link(secrets.token_hex(_BYTES), query_id, owner, self._now(), expires)
        count = select(func.count()).select_from(links).where(links.c.query == query_id)
        with self._database.write() as connection:
            connection.execute(delete(links).where(links.c.expires <= self._now()))
            if connection.execute(count).scalar_one() >= MOST_LINKS:
                raise LimitError(f"A query can have {MOST_LINKS} links: revoke one that is not needed.")
            values = {"key": link.key, "query": query_id, "owner": owner, "expires": expires}
            connection.execute(links.insert().values(**values, created=link.created, secret=_digest(secret)))
        return link, secret

    def list(self, owner: str, query_id: str | None = None) -> list[Link]:
        """Return the links of ``owner`` that still open something, newest first."""
        query = select(links).where(links.c.owner == owner, _valid(self._now()))
        if query_id is not None:
            query = query.where(links.c.query == query_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(links.c.created.desc(), links.c.key))
            return [_link(row) for row in rows]

    def revoke(self, key: str, *, owner: str) -> bool:
        """Let a link of ``owner`` open nothing any more; return whether there was one."""
        found = delete(links).where(links.c.key == (key if key.isascii() else ""), links.c.owner == owner)
        with self._database.write() as connection:
            return connection.execute(found).rowcount == 1

    def opened(self, secret: str) -> tuple[Link, Record] | None:
        """Return what a secret opens, or None."""
        if not _SECRET.fullmatch(secret):
            return None
        mine = links.c.secret == _digest(secret)
        with self._database.read() as connection:
            link = connection.execute(select(links).where(mine, _valid(self._now()))).one_or_none()
            if link is None:
                return None
            query = select(queries).where(queries.c.id == link.query, queries.c.owner == link.owner)
            return _link(link), record_of(connection.execute(query).one())


def _digest(secret: str) -> bytes:
    # 128 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _valid(now: datetime) -> Any:
    return links.c.expires.is_(None) | (links.c.expires > now)


def _link(row: Row[Any]) -> Link:
    return Link(row.key, row.query, row.owner, row.created, row.expires)
