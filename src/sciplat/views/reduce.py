"""What an operation changes in a view: a pure function of its state, the operation and who does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, JsonValue

from sciplat.errors import ConflictError, NotFoundError, PermissionDeniedError, UsageError
from sciplat.views.references import with_dependents
from sciplat.views.state import REMOVED, Change, Patch, State, value_at
from sciplat.wire import operations as ops

__all__ = ["MOST_ENTITIES", "reduced"]

MOST_ENTITIES = 500
"""In one view; what nobody looks at any more is closed."""

_MOST_DERIVED = 200
_MOST_PLANES = 64
_ENDED_USES = 20
"""Of tools, that are still told of."""


def reduced(state: State, operation: Any, actor: str) -> Patch:
    """Return what an operation changes.

    Parameters
    ----------
    operation
        One of `sciplat.wire.operations`, but not undo or redo, which depend on what was before.
    actor
        The user who does it.

    Raises
    ------
    NotFoundError
        It is about something that the view does not have.
    ConflictError
        A name is taken, or there is too much.
    PermissionDeniedError
        A tool of somebody else.
    UsageError
        It makes no sense for the kind of entity.
    """
    match operation:
        case ops.Rename():
            return (Change(("title",), operation.title),)
        case ops.Layout():
            return (Change(("layout",), operation.layout),)
        case ops.Close():
            return _closed(state, operation.target)
        case (
            ops.TableOpen()
            | ops.ChartAdd()
            | ops.ImageOpen()
            | ops.SkyOpen()
            | ops.LayerAdd()
            | ops.ActionRegister()
            | ops.ActionInvoke()
        ):
            return _made(state, operation, actor)
        case ops.ActionUnregister() | ops.ActionProgress():
            return _of_an_action(state, operation, actor)
        case _:
            return _updated(state, operation)


def _made(state: State, operation: Any, actor: str) -> Patch:
    """Return a new entity."""
    name = operation.target
    if value_at(state, ("entities", name)) is not REMOVED:
        raise ConflictError(f"The view has a {name!r} already; give it another name.")
    entities = state["entities"]
    assert isinstance(entities, Mapping)
    if len(entities) >= MOST_ENTITIES:
        raise ConflictError(f"The view has {MOST_ENTITIES} tables, charts and images; close some first.")
    fields = _said(operation, set(type(operation).model_fields))
    match operation:
        case ops.TableOpen():
            fields |= {"derived": {}, "condition": None, "sort": [], "columns": None}
            fields |= {"selection": None, "highlight": None}
        case ops.ChartAdd():
            _entity(state, operation.table, "table")
        case ops.ImageOpen():
            fields |= {"stretch": "asinh", "cuts": "zscale", "colours": "gray", "inverted": False}
            fields |= {"centre": None, "masks": {}}
        case ops.LayerAdd():
            _entity(state, operation.table, "table")
            _entity(state, operation.on, "image", "sky")
            fields |= {"visible": True}
        case ops.ActionInvoke():
            action = _entity(state, operation.action, "action")
            if action["open_to"] == "registrant" and action["by"] != actor:
                raise PermissionDeniedError(f"Only {action['by']} may use {action['title']!r}.")
            _check_use(operation, action)
            fields |= {"state": "asked", "fraction": None, "message": "", "made": []}
        case _:
            pass
    kind = _KINDS[type(operation)]
    made = Change(("entities", name), {"kind": kind, "by": actor, **fields})
    return (*_over(entities), made) if isinstance(operation, ops.ActionInvoke) else (made,)


def _over(entities: Mapping[str, Any]) -> Patch:
    """Return how uses of tools go that ended long ago."""
    ended = [
        name
        for name, entity in entities.items()
        if entity["kind"] == "use" and entity["state"] in {"done", "failed"}
    ]
    return tuple(Change(("entities", name), REMOVED) for name in ended[: 1 - _ENDED_USES])


def _check_use(operation: ops.ActionInvoke, action: Mapping[str, Any]) -> None:
    """Raise where a tool is not used as its registrant said; nothing else reaches that kernel."""
    if operation.where.kind != action["trigger"]:
        raise UsageError(f"{action['title']!r} is used on a {action['trigger']}, not {operation.where.kind}.")
    parameters = action["parameters"]
    for name in operation.input:
        if name not in parameters:
            raise UsageError(f"{action['title']!r} has no parameter {name!r}.")
    for name, parameter in parameters.items():
        value = operation.input.get(name, parameter.get("default"))
        if value is None:
            raise UsageError(f"{action['title']!r} needs {name!r}.")
        if why := _wrong(parameter, value):
            raise UsageError(f"{name} of {action['title']!r} is {why}, not {str(value)[:40]!r}.")


def _wrong(parameter: Mapping[str, Any], value: bool | float | str) -> str | None:
    """Return what a value of this parameter would be, or None if it is one."""
    match parameter["kind"]:
        case "number":
            low, high = parameter.get("minimum"), parameter.get("maximum")
            if isinstance(value, bool | str):
                return "a number"
            if low is not None and value < low:
                return f"{low:g} or more"
            return f"{high:g} or less" if high is not None and value > high else None
        case "choice":
            return None if value in parameter["choices"] else f"one of {', '.join(parameter['choices'])}"
        case "switch":
            return None if isinstance(value, bool) else "true or false"
        case _:
            return None if isinstance(value, str) else "text"


_KINDS: Mapping[type[BaseModel], str] = {
    ops.TableOpen: "table",
    ops.ChartAdd: "chart",
    ops.ImageOpen: "image",
    ops.SkyOpen: "sky",
    ops.LayerAdd: "layer",
    ops.ActionRegister: "action",
    ops.ActionInvoke: "use",
}


def _updated(state: State, operation: Any) -> Patch:
    """Return changes of an entity that is there."""
    match operation:
        case ops.TableDerive():
            table = _entity(state, operation.target, "table")
            derived = table["derived"]
            if operation.name not in derived and len(derived) >= _MOST_DERIVED:
                raise ConflictError(f"A table has at most {_MOST_DERIVED} derived columns.")
            place = derived[operation.name]["place"] if operation.name in derived else _next_place(derived)
            column = _said(operation, {"expression", "unit", "ucd", "description"})
            return (_put(operation, "derived", operation.name, value=column | {"place": place}),)
        case ops.TableUnderive():
            if operation.name not in _entity(state, operation.target, "table")["derived"]:
                raise NotFoundError(f"{operation.target} has no derived column {operation.name!r}.")
            return (_put(operation, "derived", operation.name, value=REMOVED),)
        case ops.TableFilter():
            return _fields(state, operation, "table", condition=operation.condition)
        case ops.TableSort():
            return _fields(state, operation, "table", sort=[key.model_dump() for key in operation.by])
        case ops.TableColumns():
            return _fields(state, operation, "table", **_said(operation, {"columns"}))
        case ops.Select():
            chosen = None if operation.selection is None else operation.selection.model_dump(mode="json")
            return _fields(state, operation, "table", selection=chosen)
        case ops.Highlight():
            return _fields(state, operation, "table", highlight=operation.row)
        case ops.ImageMask():
            masks = _entity(state, operation.target, "image")["masks"]
            if operation.plane not in masks and len(masks) >= _MOST_PLANES:
                raise ConflictError(f"An image has at most {_MOST_PLANES} planes of its mask.")
            before = masks.get(operation.plane, {"colour": "#ff3030", "opacity": 0.5})
            look = before | _said(operation, operation.model_fields_set & {"visible", "colour", "opacity"})
            return (_put(operation, "masks", operation.plane, value=look),)
        case ops.ChartUpdate():
            return _fields(state, operation, "chart", **_said(operation, operation.model_fields_set))
        case ops.ImageRender():
            return _fields(state, operation, "image", **_said(operation, operation.model_fields_set))
        case ops.SkyUpdate():
            return _fields(state, operation, "sky", **_said(operation, operation.model_fields_set))
        case ops.LayerUpdate():
            return _fields(state, operation, "layer", **_said(operation, operation.model_fields_set))
        case _:
            raise UsageError(f"{type(operation).__name__} changes no state.")


def _of_an_action(state: State, operation: ops.ActionUnregister | ops.ActionProgress, actor: str) -> Patch:
    """Return what the one who does a tool tells of it."""
    if isinstance(operation, ops.ActionUnregister):
        action = _entity(state, operation.target, "action")
    else:
        use = _entity(state, operation.target, "use")
        action = _entity(state, use["action"], "action")
    if action["by"] != actor:
        raise PermissionDeniedError(f"{action['title']!r} is a tool of {action['by']}.")
    if isinstance(operation, ops.ActionUnregister):
        return _closed(state, operation.target)
    said = _said(operation, {"state", "fraction", "message", "made"})
    return tuple(Change(("entities", operation.target, name), value) for name, value in said.items())


def _entity(state: State, name: str, *kinds: str) -> Mapping[str, Any]:
    found = value_at(state, ("entities", name))
    if not isinstance(found, Mapping):
        raise NotFoundError(f"The view has no {' or '.join(kinds)} {name!r}.")
    if found["kind"] not in kinds:
        raise UsageError(f"{name!r} is a {found['kind']}, and this is for a {' or '.join(kinds)}.")
    return found


def _said(operation: BaseModel, names: set[str]) -> dict[str, JsonValue]:
    """Return fields of an operation as JSON values."""
    return operation.model_dump(mode="json", include=names - {"op", "target"})


def _fields(state: State, operation: Any, kind: str, **fields: JsonValue) -> Patch:
    _entity(state, operation.target, kind)
    return tuple(Change(("entities", operation.target, name), value) for name, value in fields.items())


def _put(operation: Any, *inner: str, value: Any) -> Change:
    return Change(("entities", operation.target, *inner), value)


def _next_place(derived: Mapping[str, Any]) -> int:
    return 1 + max((column["place"] for column in derived.values()), default=-1)


def _closed(state: State, name: str) -> Patch:
    if value_at(state, ("entities", name)) is REMOVED:
        raise NotFoundError(f"The view has no {name!r}.")
    return tuple(Change(("entities", each), REMOVED) for each in with_dependents(state, name))
