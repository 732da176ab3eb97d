"""Share a view: whoever may see it has the same state, and each operation comes to all in one order."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sciplat.errors import (
    ConflictError,
    LimitError,
    NotFoundError,
    PermissionDeniedError,
    SciplatError,
    TooManyAttemptsError,
)
from sciplat.identity.models import Scope
from sciplat.identity.store import IdentityStore
from sciplat.services.access import Visitor
from sciplat.services.pace import Pace
from sciplat.views.log import Entry, Log
from sciplat.views.models import Role, View
from sciplat.views.state import State, applied
from sciplat.views.store import ViewStore
from sciplat.wire.operations import to_json

__all__ = [
    "MOST_FOLLOWED",
    "MOST_MEMBERS",
    "MOST_VIEWS",
    "OPERATIONS_AT_ONCE",
    "OPERATIONS_A_SECOND",
    "Ended",
    "Following",
    "Listener",
    "NewRole",
    "Seen",
    "Shown",
    "ViewService",
]

MOST_VIEWS = 1000
"""Of one owner."""

MOST_MEMBERS = 100
"""Of one view."""

MOST_FOLLOWED = 100
"""By one user at one time, with all browsers and kernels."""

OPERATIONS_A_SECOND = 20.0
"""Of one user in one view, in the long run."""

OPERATIONS_AT_ONCE = 100
"""After a rest."""

_MOST_IDLE = 50
"""Views that are in memory though nobody looks at them."""

_ONLY_LOOK = "You may look at this view; its owner can let you change it."


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


@dataclass(frozen=True, slots=True)
class NewRole:
    """What whoever hears it may do from now on."""

    role: Role


@dataclass(frozen=True, slots=True)
class Ended:
    """Whoever hears it hears no more of the view."""

    why: SciplatError


Listener = Callable[["Entry | Shown | NewRole | Ended"], None]


@dataclass(eq=False, slots=True)
class Following:
    """Somebody who follows a view."""

    seen: Seen
    """The view when it began."""

    tail: list[Entry] | None
    """What was done between the revision that was known and ``seen``; None where only the state says it."""

    user: str
    role: Role
    _listener: Listener
    _open: _Open

    def show(self, what: Any) -> None:
        """Show something for a moment to all others who follow; it waits for nobody.

        Raises
        ------
        PermissionDeniedError
            The visitor may only look.
        """
        if self.role is Role.VIEWER:
            raise PermissionDeniedError(_ONLY_LOOK)
        shown = Shown(self.user, what)
        for other in self._open.followers:
            if other is not self:
                other._listener(shown)  # noqa: SLF001  of the same class

    def tell(self, news: Entry | NewRole | Ended) -> None:
        """Pass on what happens."""
        self._listener(news)


@dataclass(slots=True)
class _Open:
    """A view that is in memory."""

    log: Log | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    followers: tuple[Following, ...] = ()
    """Replaced, never changed: who passes on something to all needs no lock."""
    paces: dict[str, Pace] = field(default_factory=dict)
    users: int = 0
    """Threads that need it now; it stays as long."""

    @property
    def opened(self) -> Log:
        assert self.log is not None
        return self.log


class ViewService:
    """The only writer of views; safe to use from several threads.

    A view holds references to data, and no rights to them: who may see the view and not the data sees that
    there is something.

    Parameters
    ----------
    identity
        Whom a view can be shared with.
    """

    def __init__(self, store: ViewStore, identity: IdentityStore) -> None:
        self._store = store
        self._identity = identity
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
        user = self._user(visitor)
        self._role(id, user)
        with self._held(id) as held, held.lock:
            return self._seen(id, user, held.opened)

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
        TooManyAttemptsError
            The visitor does too much; it was not done.
        NotFoundError, ConflictError, UsageError, LimitError
            As for `sciplat.views.log.Log.next`.
        """
        actor = self._user(visitor)
        if self._role(id, actor) is Role.VIEWER:
            raise PermissionDeniedError(_ONLY_LOOK)
        with self._held(id) as held, held.lock:
            log = held.opened
            known = log.known(operation_id) or self._store.done(id, operation_id)
            if known is not None:
                if known.actor != actor or known.operation != to_json(operation):
                    raise ConflictError(f"There was another operation {operation_id!r} before.")
                return known
            self._keep_pace(held, actor)
            entry = log.next(operation_id, operation, actor=actor, moment=self._store.now())
            try:
                self._store.append(id, entry, applied(log.state, entry.patch))
            except ConflictError:
                held.log = self._store.load(id)
                raise
            log.append(entry)
            for follower in held.followers:
                follower.tell(entry)
            return entry

    def entries(self, id: str, *, visitor: Visitor, after: int, limit: int) -> list[Entry]:  # noqa: A002
        """Return a part of the whole log, from the first operation after a revision on."""
        self._role(id, self._user(visitor))
        return self._store.entries(id, after=after, limit=limit)

    @contextmanager
    def following(
        self,
        id: str,  # noqa: A002
        listener: Listener,
        *,
        visitor: Visitor,
        revision: int | None = None,
    ) -> Iterator[Following]:
        """Call ``listener`` with what happens, in order and without a gap after what this gives first.

        It is called while others wait, so it only passes on. After `Ended` it is called no more.

        Parameters
        ----------
        revision
            What the visitor knows of the view already.

        Raises
        ------
        NotFoundError
            There is no view that the visitor may see.
        LimitError
            The visitor follows too many.
        """
        user = self._user(visitor)
        self._role(id, user)
        with self._held(id) as held:
            with held.lock:
                log = held.opened
                seen = self._seen(id, user, log)
                tail = None if revision is None else log.after(revision)
                following = Following(seen, tail, user, seen.role, listener, held)
                with self._lock:
                    if self._followed_by(user) >= MOST_FOLLOWED:
                        raise LimitError(f"You follow views {MOST_FOLLOWED} times already; close some.")
                    held.followers = (*held.followers, following)
            try:
                yield following
            finally:
                with self._lock:
                    held.followers = tuple(each for each in held.followers if each is not following)

    def members(self, id: str, *, visitor: Visitor) -> dict[str, Role]:  # noqa: A002
        """Return who may see a view."""
        self._role(id, self._user(visitor))
        return self._store.members(id)

    def invite(self, id: str, user: str, role: Role, *, visitor: Visitor) -> None:  # noqa: A002
        """Let another user see a view, or change it.

        Raises
        ------
        PermissionDeniedError
            That is for the owner.
        NotFoundError
            There is no such user.
        LimitError
            Too many may see it already.
        """
        self._own(id, visitor)
        self._identity.user(user)
        with self._held(id) as held, held.lock:
            members = self._store.members(id)
            if user not in members and len(members) >= MOST_MEMBERS:
                raise LimitError(f"A view has at most {MOST_MEMBERS} members.")
            self._store.invite(id, user, role)
            for follower in held.followers:
                if follower.user == user:
                    follower.role = role
                    follower.tell(NewRole(role))

    def dismiss(self, id: str, user: str, *, visitor: Visitor) -> None:  # noqa: A002
        """Let another user see a view no more; everybody may leave one that is not their own."""
        if user == self._user(visitor):
            self._role(id, user)
        else:
            self._own(id, visitor)
        with self._held(id) as held, held.lock:
            if not self._store.dismiss(id, user):
                raise NotFoundError(f"{user[:60]!r} is no member of this view who could leave it.")
            self._end(id, held, user)

    def delete(self, id: str, *, visitor: Visitor) -> None:  # noqa: A002
        """Remove a view with all that was done in it."""
        self._own(id, visitor)
        with self._held(id) as held, held.lock:
            self._store.delete(id)
            self._end(id, held, None)
            with self._lock:
                self._open.pop(id, None)

    @staticmethod
    def _user(visitor: Visitor) -> str:
        visitor.require(Scope.EXEC_PORTAL)
        return visitor.signed_in().name

    def _role(self, id: str, user: str) -> Role:  # noqa: A002
        role = self._store.role(id, user)
        if role is None:
            raise _none(id)
        return role

    def _own(self, id: str, visitor: Visitor) -> None:  # noqa: A002
        if self._role(id, self._user(visitor)) is not Role.OWNER:
            raise PermissionDeniedError("Only the owner of a view may do that.")

    def _seen(self, id: str, user: str, log: Log) -> Seen:  # noqa: A002
        view, role = self._store.get(id), self._store.role(id, user)
        if view is None or role is None:
            raise _none(id)
        return Seen(view, role, log.state, log.revision)

    def _followed_by(self, user: str) -> int:
        return sum(each.user == user for held in self._open.values() for each in held.followers)

    @staticmethod
    def _keep_pace(held: _Open, actor: str) -> None:
        pace = held.paces.setdefault(actor, Pace(OPERATIONS_A_SECOND, OPERATIONS_AT_ONCE))
        if seconds := pace.wait():
            raise TooManyAttemptsError(
                f"You do more than {OPERATIONS_A_SECOND:g} operations a second in this view; wait a little.",
                retry_seconds=math.ceil(seconds),
            )

    @staticmethod
    def _end(id: str, held: _Open, user: str | None) -> None:  # noqa: A002
        """Tell a user, or all, that the view does not exist for them any more."""
        for follower in held.followers:
            if user in (None, follower.user):
                follower.tell(Ended(_none(id)))

    @contextmanager
    def _held(self, id: str) -> Iterator[_Open]:  # noqa: A002
        """Keep a view in memory as long as it is needed; those that nobody needs go when there are many."""
        with self._lock:
            held = self._open.setdefault(id, _Open())
            self._open.move_to_end(id)
            held.users += 1
            idle = [name for name, each in self._open.items() if not each.users]
            for name in idle[: max(0, len(idle) - _MOST_IDLE)]:
                del self._open[name]
        try:
            with held.lock:
                if held.log is None:
                    held.log = self._store.load(id)
            yield held
        finally:
            with self._lock:
                held.users -= 1
                if held.log is None and not held.users and self._open.get(id) is held:
                    del self._open[id]


def _none(id: str) -> NotFoundError:  # noqa: A002
    return NotFoundError(f"There is no view {id[:60]!r}.")
