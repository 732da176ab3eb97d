"""Relate columns: which belong together, from what the schema says and from how catalogs name their columns.

What no schema says stands in ``profiles/relations.yaml``: data, not code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sciplat.vo.schema import Column, Key, Schema, Table

__all__ = ["Relation", "RelationKind", "relations_of", "with_keys"]


class RelationKind(StrEnum):
    """How columns belong together."""

    POSITION = "position"
    """Right ascension and declination by which the table is searched."""

    ERROR = "error"
    """A value, and its uncertainty (one standard deviation)."""

    COVARIANCE = "covariance"
    """Two values, and their covariance."""

    FLAG = "flag"
    """A value, and what says whether it can be trusted."""

    BANDS = "bands"
    """One quantity in several bands."""

    KEY = "key"
    """Rows here point at rows of another table."""

    REFERENCE = "reference"
    """Rows of another table point at rows here."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Columns of a table that belong together, or belong to columns of another table."""

    kind: RelationKind
    columns: tuple[str, ...]
    """Of the table itself: for an error value and error, for a covariance both values and it."""

    table: str | None = None
    """The other table of a key or a reference."""

    targets: tuple[str, ...] = ()
    """Its columns, one for each of ``columns``."""

    quantity: str | None = None
    """What is in several bands, for instance ``psfFlux``."""

    description: str | None = None


def relations_of(table: Table, schemas: Iterable[Schema]) -> tuple[Relation, ...]:
    """Return how the columns of ``table`` belong together, and to columns of the tables in ``schemas``.

    The keys are those that the schemas have; `with_keys` gives them all.
    """
    columns = {column.name: column for column in table.columns if not column.hidden}
    found: list[Relation] = []
    if table.position is not None:
        found.append(Relation(RelationKind.POSITION, table.position))
    found += _errors(columns)
    found += _covariances(columns)
    found += _flags(columns)
    found += _bands(columns)
    found += _keys(table, tuple(schemas))
    return tuple(found)


def with_keys(schema: Schema) -> Schema:
    """Return a schema with the foreign keys that schemas of its family leave out."""
    there = {table.name: {column.name for column in table.columns} for table in schema.tables}
    tables = (replace(table, keys=_with_more(table, there)) for table in schema.tables)
    return replace(schema, tables=tuple(tables))


def _with_more(table: Table, there: Mapping[str, set[str]]) -> tuple[Key, ...]:
    own = {key.target_table for key in table.keys}
    more = []
    for said in _profile()["keys"]:
        target, columns = said["to"], said["columns"]
        if said["from"] != table.name or f"{table.schema}.{target}" in own:
            continue
        if set(columns) <= there.get(table.name, set()) and set(columns.values()) <= there.get(target, set()):
            more.append(Key(f"{table.schema}.{target}", tuple(columns.items()), said["description"]))
    return (*table.keys, *more)


@cache
def _profile() -> Mapping[str, Any]:
    text = files("sciplat.services").joinpath("profiles/relations.yaml").read_text(encoding="utf-8")
    profile: Mapping[str, Any] = yaml.safe_load(text)
    return profile


def _errors(columns: Mapping[str, Column]) -> Iterator[Relation]:
    said = _profile()["errors"]
    names: list[Callable[[str], str]] = [
        *(lambda name, end=end: f"{name}{end}" for end in said["suffixes"]),
        *(lambda name, start=start: f"{start}{name}" for start in said["prefixes"]),
    ]
    for name, value in columns.items():
        for error in (columns.get(make(name)) for make in names):
            if (
                error is not None
                and error.unit == value.unit
                and (error.ucd or "stat.error").startswith("stat")
            ):
                yield Relation(RelationKind.ERROR, (name, error.name))
                break


def _covariances(columns: Mapping[str, Column]) -> Iterator[Relation]:
    for name in columns:
        for suffix in _profile()["covariances"]["suffixes"]:
            pair = _pair(name.removesuffix(suffix), columns) if name.endswith(suffix) else None
            if pair is not None:
                yield Relation(RelationKind.COVARIANCE, (*pair, name))


def _pair(text: str, columns: Mapping[str, Column]) -> tuple[str, str] | None:
    """Return the two names of columns that ``text`` joins by an underscore."""
    places = (place for place, letter in enumerate(text) if letter == "_")
    pairs = ((text[:place], text[place + 1 :]) for place in places)
    return next(((a, b) for a, b in pairs if a in columns and b in columns), None)


def _flags(columns: Mapping[str, Column]) -> Iterator[Relation]:
    for name in columns:
        for infix in _profile()["flags"]["infixes"]:
            value, found, _ = name.partition(infix)
            if found and value in columns:
                yield Relation(RelationKind.FLAG, (value, name))
                break


def _bands(columns: Mapping[str, Column]) -> Iterator[Relation]:
    said = _profile()["bands"]
    quantities: dict[str, list[str]] = {}
    for band in said["names"]:
        start = f"{band}{said['separator']}"
        for name in columns:
            if name.startswith(start):
                quantities.setdefault(name.removeprefix(start), []).append(name)
    for quantity, names in quantities.items():
        if len(names) > 1:
            yield Relation(RelationKind.BANDS, tuple(names), quantity=quantity)


def _keys(table: Table, schemas: Sequence[Schema]) -> Iterator[Relation]:
    there = {other.qualified_name for schema in schemas for other in schema.tables}
    for schema in schemas:
        for other in schema.tables:
            for key in other.keys:
                here, target = zip(*key.columns, strict=True)
                if other.qualified_name == table.qualified_name and key.target_table in there:
                    yield Relation(
                        RelationKind.KEY, here, key.target_table, target, description=key.description
                    )
                if key.target_table == table.qualified_name:
                    yield Relation(
                        RelationKind.REFERENCE,
                        target,
                        other.qualified_name,
                        here,
                        description=key.description,
                    )
