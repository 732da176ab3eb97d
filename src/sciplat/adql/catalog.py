"""The tables that a query may name, and how ADQL finds a name (ADQL 2.1, <identifier>)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sciplat.vo.schema import HEALPIX_COLUMN, Table

__all__ = ["Catalog", "Names", "RowFilter", "TableSource", "matching"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A rule that hides rows: only those where a column has one of these values exist for the asker."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table that may be queried, and what the engine calls it."""

    table: Table
    relation: tuple[str, ...]
    """The parts of its name in the engine, outermost first."""

    only: RowFilter | None = None

    is_checked: bool = True
    """Each of its rows has a position on the sky, or none."""

    @property
    def has_healpix(self) -> bool:
        """Whether cells of the sky can be picked by `HEALPIX_COLUMN`."""
        return self.table.position is not None and any(
            column.name == HEALPIX_COLUMN for column in self.table.columns
        )


def matching(name: str, candidates: Iterable[tuple[str, T]], *, delimited: bool) -> list[T]:
    """Return what a name means among pairs of declared name and thing.

    A plain name means every declared name that differs in case at most, but one of exactly its
    spelling before others; a delimited name means its exact spelling.
    """
    folded = name.casefold()
    return exactly(name, [pair for pair in candidates if pair[0].casefold() == folded], delimited=delimited)


def exactly(name: str, found: list[tuple[str, T]], *, delimited: bool) -> list[T]:
    """Return what a name means among those that differ from it in case at most."""
    exact = [thing for declared, thing in found if declared == name]
    return exact if exact or delimited else [thing for _, thing in found]


class Names(Generic[T]):
    """Things with names, found by name without a look at each: tables have a thousand columns."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        self._folded: dict[str, list[tuple[str, T]]] = {}
        for name, thing in pairs:
            self._folded.setdefault(name.casefold(), []).append((name, thing))

    def alike(self, name: str) -> Sequence[tuple[str, T]]:
        """Return every declared name that differs from ``name`` in case at most, with its thing."""
        return self._folded.get(name.casefold(), ())

    def find(self, name: str, *, delimited: bool) -> list[T]:
        """Return what a name means, as `matching` does."""
        found = self._folded.get(name.casefold())
        return [] if found is None else exactly(name, found, delimited=delimited)


class Catalog:
    """All tables that the asker of a query can see."""

    def __init__(self, sources: Iterable[TableSource]) -> None:
        self.sources: tuple[TableSource, ...] = tuple(sources)
        self.kept: dict[int, Any] = {}
        """What a query has worked out of a source, by the source's ``id``, for the next one."""

        self._by_name: dict[str, list[TableSource]] = {}
        for source in self.sources:
            self._by_name.setdefault(source.table.name.casefold(), []).append(source)

    def find(
        self, name: str, *, delimited: bool, schema: str | None = None, schema_delimited: bool = False
    ) -> Sequence[TableSource]:
        """Return every table that a name, with or without its schema, may mean."""
        candidates = self._by_name.get(name.casefold(), [])
        if schema is not None:
            candidates = matching(
                schema,
                ((source.table.schema, source) for source in candidates),
                delimited=schema_delimited,
            )
        return matching(name, ((source.table.name, source) for source in candidates), delimited=delimited)

    def names(self) -> list[str]:
        """Return the full names of all tables."""
        return [source.table.qualified_name for source in self.sources]
