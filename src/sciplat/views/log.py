"""The log of one view: what was done, in its order, and the state it led to."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import JsonValue

from sciplat.errors import ConflictError, LimitError
from sciplat.views.reduce import reduced
from sciplat.views.references import broken
from sciplat.views.state import Patch, Removed, State, applied, inverse, patch_to_json, value_at
from sciplat.wire import operations as ops

__all__ = ["MOST_OPERATION_BYTES", "MOST_STATE_BYTES", "RECENT", "Entry", "Log"]

RECENT = 1000
"""Operations that can be taken back, and that are known again if they are sent twice."""

_RECENT_BYTES = 4 << 20
"""Of these together; the last one is always among them."""

MOST_STATE_BYTES = 2 << 20
"""Of a view's state, as JSON."""

MOST_OPERATION_BYTES = 256 << 10
"""Of one operation, as JSON."""

_NEVER_TAKEN_BACK = frozenset(
    {"highlight", "action.register", "action.unregister", "action.invoke", "action.progress"}
)


@dataclass(frozen=True)
class Entry:
    """One operation that was done."""

    revision: int
    """From 1, without a gap."""

    id: str
    """Chosen by whoever sent it: the same id is the same operation, however often it comes."""

    actor: str
    moment: datetime
    operation: Mapping[str, JsonValue]
    """As it was said: `sciplat.wire.operations.to_json`."""

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
            "operation": dict(self.operation),
            "patch": patch_to_json(self.patch),
            "of": self.of,
        }

    @cached_property
    def text(self) -> str:
        """The same as text, made once for all who hear it."""
        return _text(self.to_json())


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
        self._size = len(_text(state))
        self._recent: deque[Entry] = deque()
        self._recent_bytes = 0
        self._by_id: dict[str, Entry] = {}
        for entry in recent:
            self.append(entry)

    def known(self, id: str) -> Entry | None:  # noqa: A002
        """Return an operation that was done already under this id."""
        return self._by_id.get(id)

    def next(self, id: str, operation: Any, *, actor: str, moment: datetime) -> Entry:  # noqa: A002
        """Return what an operation would be as the next one; nothing has changed yet.

        Parameters
        ----------
        operation
            One of `sciplat.wire.operations`.

        Raises
        ------
        ConflictError
            There is nothing to take back, or somebody else has changed the same since; else as `reduced`.
        LimitError
            The operation is too large, or the view would be.
        """
        said = ops.to_json(operation)
        if len(_text(said)) > MOST_OPERATION_BYTES:
            raise LimitError(f"An operation has at most {MOST_OPERATION_BYTES >> 10} kB.")
        of = None
        match operation:
            case ops.Undo():
                undone = self._last_to_undo(actor)
                self._check_untouched(undone, force=operation.force)
                patch, of = undone.back, undone.revision
            case ops.Redo():
                undo = self._last_to_redo(actor)
                self._check_untouched(undo, force=False)
                patch, of = undo.back, undo.revision
            case _:
                patch = reduced(self.state, operation, actor)
        back = inverse(self.state, patch)
        if of is not None and (why := broken(applied(self.state, patch))):
            raise ConflictError(f"That cannot be any more: {why}.")
        growth = _weight(patch) - _weight(back)
        if growth > 0 and self._size + growth > MOST_STATE_BYTES:
            raise LimitError(f"A view holds at most {MOST_STATE_BYTES >> 20} MB; close what is not needed.")
        return Entry(self.revision + 1, id, actor, moment, said, patch, back, of)

    def append(self, entry: Entry) -> None:
        """Take in what was done, after it is safe."""
        assert entry.revision == self.revision + 1
        self.state, self.revision = applied(self.state, entry.patch), entry.revision
        self._size += _weight(entry.patch) - _weight(entry.back)
        self._recent.append(entry)
        self._by_id[entry.id] = entry
        self._recent_bytes += len(entry.text)
        while len(self._recent) > RECENT or (self._recent_bytes > _RECENT_BYTES and len(self._recent) > 1):
            old = self._recent.popleft()
            self._recent_bytes -= len(old.text)
            del self._by_id[old.id]

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
            if entry.actor != actor or entry.operation["op"] in _NEVER_TAKEN_BACK:
                continue
            if entry.operation["op"] == "undo":
                skipped += 1
            elif skipped:
                skipped -= 1
            else:
                return entry
        raise ConflictError("There is nothing of yours left to take back.")

    def _last_to_redo(self, actor: str) -> Entry:
        """Return the last own undo that was not done again, if nothing else was done by this user since."""
        skipped = 0
        for entry in reversed(self._recent):
            if entry.actor != actor or entry.operation["op"] in _NEVER_TAKEN_BACK:
                continue
            if entry.operation["op"] == "redo":
                skipped += 1
            elif entry.operation["op"] != "undo":
                break
            elif skipped:
                skipped -= 1
            else:
                return entry
        raise ConflictError("There is nothing of yours to do again.")

    def _check_untouched(self, entry: Entry, *, force: bool) -> None:
        """Raise where a place no longer has what an operation has put there."""
        if force:
            return
        last = {change.path: change.value for change in entry.patch}
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


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _weight(patch: Patch) -> int:
    """Return the length of what changes put somewhere, as JSON."""
    return sum(0 if isinstance(change.value, Removed) else len(_text(change.value)) for change in patch)
