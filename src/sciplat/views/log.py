"""The log of one view: what was done, in its order, and the state it led to."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from sciplat.errors import ConflictError
from sciplat.views.reduce import reduced
from sciplat.views.state import Patch, State, applied, inverse, patch_to_json, value_at
from sciplat.wire import operations as ops

__all__ = ["RECENT", "Entry", "Log"]

RECENT = 1000
"""Operations that can be taken back, and that are known again if they are sent twice."""

_NEVER_TAKEN_BACK = (
    ops.Highlight,
    ops.ActionRegister,
    ops.ActionUnregister,
    ops.ActionInvoke,
    ops.ActionProgress,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation that was done."""

    revision: int
    """From 1, without a gap."""

    id: str
    """Chosen by whoever sent it: the same id is the same operation, however often it comes."""

    actor: str
    moment: datetime
    operation: Any
    """One of `sciplat.wire.operations`."""

    patch: Patch
    """What it changed."""

    back: Patch
    """What takes that back."""

    of: int | None = None
    """The revision that it takes back, or does again."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as all who look at the view hear of it."""
        return {
            "revision": self.revision,
            "id": self.id,
            "actor": self.actor,
            "moment": self.moment.isoformat(),
            "operation": self.operation.model_dump(mode="json", exclude_unset=True)
            | {"op": self.operation.op},
            "patch": patch_to_json(self.patch),
            "of": self.of,
        }


class Log:
    """A view's state and its last operations; for one thread at a time.

    Parameters
    ----------
    state, revision
        As they were before ``recent``.
    recent
        What was done since.
    """

    def __init__(self, state: State, revision: int, recent: Iterable[Entry]) -> None:
        self.state, self.revision = state, revision
        self._recent: deque[Entry] = deque(maxlen=RECENT)
        self._by_id: OrderedDict[str, Entry] = OrderedDict()
        for entry in recent:
            self.append(entry)

    def known(self, id: str) -> Entry | None:  # noqa: A002
        """Return an operation that was done already under this id."""
        return self._by_id.get(id)

    def next(self, id: str, operation: Any, *, actor: str, moment: datetime) -> Entry:  # noqa: A002
        """Return what an operation would be as the next one; nothing has changed yet.

        Raises
        ------
        ConflictError
            There is nothing to take back, or somebody else has changed the same since; else as `reduced`.
        """
        of = None
        match operation:
            case ops.Undo():
                undone = self._last_to_undo(actor)
                self._check_untouched(undone, undone.patch, force=operation.force)
                patch, of = undone.back, undone.revision
            case ops.Redo():
                undo = self._last_to_redo(actor)
                self._check_untouched(undo, undo.patch, force=False)
                patch, of = undo.back, undo.revision
            case _:
                patch = reduced(self.state, operation, actor)
        return Entry(self.revision + 1, id, actor, moment, operation, patch, inverse(self.state, patch), of)

    def append(self, entry: Entry) -> None:
        """Take in what was done, after it is safe."""
        assert entry.revision == self.revision + 1
        self.state, self.revision = applied(self.state, entry.patch), entry.revision
        if len(self._recent) == RECENT:
            self._by_id.pop(self._recent[0].id, None)
        self._recent.append(entry)
        self._by_id[entry.id] = entry

    def after(self, revision: int) -> list[Entry] | None:
        """Return what was done after a revision; None where that is too long ago, or has not been."""
        if revision > self.revision:
            return None
        found = [entry for entry in self._recent if entry.revision > revision]
        return found if len(found) == self.revision - revision else None

    def _last_to_undo(self, actor: str) -> Entry:
        """Return the last own operation that stands: done, or done again, and not taken back since."""
        skipped = 0
        for entry in reversed(self._recent):
            if entry.actor != actor or isinstance(entry.operation, _NEVER_TAKEN_BACK):
                continue
            if isinstance(entry.operation, ops.Undo):
                skipped += 1
            elif isinstance(entry.operation, ops.Redo):
                if skipped:
                    skipped -= 1
                else:
                    return entry
            elif skipped:
                skipped -= 1
            else:
                return entry
        raise ConflictError("There is nothing of yours left to take back.")

    def _last_to_redo(self, actor: str) -> Entry:
        """Return the last own undo that was not done again, if nothing else was done by this user since."""
        skipped = 0
        for entry in reversed(self._recent):
            if entry.actor != actor or isinstance(entry.operation, _NEVER_TAKEN_BACK):
                continue
            if isinstance(entry.operation, ops.Redo):
                skipped += 1
            elif isinstance(entry.operation, ops.Undo):
                if not skipped:
                    return entry
                skipped -= 1
            else:
                break
        raise ConflictError("There is nothing of yours to do again.")

    def _check_untouched(self, entry: Entry, patch: Patch, *, force: bool) -> None:
        """Raise where a place no longer has what an operation has put there."""
        if force:
            return
        last = {change.path: change.value for change in patch}
        for path, value in last.items():
            if value_at(self.state, path) != value:
                whose = self._who_changed(path, entry.revision)
                raise ConflictError(
                    f"{whose or 'Somebody'} has changed {'.'.join(path[1:]) or path[0]} since. Send force to "
                    "take it back all the same."
                )

    def _who_changed(self, path: tuple[str, ...], revision: int) -> str | None:
        for entry in reversed(self._recent):
            if entry.revision <= revision:
                break
            for change in entry.patch:
                shorter = min(len(change.path), len(path))
                if change.path[:shorter] == path[:shorter]:
                    return entry.actor
        return None
