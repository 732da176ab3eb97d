"""Estimate queries before they run: rows, and time.

What an ingest has noted of a table says how many rows lie in the wanted cells of the sky, which parts
of the file the engine will read, and how common values are. The rest is arithmetic. Rows with one
condition of which nothing is known are reckoned as a third; conditions as independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log2, pi

import numpy as np

from sciplat.adql.limits import Link
from sciplat.adql.outline import Block, Input, Outline, Scan, Union
from sciplat.catalogs.models import Snapshot
from sciplat.catalogs.statistics import ColumnFacts, TableStatistics
from sciplat.services.plan import Plan
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Datatype

__all__ = ["Estimate", "Reading", "estimate"]

_SKY = 41_252.96
"""Square degrees."""

_UNKNOWN_TEST = 1 / 3
_UNKNOWN_ROWS = 1_000_000
_GROUP_ROWS = 122_880
_TEXT_BYTES = 16

_WIDTHS = {
    Datatype.BOOLEAN: 1,
    Datatype.UNSIGNED_BYTE: 1,
    Datatype.SHORT: 2,
    Datatype.INT: 4,
    Datatype.LONG: 8,
    Datatype.FLOAT: 4,
    Datatype.DOUBLE: 8,
}

# Seconds of processor time on the machine where they were measured.
_START = 3e-3
_INTERVAL = 3e-4  # to read and plan a condition on one range of cells
_LOOK = 1.5e-9  # at a value, for a condition
_LOOK_SKY = 40e-9  # at a cell, for ranges of cells
_TAKE = 2e-9  # a value of a row that passed
_TEST = 3e-9
_SKY_TEST = 40e-9
_BUILD, _PROBE = 30e-9, 10e-9  # a row of the smaller and the larger side of a join
_MATCH = 1.2e-6  # a row of a join by position
_PAIR = 3e-9
_AGGREGATE, _GROUP = 2e-9, 15e-9
_SORT, _CARRY = 5e-9, 15e-9  # a row, times the logarithm of their number; and each of its values
_TOP = 5e-9
_WRITE = 3e-9  # a value of the result
_AHEAD_ROWS = 250_000  # that are read though the first would have been enough


@dataclass(frozen=True, slots=True)
class Reading:
    """What is expected of one reading of a table."""

    scan: Scan
    rows: float
    """That pass its conditions."""

    rows_read: float
    parts: int
    """Row groups that are read, of `all_parts`."""

    all_parts: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a query will take and give, as far as can be told."""

    rows: int
    """Of the result."""

    rows_read: int
    bytes: int
    """Of the result."""

    seconds: float
    """Of processor time in the engine: with several processors it is there sooner, behind others later."""

    reckoned_seconds: float
    """The same on the machine on which costs were measured."""

    heavy: bool
    """It takes longer than a short query may."""

    readings: tuple[Reading, ...]
    """One for each reading of a table, in the order of the query."""


def estimate(plan: Plan, *, short_seconds: float, pace: float = 1.0) -> Estimate:
    """Return what ``plan`` will take.

    Parameters
    ----------
    short_seconds
        Longer than that, a query is heavy.
    pace
        How many times slower this machine is than the one that the costs were measured on.
    """
    counting = _Counting(plan.snapshot, [])
    flow = counting.of(plan.translation.outline)
    width = len(plan.translation.columns)
    row_bytes = sum(_width(column) for column in plan.translation.columns)
    rows = min(flow.rows, inf if plan.statement.maxrec is None else plan.statement.maxrec)
    size = rows * row_bytes
    limit = plan.statement.byte_limit
    if limit is not None and size > limit:
        rows, size = rows * limit / size, float(limit)
    reckoned = _START + flow.seconds + rows * width * _WRITE
    seconds = pace * reckoned
    return Estimate(
        rows=round(rows),
        rows_read=round(sum(reading.rows_read for reading in counting.readings)),
        bytes=round(size),
        seconds=seconds,
        reckoned_seconds=reckoned,
        heavy=seconds > short_seconds,
        readings=tuple(counting.readings),
    )


