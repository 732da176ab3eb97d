"""Keeps views: what was done to each, in its order."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sciplat.database import Database, in_folder
from sciplat.errors import ConflictError, NotFoundError
from sciplat.system import new_id
from sciplat.views.log import RECENT, Entry, Log
from sciplat.views.models import Role, View
from sciplat.views.state import EMPTY, State, applied, patch_from_json, patch_to_json
from sciplat.views.tables import members, operations, states, views

__all__ = ["ViewStore"]

_ROOM = "sciplat.views"

_STATE_EVERY = 500
"""Operations between two kept states: a view is opened from the last one and what was done since."""


class ViewStore:
    """The views of all users. Whoever asks says for whom; services decide who may.

    One process at a time may append to a view: what another has appended meanwhile is found out, and refused.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self.now = clock

    @classmethod
    def open(cls, home: Path, *, database: str | None = None) -> Self:
        """Open the views of the instance at ``home``.

        Parameters
        ----------
        database
            The address of a PostgreSQL database, instead of a file in ``home``.
        """
        return cls(Database.open(database or in_folder(home / "state", _ROOM), room=_ROOM))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def create(self, owner: str, *, title: str = "") -> View:
        """Make a view in which nothing is."""
        now = self.now()
        view = View(new_id(), owner, title, now, now, 0)
        with self._database.write() as connection:
            connection.execute(
                views.insert().values(
                    id=view.id, owner=owner, title=title, created=now, changed=now, revision=0
                )
            )
            connection.execute(members.insert().values(view=view.id, user=owner, role=Role.OWNER.value))
            connection.execute(
                states.insert().values(view=view.id, revision=0, state={**EMPTY, "title": title})
            )
        return view

    def get(self, id: str) -> View | None:  # noqa: A002
        """Return a view, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(views).where(views.c.id == _plain(id))).one_or_none()
        return None if row is None else _view(row)

    def list(self, user: str, *, limit: int) -> list[tuple[View, Role]]:
        """Return the views that a user may see, those that were changed last first."""
        query = (
            select(views, members.c.role)
            .join(members, members.c.view == views.c.id)
            .where(members.c.user == user)
            .order_by(views.c.changed.desc(), views.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(_view(row), Role(row.role)) for row in connection.execute(query)]

    def role(self, id: str, user: str) -> Role | None:  # noqa: A002
        """Return what a user may do with a view; None for nothing, as where there is none."""
        query = select(members.c.role).where(members.c.view == _plain(id), members.c.user == user)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else Role(found)

    def members(self, id: str) -> dict[str, Role]:  # noqa: A002
        """Return who may see a view, and what else each may."""
        query = select(members.c.user, members.c.role).where(members.c.view == id).order_by(members.c.user)
        with self._database.read() as connection:
            return {user: Role(role) for user, role in connection.execute(query)}

    def invite(self, id: str, user: str, role: Role) -> None:  # noqa: A002
        """Let a user see a view, from now on in this role. Of the owner nothing changes.

        Raises
        ------
        ConflictError
            That is for the owner to be, or to stay.
        """
        with self._database.write() as connection:
            known = _role(connection, id, user)
            if role is Role.OWNER or known is Role.OWNER:
                raise ConflictError("A view has one owner, who stays that.")
            if known is None:
                connection.execute(members.insert().values(view=id, user=user, role=role.value))
            else:
                mine = (members.c.view == id) & (members.c.user == user)
                connection.execute(update(members).where(mine).values(role=role.value))

    def dismiss(self, id: str, user: str) -> bool:  # noqa: A002
        """Let a user who is not its owner see a view no more; return whether that changed anything."""
        mine = (members.c.view == id) & (members.c.user == user) & (members.c.role != Role.OWNER.value)
        with self._database.write() as connection:
            return connection.execute(delete(members).where(mine)).rowcount == 1

    def delete(self, id: str) -> bool:  # noqa: A002
        """Remove a view with its log; return whether there was one."""
        with self._database.write() as connection:
            return connection.execute(delete(views).where(views.c.id == _plain(id))).rowcount == 1

    def load(self, id: str) -> Log:  # noqa: A002
        """Return a view's state and its last operations.

        Raises
        ------
        NotFoundError
            There is no such view.
        """
        last = select(states).where(states.c.view == _plain(id)).order_by(states.c.revision.desc())
        with self._database.read() as connection:
            head = connection.execute(select(views.c.revision).where(views.c.id == _plain(id))).scalar()
            if head is None:
                raise NotFoundError(f"There is no view {id[:60]!r}.")
            # From a state that lies before all that is to be known of.
            old = last.where(states.c.revision <= max(0, head - RECENT)).limit(1)
            kept = connection.execute(old).one()
            rows = connection.execute(_entries(id).where(operations.c.revision > kept.revision))
            entries = [_entry(row) for row in rows]
        state: State = kept.state
        early = max(0, len(entries) - RECENT)
        for entry in entries[:early]:
            state = applied(state, entry.patch)
        return Log(state, kept.revision + early, entries[early:])

    def append(self, id: str, entry: Entry, state: State) -> None:  # noqa: A002
        """Write what is done next; it is on the disk when this returns.

        Parameters
        ----------
        state
            What the view is then.

        Raises
        ------
        NotFoundError
            The view is gone.
        ConflictError
            Another process has appended meanwhile.
        """
        mine = views.c.id == id
        try:
            with self._database.write() as connection:
                head = connection.execute(select(views.c.revision).where(mine)).scalar()
                if head is None:
                    raise NotFoundError(f"There is no view {id!r} any more.")
                if head != entry.revision - 1:
                    raise ConflictError("The view was changed elsewhere. Open it again.")
                title = str(state["title"])
                connection.execute(operations.insert().values(view=id, **_values(entry)))
                connection.execute(
                    update(views)
                    .where(mine)
                    .values(revision=entry.revision, changed=entry.moment, title=title)
                )
                if entry.revision % _STATE_EVERY == 0:
                    connection.execute(states.insert().values(view=id, revision=entry.revision, state=state))
        except IntegrityError:
            raise ConflictError(f"The operation {entry.id!r} was done before.") from None

    def done(self, id: str, operation_id: str) -> Entry | None:  # noqa: A002
        """Return an operation by its id, however long ago it was done."""
        with self._database.read() as connection:
            row = connection.execute(_entries(id).where(operations.c.id == operation_id)).one_or_none()
        return None if row is None else _entry(row)

    def entries(self, id: str, *, after: int, limit: int) -> builtins.list[Entry]:  # noqa: A002
        """Return what was done after a revision, the first of it."""
        with self._database.read() as connection:
            rows = connection.execute(_entries(id).where(operations.c.revision > after).limit(limit))
            return [_entry(row) for row in rows]

    def count(self, owner: str) -> int:
        """Return how many views a user owns."""
        query = select(func.count()).select_from(views).where(views.c.owner == owner)
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0


def _plain(id: str) -> str:  # noqa: A002
    # PostgreSQL takes no NUL, and no id has another letter.
    return id if id.isascii() and "\0" not in id else ""


def _role(connection: Connection, id: str, user: str) -> Role | None:  # noqa: A002
    query = select(members.c.role).where(members.c.view == id, members.c.user == user)
    found = connection.execute(query).scalar()
    return None if found is None else Role(found)


def _view(row: Row[Any]) -> View:
    return View(row.id, row.owner, row.title, row.created, row.changed, row.revision)


def _entries(id: str) -> Select[Any]:  # noqa: A002
    return select(operations).where(operations.c.view == _plain(id)).order_by(operations.c.revision)


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "revision": entry.revision,
        "id": entry.id,
        "actor": entry.actor,
        "moment": entry.moment,
        "operation": dict(entry.operation),
        "patch": patch_to_json(entry.patch),
        "back": patch_to_json(entry.back),
        "of": entry.of,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.revision,
        row.id,
        row.actor,
        row.moment,
        row.operation,
        patch_from_json(row.patch),
        patch_from_json(row.back),
        row.of,
    )
