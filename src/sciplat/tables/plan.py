"""How the rows of files become a table: columns, position, and order, before any row is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from sciplat.errors import IngestError
from sciplat.tables.arrow import arrow_type
from sciplat.tables.guess import ID_MAIN, Guess, guess
from sciplat.tables.merge import agree
from sciplat.tables.positions import INDEX, PositionChecker
from sciplat.tables.source import RowSource
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Datatype, Table

__all__ = ["Plan", "make_plan", "overlay"]

_TEXT = (Datatype.CHAR, Datatype.UNICODE_CHAR)


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows become the table."""

    sources: tuple[RowSource, ...]
    columns: tuple[Column, ...]
    """Those that are read from the sources."""

    guess: Guess
    told: Table | None
    """What the user said of the table."""

    order_by: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the rows as they are stored."""
        return pa.schema([pa.field(c.name, arrow_type(c)) for c in self.table_columns(())])

    @property
    def rows(self) -> int | None:
        """How many rows there will be; None where only reading them tells."""
        counts = [source.rows for source in self.sources]
        return None if None in counts else sum(count or 0 for count in counts)

    def checker(self) -> PositionChecker | None:
        """Return what adds the index to the rows; None for a table without positions."""
        if self.guess.position is None:
            return None
        ra, dec = self.guess.position
        return PositionChecker(ra, dec, self.guess.radians)

    def table_columns(self, primary_key: Sequence[str]) -> tuple[Column, ...]:
        """Return the finished table's columns, the hidden index first."""
        sorted_by = self.order_by[:1]
        columns = []
        for column in self.guess.columns:
            done = column
            if column.name in sorted_by:
                done = replace(done, indexed=True)
            if column.name in primary_key:
                # The key of several columns identifies a row, none of them alone does.
                ucd = ID_MAIN if len(primary_key) == 1 else None
                is_main = column.ucd in (None, "meta.id") and self.told is None
                done = replace(done, indexed=True, principal=True, ucd=ucd if is_main and ucd else column.ucd)
            columns.append(done)
        return tuple(columns) if self.guess.position is None else (INDEX, *columns)


def make_plan(
    table: str, sources: Sequence[RowSource], told: Table | None, cluster_by: Sequence[str] = ()
) -> Plan:
    """Decide how ``sources`` become a table called ``table``.

    Rows with positions are sorted by them; where many rows belong to one object, these stay
    together in order of time. Rows without positions are sorted by object and time, or by id.

    Raises
    ------
    IngestError
        Names the file, and the column that does not fit the others or does not exist.
    """
    columns = agree(sources)
    kept = tuple(column for column in columns if column.name.lower() != HEALPIX_COLUMN)
    warnings: list[str] = []
    if told is not None:
        kept = overlay(kept, told, warnings)
    found = guess(table, kept, told.position if told else None)
    names = {column.name for column in found.columns}
    for name in cluster_by:
        if name not in names:
            raise IngestError(f"{sources[0].label}: column {name!r}, to cluster by, is missing")
    if told is not None and told.primary_key:
        ids: tuple[str, ...] = tuple(name for name in told.primary_key if name in names)
    else:
        ids = found.ids[:1]
    order = tuple(cluster_by)
    if not order and found.position is not None:
        order = (HEALPIX_COLUMN, *found.series)
    order = order or found.series or ids
    return Plan(tuple(sources), kept, found, told, order, tuple(warnings))


def overlay(columns: Sequence[Column], told: Table, warnings: list[str]) -> tuple[Column, ...]:
    """Return ``columns`` as ``told`` describes them.

    Names are compared in any case, and written as ``told`` has them. Columns that it does not
    mention stay as they are; what it says of columns that are not there is left out. Both are
    added to ``warnings``.
    """
    said = {column.name.lower(): column for column in told.columns if not column.hidden}
    merged = []
    for column in columns:
        other = said.pop(column.name.lower(), None)
        merged.append(column if other is None else _described(column, other))
    silent = [c.name for c in columns if c.name not in {t.name for t in told.columns} and c in merged]
    absent = [c.name for c in said.values() if c.name not in (told.position or ())]
    for names, reason in ((silent, "not in the schema, taken as found"), (absent, "in the schema only")):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            warnings.append(f"{', '.join(names[:5])}{more}: {reason}")
    return tuple(merged)


def _described(column: Column, told: Column) -> Column:
    told = replace(told, links=column.links)  # Felis has none
    if told.datatype is None:
        return replace(told, datatype=column.datatype, arraysize=column.arraysize)
    if told.datatype in _TEXT:
        return replace(told, arraysize="*")
    return replace(told, arraysize=column.arraysize if column.datatype not in _TEXT else None)