@dataclass(frozen=True, slots=True)
class _Flow:
    """Rows that come out of a part of a query, and the time until all have."""

    rows: float
    seconds: float
    read: float
    """Rows of tables that are read."""

    width: int
    """Values in a row."""

    table: TableStatistics | None = None
    total: float = 0.0
    """Rows of the whole table, where it is one."""


@dataclass(frozen=True, slots=True)
class _Counting:
    snapshot: Snapshot
    readings: list[Reading]

    def of(self, outline: Input) -> _Flow:
        """Return what comes out of a part of a query."""
        match outline:
            case Scan():
                return self._scan(outline)
            case Union(inputs=(first, second)):
                one, other = self.of(first), self.of(second)
                rows = one.rows + other.rows
                flow = _Flow(
                    rows, one.seconds + other.seconds + rows * _GROUP, one.read + other.read, one.width
                )
                return _cut(outline, flow)
            case Block():
                return self._block(outline)

    def _scan(self, scan: Scan) -> _Flow:
        table = scan.source.table
        known = self.snapshot.statistics(table.schema, table.name)
        total = float(known.rows if known is not None else table.rows or _UNKNOWN_ROWS)
        if known is None:
            known = _nothing_known(total)
        groups = np.ones(len(known.groups), dtype=bool)
        part = 1.0
        in_cells = total
        for name, values in scan.limits.items():
            if name == HEALPIX_COLUMN and scan.cells is not None:
                cells = scan.cells
                in_cells = known.rows_in(cells) if len(known.cells) else total * _sky_part(cells)
            elif values.intervals or not values.texts:
                part *= (
                    known.columns[name].within(values.intervals) if name in known.columns else _UNKNOWN_TEST
                )
            else:
                part *= _of_texts(known, name, len(values.texts))
            if values.intervals or not values.texts:
                groups &= known.groups_with(name, values.intervals)
        if not (scan.columns or scan.limits or scan.tests):
            groups[:] = False  # rows are only counted, and the file says how many there are
        rows_read = float(known.groups[groups].sum())
        part *= _UNKNOWN_TEST ** min(scan.tests, 3)
        if scan.limits:
            in_cells = min(in_cells, rows_read)
        rows = in_cells * scan.fill * part
        self.readings.append(Reading(scan, rows, rows_read, int(groups.sum()), len(known.groups)))
        seconds = rows_read * len(scan.limits) * _LOOK + in_cells * scan.tests * _TEST
        seconds += rows * len(scan.columns) * _TAKE
        if scan.cells is not None:
            seconds += len(scan.cells) * _INTERVAL + rows_read * _LOOK_SKY + in_cells * _SKY_TEST
        return _Flow(rows, seconds, rows_read, len(scan.columns), known, total)

    def _block(self, block: Block) -> _Flow:
        flows = {each.alias: self.of(each) for each in block.inputs}
        rows, seconds = _joined(list(flows), flows, block.links)
        read = sum(flow.read for flow in flows.values())
        if block.outer:
            rows = max(rows, *(flow.rows for flow in flows.values()))
        for inner in block.inner:
            flow = self.of(inner)
            seconds += flow.seconds + flow.rows * _BUILD + rows * _PROBE
            read += flow.read
        rows *= _UNKNOWN_TEST ** min(block.tests, 3)
        if block.empty:
            rows = 0.0
        if block.groups or block.distinct:
            seconds += rows * _GROUP
            rows = min(rows, _groups(block, flows, rows))
        elif block.aggregated:
            seconds += rows * _AGGREGATE
            rows = 1.0
        return _cut(block, _Flow(rows, seconds, read, sum(flow.width for flow in flows.values())))


def _cut(outline: Outline, flow: _Flow) -> _Flow:
    """Return what is left after ORDER BY and TOP."""
    rows, seconds, limit = flow.rows, flow.seconds, outline.limit
    kept = rows if limit is None else min(rows, limit)
    if outline.sorted:
        if kept < rows / 10:
            seconds += rows * _TOP
        seconds += kept * (_SORT * log2(max(2.0, kept)) + _CARRY * flow.width)
    elif kept < rows and not _needs_all(outline):
        # The engine stops soon after it has enough.
        seconds *= min(1.0, max(kept / rows, _AHEAD_ROWS / max(1.0, flow.read)))
    return replace(flow, rows=kept, seconds=seconds, table=None)


