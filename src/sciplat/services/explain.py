"""Say in plain words what a query will do, and what would make it quicker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sciplat.adql.outline import Block, Input, Scan, Union
from sciplat.catalogs.models import Snapshot
from sciplat.catalogs.statistics import TableStatistics
from sciplat.engine.limits import in_words
from sciplat.services.estimate import Estimate, Reading
from sciplat.services.plan import Plan
from sciplat.sky.healpix import area_of
from sciplat.vo.schema import HEALPIX_COLUMN

__all__ = ["Explanation", "explain"]


_FEW = 100_000
_FEW_PARTS = 0.5


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a query will do."""

    sql: str
    """As the engine gets it."""

    estimate: Estimate
    words: tuple[str, ...]
    """Sentences, in the order of what happens."""


def explain(plan: Plan, estimate: Estimate) -> Explanation:
    """Return what a plan will do, in words."""
    words = [_reading(reading, plan.snapshot) for reading in estimate.readings]
    words += _steps(plan.translation.outline)
    words += _result(plan, estimate)
    return Explanation(plan.statement.sql, estimate, tuple(dict.fromkeys(words)))


def _reading(reading: Reading, snapshot: Snapshot) -> str:
    scan = reading.scan
    table = scan.source.table
    known = snapshot.statistics(table.schema, table.name)
    rows = known.rows if known is not None else table.rows
    size = "" if rows is None else f", {_count(rows)} rows in all"
    name = f"{table.qualified_name} ({scan.alias}{size})"
    if not reading.parts and not scan.limits:
        return f"The rows of {name} are counted without looking at them."
    if reading.looked_up:
        return f"The rows of {name} are looked up by {table.lookup}."
    if scan.cells is not None:
        area = area_of([(low, high - 1) for low, high in scan.cells])
        where = f"{len(scan.cells)} ranges of HEALPix cells, {area:.3g} square degrees"
        return f"{_some(name, reading)}, because only a part of the sky is wanted ({where})."
    if reading.parts < reading.all_parts:
        names = " and ".join(name for name in scan.limits if name != HEALPIX_COLUMN)
        return f"{_some(name, reading)}: the others hold no such {names}."
    advice = ""
    if reading.all_parts > 1:
        ways = ["a part of the sky"] if scan.source.has_healpix else []
        keys = table.primary_key[:1]
        ways += [
            f"values of {key}"
            for key in keys
            if key not in scan.limits and (key == table.lookup or _follows_order(known, key))
        ]
        advice = f" A condition that asks for {' or '.join(ways)} would spare most of that." if ways else ""
    return f"All rows of {name} are looked at.{advice}"


def _follows_order(known: TableStatistics | None, name: str) -> bool:
    """Tell whether a value of a column lies in few parts of the file."""
    facts = None if known is None else known.columns.get(name)
    if known is None or facts is None or facts.quantiles is None or not len(facts.quantiles):
        return False
    middle = facts.quantiles[len(facts.quantiles) // 2]
    return bool(known.groups_with(name, [(middle, middle)]).mean() < _FEW_PARTS)


def _some(name: str, reading: Reading) -> str:
    return (
        f"From {name} about {_count(reading.rows_read)} rows are looked at, {reading.parts} of the "
        f"{reading.all_parts} parts of its file"
    )


def _steps(outline: Input) -> Iterator[str]:
    """Yield what is done with the rows."""
    match outline:
        case Scan():
            return
        case Union(inputs=(one, other)):
            yield from _steps(one)
            yield from _steps(other)
            yield "The rows of two queries are put together."
        case Block():
            for each in (*outline.inputs, *outline.inner):
                yield from _steps(each)
            yield from _block(outline)
    few = f"{outline.limit:,}" if outline.limit is not None and outline.limit <= _FEW else None
    if outline.sorted:
        yield "The rows are sorted." if few is None else f"The rows are sorted, and the first {few} are kept."
    elif few is not None and isinstance(outline, Block) and not (outline.aggregated or outline.distinct):
        yield f"It stops when it has {few} rows."


def _block(block: Block) -> Iterator[str]:
    linked: set[str] = set()
    for link in block.links:
        linked |= {link.one[0], link.other[0]}
        if link.radius is None:
            yield (
                f"Rows of {link.one[0]} and {link.other[0]} meet where {link.one[0]}.{link.one[1]} and "
                f"{link.other[0]}.{link.other[1]} are equal."
            )
        else:
            yield (
                f"Rows of {link.one[0]} and {link.other[0]} meet where they are no more than {link.radius:g} "
                "degrees apart; cells of the sky spare comparing all pairs."
            )
    alone = [each.alias for each in block.inputs if each.alias not in linked]
    if len(block.inputs) > 1 and alone:
        yield (
            f"Every row of {alone[0]} meets every row of the others, which takes long unless there are few: "
            "link them by equal columns, or by position with CONTAINS or DISTANCE."
        )
    if block.groups:
        yield "The rows are put into groups."
    elif block.aggregated:
        yield "All rows become one."
    if block.distinct:
        yield "Rows that are the same are kept once."


def _result(plan: Plan, estimate: Estimate) -> Iterator[str]:
    yield (
        f"A result of about {_count(estimate.rows)} row{'s' * (estimate.rows != 1)} "
        f"({in_words(estimate.bytes)}) is expected, after about {_time(estimate.seconds)} of work."
    )
    if not estimate.heavy:
        yield "That is a short query: one worker is always left to those."
        return
    limit = plan.statement.time_limit_seconds
    yield "That is a heavy query: it gives way to short ones, and never takes the last worker."
    if limit is not None and estimate.seconds > limit / 2:
        yield (f"A synchronous query may take {limit:g} s: run it as an asynchronous job, or ask for less.")


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 10_000 else f"{float(f'{number:.2g}'):,.0f}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds:.2g} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"
