"""Share a view: whoever may see it has the same state, and each operation comes to all in one order."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sciplat.errors import ConflictError, LimitError, NotFoundError, PermissionDeniedError, UsageError
from sciplat.identity.models import Scope
from sciplat.services.access import Visitor
from sciplat.views.log import Entry, Log
from sciplat.views.models import Role, View
from sciplat.views.state import State, applied
from sciplat.views.store import ViewStore

__all__ = ["Listener", "Seen", "Shown", "ViewService"]

MOST_VIEWS = 1000
"""Of one owner."""

_MOST_MEMBERS = 100
_MOST_OPEN = 200
_ONLY_LOOK = "You may look at this view; its owner can let you change it."
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Listener = Callable[["Entry | Shown"], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """A view as somebody sees it at one moment."""

    view: View
    role: Role
    state: State
    revision: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows for a moment, such as a brush that is still being drawn; nothing keeps it."""

    actor: str
    what: Any


@dataclass(slots=True)
class _Open:
    """A view that is in memory."""

    log: Log
    lock: threading.RLock = field(default_factory=threading.RLock)
    listeners: list[Listener] = field(default_factory=list)
    users: int = 0
    """Threads that need it now; it stays as long."""


class ViewService:
    """The only writer of views; safe to use from several threads.

    A view holds references to data, and no rights to them: who may see the view and not the data sees that
    there is something.
    """

    def __init__(self, store: ViewStore) -> None:
        self._store = store
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, *, visitor: Visitor, title: str = "") -> View:
        """Make a view of the visitor's own.

        Raises
        ------
        LimitError
            The visitor has too many.
        """
        owner = self._user(visitor)
        if self._store.count(owner) >= MOST_VIEWS:
            raise LimitError(f"You have {MOST_VIEWS:,} views; delete those that you do not need.")
        return self._store.create(owner, title=title)

    def seen_by(self, *, visitor: Visitor, limit: int) -> list[tuple[View, Role]]:
        """Return the views that the visitor may see, those that were changed last first."""
        return self._store.list(self._user(visitor), limit=limit)

    def see(self, id: str, *, visitor: Visitor) -> Seen:  # noqa: A002
        """Return a view as it is now.

        Raises
        ------
        NotFoundError
            There is none that the visitor may see.
        """
        role = self._role(id, visitor)
        with self._held(id) as held, held.lock:
            view = self._store.get(id)
            if view is None:
                raise _none(id)
            return Seen(view, role, held.log.state, held.log.revision)

    def perform(self, id: str, operation_id: str, operation: Any, *, visitor: Visitor) -> Entry:  # noqa: A002
        """Do an operation, and tell everybody who follows; it is on the disk when this returns.

        Parameters
        ----------
        operation_id
            Chosen by whoever asks. Whoever does not know whether it was done sends it again under the same
            id, and it is done once.

        Raises
        ------
        PermissionDeniedError
            The visitor may only look.
        NotFoundError, ConflictError, UsageError
            As for `sciplat.views.reduce.reduced`.
        """
        if self._role(id, visitor) is Role.VIEWER:
            raise PermissionDeniedError(_ONLY_LOOK)
        if not _ID.fullmatch(operation_id):
            raise UsageError("The id of an operation is up to 64 letters, digits, - and _.")
        actor = self._user(visitor)
        with self._held(id) as held, held.lock:
            log = held.log
            known = log.known(operation_id) or self._store.done(id, operation_id)
            if known is not None:
                if known.actor != actor or known.operation != operation:
                    raise ConflictError(f"There was another operation {operation_id!r} before.")
                return known
            entry = log.next(operation_id, operation, actor=actor, moment=self._store.now())
            try:
                self._store.append(id, entry, applied(log.state, entry.patch))
            except ConflictError:
                held.log = self._store.load(id)
                raise
            log.append(entry)
            for listener in held.listeners:
                listener(entry)
            return entry

    def after(self, id: str, revision: int, *, visitor: Visitor) -> list[Entry] | None:  # noqa: A002
        """Return what was done after a revision; None where that is too long ago, and the state says it."""
        self._role(id, visitor)
        with self._held(id) as held, held.lock:
            return held.log.after(revision)

    def entries(self, id: str, *, visitor: Visitor, after: int, limit: int) -> list[Entry]:  # noqa: A002
        """Return a part of the whole log, from the first operation after a revision on."""
        self._role(id, visitor)
        return self._store.entries(id, after=after, limit=limit)

    @contextmanager
    def following(self, id: str, listener: Listener, *, visitor: Visitor) -> Iterator[Seen]:  # noqa: A002
        """Call ``listener`` with each operation, in order and without a gap after what this gives first.

        It is called while others wait, so it only passes on.
        """
        role = self._role(id, visitor)
        with self._held(id) as held:
            with held.lock:
                view = self._store.get(id)
                if view is None:
                    raise _none(id)
                seen = Seen(view, role, held.log.state, held.log.revision)
                held.listeners.append(listener)
            try:
                yield seen
            finally:
                with held.lock:
                    held.listeners.remove(listener)

    def show(self, id: str, what: Any, *, visitor: Visitor, besides: Listener) -> None:  # noqa: A002
        """Show something for a moment to everybody who follows, besides oneself.

        Raises
        ------
        PermissionDeniedError
            The visitor may only look.
        """
        if self._role(id, visitor) is Role.VIEWER:
            raise PermissionDeniedError(_ONLY_LOOK)
        shown = Shown(self._user(visitor), what)
        with self._held(id) as held, held.lock:
            for listener in held.listeners:
                if listener is not besides:
                    listener(shown)

    def members(self, id: str, *, visitor: Visitor) -> dict[str, Role]:  # noqa: A002
        """Return who may see a view."""
        self._role(id, visitor)
        return self._store.members(id)

    def invite(self, id: str, user: str, role: Role, *, visitor: Visitor) -> None:  # noqa: A002
        """Let another user see a view, or change it.

        Raises
        ------
        PermissionDeniedError
            That is for the owner.
        LimitError
            Too many may see it already.
        """
        self._own(id, visitor)
        members = self._store.members(id)
        if user not in members and len(members) >= _MOST_MEMBERS:
            raise LimitError(f"A view has at most {_MOST_MEMBERS} members.")
        self._store.invite(id, user, role)

    def dismiss(self, id: str, user: str, *, visitor: Visitor) -> None:  # noqa: A002
        """Let another user see a view no more; everybody may leave one that is not their own."""
        if user != visitor.name:
            self._own(id, visitor)
        else:
            self._role(id, visitor)
        if not self._store.dismiss(id, user):
            raise NotFoundError(f"{user[:60]!r} is no member of this view who could leave it.")

    def delete(self, id: str, *, visitor: Visitor) -> None:  # noqa: A002
        """Remove a view with all that was done in it."""
        self._own(id, visitor)
        with self._held(id) as held, held.lock:
            self._store.delete(id)
        with self._lock:
            self._open.pop(id, None)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    @staticmethod
    def _user(visitor: Visitor) -> str:
        visitor.require(Scope.EXEC_PORTAL)
        return visitor.signed_in().name

    def _role(self, id: str, visitor: Visitor) -> Role:  # noqa: A002
        role = self._store.role(id, self._user(visitor))
        if role is None:
            raise _none(id)
        return role

    def _own(self, id: str, visitor: Visitor) -> None:  # noqa: A002
        if self._role(id, visitor) is not Role.OWNER:
            raise PermissionDeniedError("Only the owner of a view may do that.")

    @contextmanager
    def _held(self, id: str) -> Iterator[_Open]:  # noqa: A002
        """Keep a view in memory as long as it is needed; those that nobody needs go when there are many."""
        with self._lock:
            held = self._open.get(id)
            if held is None:
                held = self._open[id] = _Open(self._store.load(id))
            self._open.move_to_end(id)
            held.users += 1
            if len(self._open) > _MOST_OPEN:
                idle = next((name for name, each in self._open.items() if not each.users), None)
                if idle is not None:
                    del self._open[idle]
        try:
            yield held
        finally:
            with self._lock:
                held.users -= 1


def _none(id: str) -> NotFoundError:  # noqa: A002
    return NotFoundError(f"There is no view {id[:60]!r}.")
