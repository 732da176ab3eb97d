"""Which entities of a view cannot be without others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from sciplat.views.state import State

__all__ = ["broken", "with_dependents"]

_REFERENCES = ("table", "on", "action")
"""Fields of entities that name another one."""


def with_dependents(state: State, name: str) -> Iterator[str]:
    """Yield an entity and all that cannot be without it, those that depend on others first."""
    order, found = [name], {name}
    for each in order:
        for other, entity in _entities(state).items():
            if other not in found and each in _named(entity):
                order.append(other)
                found.add(other)
    yield from reversed(order)


def broken(state: State) -> str | None:
    """Return why a state cannot be, or None: an entity is there in part, or without one that it needs."""
    entities = _entities(state)
    for name, entity in entities.items():
        if not isinstance(entity, Mapping) or "kind" not in entity:
            return f"there is no {name} any more"
        for needed in _named(entity):
            if needed not in entities:
                return f"{name} needs {needed}"
    return None


def _entities(state: State) -> Mapping[str, JsonValue]:
    entities = state["entities"]
    assert isinstance(entities, Mapping)
    return entities


def _named(entity: JsonValue) -> Iterator[str]:
    assert isinstance(entity, Mapping)
    for field in _REFERENCES:
        name = entity.get(field)
        if isinstance(name, str):
            yield name
