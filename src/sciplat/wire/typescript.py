# SPDX-License-Identifier: BSD-3-Clause
"""Writes the front end's types of views: ``python -m sciplat.wire.typescript > frontend/src/wire/view.ts``.

They are made from the JSON Schema of our models, so only what pydantic writes there is understood; anything
else is an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from sciplat.wire.operations import Operation
from sciplat.wire.view_messages import ClientMessage, ServerMessage, Showing
from sciplat.wire.view_parts import Parameter, Selection, Where
from sciplat.wire.view_state import Entity
from sciplat.wire.views import (
    LogResponse,
    MemberRequest,
    MembersResponse,
    PerformRequest,
    StateResponse,
    ViewListResponse,
    ViewRequest,
)

__all__ = ["types"]

_HEAD = """\
// SPDX-License-Identifier: BSD-3-Clause
// Made by `python -m sciplat.wire.typescript`: change the models in src/sciplat/wire.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
"""

_UNIONS: Mapping[str, Any] = {
    "Operation": Operation,
    "Selection": Selection,
    "Parameter": Parameter,
    "Where": Where,
    "Entity": Entity,
    "Showing": Showing,
    "ClientMessage": ClientMessage,
    "ServerMessage": ServerMessage,
}
_MODELS = (
    LogResponse,
    MemberRequest,
    MembersResponse,
    PerformRequest,
    StateResponse,
    ViewListResponse,
    ViewRequest,
)

_NAME = "#/$defs/"
_SIMPLE = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def types() -> str:
    """Return ``frontend/src/wire/view.ts``."""
    definitions: dict[str, Any] = {}
    unions: dict[str, Any] = {}
    for name, union in _UNIONS.items():
        schema = TypeAdapter(union).json_schema()
        definitions |= schema.pop("$defs")
        unions[name] = schema
    _, schema = models_json_schema([(model, "validation") for model in _MODELS])
    definitions |= schema["$defs"]
    definitions.pop("JsonValue", None)
    # A union that has a name is called by it, wherever it stands.
    named = {_key(each["oneOf"]): name for name, each in unions.items()}
    parts = [_interface(name, definitions[name], named) for name in sorted(definitions)]
    parts += [f"export type {name} = {_type(each, {})};\n" for name, each in unions.items()]
    return "\n".join([_HEAD, *parts])


def _interface(name: str, schema: Mapping[str, Any], named: Mapping[tuple[str, ...], str]) -> str:
    assert schema["type"] == "object", f"{name} is no object"
    lines = [*_comment(schema.get("description"), ""), f"export interface {name} {{"]
    required = schema.get("required", ())
    for field, each in schema.get("properties", {}).items():
        # What tells one kind from another is always there.
        always = field in required or "const" in each
        lines += _comment(each.get("description"), "  ")
        lines.append(f"  {field}{'' if always else '?'}: {_type(each, named)};")
    return "\n".join([*lines, "}", ""])


def _comment(text: str | None, indent: str) -> Iterator[str]:
    if text:
        yield f"{indent}/** {' '.join(text.replace('`', '').split())} */"


def _type(schema: Mapping[str, Any], named: Mapping[tuple[str, ...], str]) -> str:
    """Return the type of a schema, by the names that unions have."""
    for branches in ("anyOf", "oneOf"):
        if branches in schema:
            if name := named.get(_key(schema[branches])):
                return name
            found = (_type(each, named) for each in schema[branches])
            return " | ".join(dict.fromkeys(found))
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_NAME)
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema.get("enum", [schema.get("const")]))
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(_type(each, named) for each in schema['prefixItems'])}]"
        case "array":
            inner = _type(schema["items"], named)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case "object":
            values = schema.get("patternProperties", {"": schema.get("additionalProperties", {})})
            inner = " | ".join(
                _type(each if isinstance(each, dict) else {}, named) for each in values.values()
            )
            return f"Record<string, {inner}>"
        case str() as simple:
            return _SIMPLE[simple]
        case _:
            return "JsonValue"


def _key(branches: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(each.get("$ref", "") for each in branches)


def main() -> None:
    """Print the types."""
    sys.stdout.write(types())


if __name__ == "__main__":
    main()
