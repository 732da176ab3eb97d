"""Share a query: its owner makes links, and whoever has one sees how it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sciplat.errors import NotFoundError
from sciplat.history.models import Link, Record
from sciplat.history.store import HistoryStore
from sciplat.identity.models import Scope
from sciplat.services.access import Visitor
from sciplat.services.recall import RecallService

__all__ = ["ShareService"]


class ShareService:
    """Makes, lists, opens and revokes links."""

    def __init__(self, history: HistoryStore, recall: RecallService) -> None:
        self._history = history
        self._recall = recall

    def share(self, query_id: str, *, visitor: Visitor, days: float | None = None) -> tuple[Link, str]:
        """Make a link to a query of the visitor, and return it with its secret.

        Parameters
        ----------
        days
            Until it expires; without them it opens the query until it is revoked.
        """
        record = self._recall.query(query_id, visitor=visitor).record
        expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
        return self._history.links.create(record.id, owner=record.owner, expires=expires)

    def links(self, *, visitor: Visitor, query_id: str | None = None) -> list[Link]:
        """Return the visitor's links, or those to one query."""
        visitor.require(Scope.READ_TAP)
        if query_id is not None:
            self._recall.query(query_id, visitor=visitor)
        return self._history.links.list(visitor.signed_in().name, query_id)

    def revoke(self, key: str, *, visitor: Visitor) -> None:
        """Let a link of the visitor open nothing any more.

        Raises
        ------
        NotFoundError
            The visitor has no such link.
        """
        visitor.require(Scope.READ_TAP)
        if not self._history.links.revoke(key, owner=visitor.signed_in().name):
            raise NotFoundError(f"You have no link {key[:40]!r}.")

    def open(self, secret: str) -> tuple[Link, Record]:
        """Return the query that a link shares, whoever asks.

        Raises
        ------
        NotFoundError
            It opens nothing: never did, or not any more.
        """
        found = self._history.links.opened(secret)
        if found is None:
            raise NotFoundError("This link opens no query: it was revoked, has expired, or is mistyped.")
        return found
