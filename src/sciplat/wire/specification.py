# SPDX-License-Identifier: BSD-3-Clause
"""Specifications of queries as files: YAML for people, JSON for programs."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from pydantic import ValidationError

from sciplat.errors import UsageError
from sciplat.wire.queries import QuerySpecification

__all__ = ["read_specification", "specification_as_yaml"]

_LARGEST_YAML = 1_000_000
"""Characters; a query is at most a tenth of that."""

_DEEPEST = 10
_MOST_NODES = 10_000
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


class _Loader(yaml.SafeLoader):
    """Reads plain YAML: no aliases, by which a small file can become a huge one."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise UsageError("The specification has a YAML alias (*name): write its value out.")
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise UsageError("The specification has too many parts.")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UsageError(f"The specification is nested more than {_DEEPEST} deep.")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    # YAML 1.1 also takes 1:2:3 for a number of base 60, and a long one for hours of work.
    text = str(loader.construct_scalar(node))
    if not _WHOLE.fullmatch(text):
        line = node.start_mark.line + 1
        raise UsageError(f"The specification has {text[:40]!r} at line {line}: put it in quotation marks.")
    return int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Other ends of lines, and spaces before one, would not come back as they are in a block.
    lines = text.split("\n")
    style = None if len(lines) == 1 else "|"
    if not all(line.isprintable() and not line.endswith(" ") for line in lines):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def specification_as_yaml(specification: QuerySpecification) -> str:
    """Return a specification as a YAML document."""
    facts = specification.model_dump(mode="json", exclude_none=True)
    return yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def read_specification(content: bytes, *, is_yaml: bool) -> QuerySpecification:
    """Read a specification, as it was answered or as somebody wrote it.

    Raises
    ------
    UsageError
        It is none; the message says where.
    """
    try:
        if not is_yaml:
            return QuerySpecification.model_validate_json(content)
        text = content.decode()
        if len(text) > _LARGEST_YAML:
            raise UsageError(f"The specification has more than {_LARGEST_YAML:,} characters.")
        facts = yaml.load(text, Loader=_Loader)  # noqa: S506  # it is a safe one
        return QuerySpecification.model_validate_json(json.dumps(facts, default=str))
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(step) for step in problem['loc']) or 'document'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)[:10]
        )
        raise UsageError(f"The specification is not understood: {places}.") from None
    except UnicodeDecodeError:
        raise UsageError("The specification is no UTF-8 text.") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        place = "" if where is None else f" at line {where.line + 1}, column {where.column + 1}"
        raise UsageError(f"The specification is no YAML{place}.") from None
