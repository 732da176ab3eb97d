"""Show examples: queries to learn from, about the tables that there are, each of which runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sciplat.services.access import Visitor
from sciplat.services.plan import Query
from sciplat.services.query import QueryService
from sciplat.services.tap_schema import NAME as TAP_SCHEMA
from sciplat.vo.examples import Example
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Schema

__all__ = ["examples"]

_MAIN = "Object"
"""The table of a Rubin release that most people start from."""


def examples(query: QueryService, visitor: Visitor) -> tuple[Example, ...]:
    """Return the examples that stand for the releases that ``visitor`` can see."""
    releases = [schema for schema in query.schemas(visitor) if schema.name != TAP_SCHEMA]
    words = [(schema, _words(schema, query, visitor)) for schema in releases]
    made = []
    for template in _templates():
        if template["needs"] == "nothing":
            made.append(_filled(template, {}))
        made += [
            _filled(template, known)
            for schema, known in words
            if known is not None and _stands_for(template["needs"], schema)
        ]
    return tuple(made)


@cache
def _templates() -> Sequence[Mapping[str, Any]]:
    text = files("sciplat.services").joinpath("profiles/examples.yaml").read_text(encoding="utf-8")
    templates: Sequence[Mapping[str, Any]] = yaml.safe_load(text)
    return templates


def _filled(template: Mapping[str, Any], words: Mapping[str, str]) -> Example:
    return Example(*(template[part].strip().format(**words) for part in ("name", "about", "query")))


def _stands_for(needs: str | Mapping[str, Sequence[str]], schema: Schema) -> bool:
    if isinstance(needs, str):
        return needs == "position"
    there = {table.name: {column.name for column in table.columns} for table in schema.tables}
    return all(set(columns) <= there.get(table, set()) for table, columns in needs.items())


def _words(schema: Schema, query: QueryService, visitor: Visitor) -> dict[str, str] | None:
    """Return what stands in the examples of a release; None where no table has positions."""
    placed = [table for table in schema.tables if table.position is not None]
    if not placed:
        return None
    table = next((each for each in placed if each.name == _MAIN), placed[0])
    assert table.position is not None
    ra, dec = map(delimited, table.position)
    name = table_name(schema.name, table.name)
    # Rows are in the order of the sky, so one in the middle is seldom at an edge of what was surveyed.
    middle = f"SELECT TOP 1 {ra}, {dec} FROM {name} WHERE {ra} IS NOT NULL OFFSET {(table.rows or 0) // 2}"
    places = query.rows(Query(middle), visitor=visitor).to_pylist()
    if not places:
        return None
    x, y = places[0].values()
    return {
        "release": delimited(schema.name),
        "table": name,
        "ra": ra,
        "dec": dec,
        "x": f"{x:.4f}",
        "y": f"{y:.4f}",
    }
