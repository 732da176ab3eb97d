"""What a setting may be, in words."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["allowed", "group_of"]


def group_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a group of settings."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def allowed(field: FieldInfo) -> str:
    """Say what a setting may be: ``a whole number from 1 to 65535``."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "allowed_text" in extra:
        return str(extra["allowed_text"])
    if group_of(field) is not None:
        return "a group of settings, indented below it"
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(str(value) for value in get_args(field.annotation))
    bounds: dict[str, Any] = {}
    for rule in field.metadata:
        for name in ("ge", "gt", "le", "lt", "max_length"):
            if getattr(rule, name, None) is not None:
                bounds[name] = getattr(rule, name)
    if field.annotation is str:
        return f"text of 1 to {bounds['max_length']} characters"
    kind = "a whole number" if field.annotation is int else "a number"
    least = f"from {_plain(bounds['ge'])}" if "ge" in bounds else f"above {_plain(bounds['gt'])}"
    return f"{kind} {least} to {_plain(bounds['le'])}"


def _plain(number: float) -> str:
    return f"{number:_}" if number >= 100_000 else f"{number}"
