"""Show examples: queries to learn from, about the tables that there are, each of which runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

import yaml

from sciplat.services.access import Visitor
from sciplat.services.plan import Query
from sciplat.services.query import QueryService
from sciplat.services.tap_schema import NAME as TAP_SCHEMA
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Schema, Table

__all__ = ["Example", "examples"]


@dataclass(frozen=True, slots=True)
class Example:
    """A query to learn from (DALI 1.1, section 2.3)."""

    name: str
    about: str
    query: str


def examples(query: QueryService, visitor: Visitor) -> tuple[Example, ...]:
    """Return the examples that stand for the releases that ``visitor`` can see."""
    releases = [schema for schema in query.schemas(visitor) if schema.name != TAP_SCHEMA]
    places = {schema.name: _Place.of(schema, query, visitor) for schema in releases}
    made = []
    for template in _templates():
        if template["needs"] == "nothing":
            made.append(_filled(template, {}))
            continue
        made += [
            _filled(template, {"release": delimited(schema.name), **place.words})
            for schema in releases
            if (place := places[schema.name]) is not None and _stands_for(template["needs"], schema)
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
    if needs == "position":
        return True
    assert not isinstance(needs, str)
    there = {table.name: {column.name for column in table.columns} for table in schema.tables}
    return all(set(columns) <= there.get(table, set()) for table, columns in needs.items())


@dataclass(frozen=True, slots=True)
class _Place:
    """Somewhere in the first table of a release that has positions."""

    table: Table
    x: float
    y: float

    @classmethod
    def of(cls, schema: Schema, query: QueryService, visitor: Visitor) -> _Place | None:
        for table in _with_positions(schema):
            assert table.position is not None
            ra, dec = map(delimited, table.position)
            one = Query(
                f"SELECT TOP 1 {ra}, {dec} FROM {table_name(schema.name, table.name)} WHERE {ra} IS NOT NULL"
            )
            # TODO
        return None