def _needs_all(outline: Outline) -> bool:
    return not isinstance(outline, Block) or outline.aggregated or outline.distinct


def _joined(names: list[str], flows: Mapping[str, _Flow], links: Sequence[Link]) -> tuple[float, float]:
    """Return the rows of inputs that meet, and the time."""
    left, rest = names[:1], names[1:]
    rows, seconds = flows[names[0]].rows, sum(flow.seconds for flow in flows.values())
    while rest:
        name = next((n for n in rest if any(_between(link, left, n) for link in links)), rest[0])
        found = [link for link in links if _between(link, left, name)]
        other = flows[name].rows
        if not found:
            seconds += rows * other * _PAIR
            rows *= other
        else:
            if any(link.radius is not None for link in found):
                seconds += (rows + other) * _MATCH
            else:
                seconds += min(rows, other) * _BUILD + max(rows, other) * _PROBE
            rows *= other * min(_meeting(link, flows) for link in found)
            seconds += rows * _PROBE
        left.append(name)
        rest.remove(name)
    return rows, seconds


def _between(link: Link, left: list[str], name: str) -> bool:
    return {link.one[0], link.other[0]} - {name} <= set(left) and name in (link.one[0], link.other[0])


def _meeting(link: Link, flows: Mapping[str, _Flow]) -> float:
    """Return the part of all pairs of rows that meet."""
    if link.radius is not None:
        # A row's circle against the sky that the other table's rows are spread over.
        areas = [area for alias, _ in (link.one, link.other) if (area := _area(flows[alias])) is not None]
        return min(1.0, pi * link.radius**2 / min(areas, default=_SKY))
    distinct = [
        flows[alias].rows if (facts := _column(flows[alias], name)) is None else facts.distinct
        for alias, name in (link.one, link.other)
    ]
    return 1 / max(1.0, *distinct)


def _area(flow: _Flow) -> float | None:
    """Return the area that the rows of a table which come through are spread over, in square degrees."""
    if flow.table is None or not len(flow.table.cells):
        return None
    whole: float = len(flow.table.cells) * _SKY / (12 * 4**flow.table.order)
    return max(1e-12, whole * min(1.0, flow.rows / max(1.0, flow.total)))


def _groups(block: Block, flows: Mapping[str, _Flow], rows: float) -> float:
    """Return how many groups there are."""
    if block.distinct and not block.groups:
        return rows if rows < 1 else max(1.0, rows / 2)
    count = 1.0
    for place in block.groups:
        facts = _column(flows[place[0]], place[1]) if place is not None and place[0] in flows else None
        count *= facts.distinct if facts is not None else max(1.0, rows**0.5)
    return count


def _column(flow: _Flow, name: str) -> ColumnFacts | None:
    facts = None if flow.table is None else flow.table.columns.get(name)
    return facts if facts is not None and facts.distinct else None


def _of_texts(known: TableStatistics, name: str, count: int) -> float:
    facts = known.columns.get(name)
    if facts is None or not facts.distinct:
        return _UNKNOWN_TEST
    return min(1.0, count / facts.distinct) * (1 - facts.nulls)


def _sky_part(cells: Iterable[tuple[int, int]]) -> float:
    return sum(high - low for low, high in cells) / (12 * 4**29)


def _nothing_known(rows: float) -> TableStatistics:
    whole, left = divmod(int(rows), _GROUP_ROWS)
    return TableStatistics(int(rows), np.array([_GROUP_ROWS] * whole + [left], dtype=np.int64))


def _width(column: Column) -> int:
    width = _WIDTHS.get(column.datatype, 8) if column.datatype is not None else 8
    size = column.arraysize
    if size is None:
        return width
    return width * int(size) if size.isdecimal() and width > 0 else _TEXT_BYTES
