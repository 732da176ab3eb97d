"""The state of a view, a tree of JSON values, and changes of it.

A state is never changed in place: whoever holds one may read it while others go on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

from pydantic import JsonValue

__all__ = [
    "EMPTY",
    "REMOVED",
    "Change",
    "Patch",
    "Removed",
    "State",
    "applied",
    "fingerprint",
    "inverse",
    "patch_from_json",
    "patch_to_json",
    "value_at",
]

State = Mapping[str, JsonValue]
"""``title``, ``layout``, and ``entities`` by their names."""

Path = tuple[str, ...]

EMPTY: State = {"title": "", "layout": {}, "entities": {}}


class Removed(Enum):
    """What is at a place where nothing is."""

    REMOVED = "removed"


REMOVED: Final = Removed.REMOVED


@dataclass(frozen=True, slots=True)
class Change:
    """What is put at a place of a state."""

    path: Path
    value: JsonValue | Removed

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as it is sent and kept; without ``value`` the place becomes empty."""
        said: dict[str, JsonValue] = {"path": list(self.path)}
        return said if isinstance(self.value, Removed) else said | {"value": self.value}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Return what `to_json` told."""
        return cls(tuple(said["path"]), said.get("value", None) if "value" in said else REMOVED)


Patch = tuple[Change, ...]


def value_at(state: State, path: Path) -> JsonValue | Removed:
    """Return what is at a place."""
    here: Any = state
    for step in path:
        if not isinstance(here, Mapping) or step not in here:
            return REMOVED
        here = here[step]
    found: JsonValue = here
    return found


def applied(state: State, patch: Patch) -> State:
    """Return the state after some changes, one after the other; what does not change is shared with it."""
    for change in patch:
        state = _changed(state, change.path, change.value)
    return state


def _changed(here: Mapping[str, Any], path: Path, value: JsonValue | Removed) -> dict[str, Any]:
    first, *rest = path
    changed = dict(here)
    if rest:
        inner = changed.get(first)
        changed[first] = _changed(inner if isinstance(inner, Mapping) else {}, tuple(rest), value)
    elif isinstance(value, Removed):
        changed.pop(first, None)
    else:
        changed[first] = value
    return changed


def inverse(state: State, patch: Patch) -> Patch:
    """Return what takes changes of ``state`` back."""
    back: list[Change] = []
    for change in patch:
        back.append(Change(change.path, value_at(state, change.path)))
        state = applied(state, (change,))
    return tuple(reversed(back))


def fingerprint(state: State) -> str:
    """Return what two states have in common if they are equal, and only then (SHA-256 of sorted JSON)."""
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def patch_to_json(patch: Patch) -> list[JsonValue]:
    """Return changes as they are sent and kept."""
    return [change.to_json() for change in patch]


def patch_from_json(said: Iterable[Mapping[str, Any]]) -> Patch:
    """Return what `patch_to_json` told."""
    return tuple(Change.from_json(each) for each in said)
