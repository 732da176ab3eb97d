"""What is known of a table's rows without reading them: where on the sky they lie, which values they have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sciplat.sky.healpix import ORDER

__all__ = ["SKY_CELLS", "ColumnFacts", "Sample", "TableStatistics", "read_statistics", "zones_of"]

SKY_CELLS = 20_000
"""The most cells that a table's map of the sky has."""

SAMPLE_ROWS = 20_000
_QUANTILES = 65
_TABLES_KEPT = 256

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What is known of the values of one column."""

    nulls: float
    """The part of the rows without a value (NaN is none either), 0 to 1."""

    distinct: float
    """About how many different values there are."""

    quantiles: NDArray[np.float64] | None = None
    """Values at equal steps of rank, from the least to the greatest; None for what is no number."""

    zones: tuple[NDArray[Any], NDArray[Any]] | None = None
    """The least and the greatest value in each row group of the file."""

    def within(self, intervals: Iterable[Interval]) -> float:
        """Return about which part of the rows has a value in one of some intervals, apart from each other."""
        steps = self.quantiles
        if steps is None or not len(steps):
            return 0.0
        total = 0.0
        for low, high in intervals:
            if low == high:
                # The ends of a sample are not those of the table: what lies beyond may be there.
                total += 1 / max(1.0, self.distinct)
            else:
                total += _rank(steps, high) - _rank(steps, low)
        return min(1.0, total) * (1 - self.nulls)


def _fits(intervals: Iterable[Interval], kind: np.dtype[Any]) -> bool:
    """Tell whether whole numbers can be compared as such: a float has too few digits for a cell."""
    return kind.kind != "i" or all(
        isinstance(end, int) and abs(end) < 1 << 63 for interval in intervals for end in interval
    )


def _rank(steps: NDArray[np.float64], value: float) -> float:
    """Return the part of the values below ``value``."""
    return float(np.interp(value, steps, np.linspace(0, 1, len(steps)), left=0.0, right=1.0))


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """What an ingest has noted of one generation."""

    rows: int
    groups: NDArray[np.int64]
    """How many rows each row group of the file has, in its order."""

    order: int = 0
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """HEALPix cells of ``order``, NESTED, that have rows, sorted."""

    below: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    """How many rows lie in the cells before each of them, and in all."""

    columns: Mapping[str, ColumnFacts] = field(default_factory=dict)

    def groups_for_one(self, name: str) -> float:
        """Return how many row groups may hold a value of a column, on the average of values."""
        facts = self.columns.get(name)
        if facts is None or facts.zones is None:
            return float(len(self.groups))
        low, high = facts.zones
        some = np.unique(np.linspace(0, len(low) - 1, min(len(low), 100)).astype(np.int64))
        middle = low[some] / 2 + high[some] / 2
        return float(np.mean([np.count_nonzero((low <= value) & (value <= high)) for value in middle]))

    def rows_in(self, ranges: Sequence[tuple[int, int]]) -> float:
        """Return about how many rows lie in ranges [low, high) of cells of order 29."""
        if not len(self.cells) or not ranges:
            return 0.0
        ends = np.array(ranges, dtype=np.int64)
        shift = 2 * (ORDER - self.order)
        cells = ends >> shift
        places = np.searchsorted(self.cells, cells)
        rows = self.below[places].astype(np.float64)
        # Within a cell rows are taken as evenly spread.
        last = np.minimum(places, len(self.cells) - 1)
        inside = (self.cells[last] == cells) & (places == last)
        part = (ends & ((1 << shift) - 1)) / (1 << shift)
        rows += np.where(inside, part * (self.below[last + 1] - self.below[last]), 0.0)
        return float((rows[:, 1] - rows[:, 0]).sum())

    def groups_with(self, column: str, intervals: Sequence[Interval]) -> NDArray[np.bool_]:
        """Return which row groups may hold a value in one of some intervals: the engine reads these alone."""
        facts = self.columns.get(column)
        if facts is None or facts.zones is None:
            return np.ones(len(self.groups), dtype=bool)
        low, high = facts.zones
        if not intervals:
            return np.zeros(len(self.groups), dtype=bool)
        first, last = np.array(intervals, dtype=low.dtype if _fits(intervals, low.dtype) else None).T
        found: NDArray[np.bool_] = ((high[:, None] >= first) & (low[:, None] <= last)).any(axis=1)
        return found

    def write(self, path: Path) -> None:
        """Write it to a file of its own."""
        arrays: dict[str, NDArray[Any]] = {"groups": self.groups, "cells": self.cells, "below": self.below}
        facts = []
        for place, (name, column) in enumerate(self.columns.items()):
            facts.append([name, column.nulls, column.distinct])
            if column.quantiles is not None:
                arrays[f"q{place}"] = column.quantiles
            if column.zones is not None:
                arrays[f"low{place}"], arrays[f"high{place}"] = column.zones
        said = {"rows": self.rows, "order": self.order, "columns": facts}
        arrays["facts"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        with path.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]


@lru_cache(maxsize=_TABLES_KEPT)
def read_statistics(path: Path) -> TableStatistics:
    """Read what `TableStatistics.write` wrote; a path never gets other content, so it is read once.

    Raises
    ------
    OSError, ValueError
        The file isn't there, or is damaged.
    """
    with np.load(path, allow_pickle=False) as arrays:
        said = json.loads(arrays["facts"].tobytes())
        columns = {}
        for place, (name, nulls, distinct) in enumerate(said["columns"]):
            quantiles = arrays.get(f"q{place}")
            zones = (arrays[f"low{place}"], arrays[f"high{place}"]) if f"low{place}" in arrays else None
            columns[name] = ColumnFacts(nulls, distinct, quantiles, zones)
        return TableStatistics(
            said["rows"], arrays["groups"], said["order"], arrays["cells"], arrays["below"], columns
        )


def zones_of(
    lows: Sequence[float | None], highs: Sequence[float | None]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the least and greatest values of row groups; None stands for a group without values."""
    known = [value for value in (*lows, *highs) if value is not None]
    whole = all(isinstance(value, int) for value in known)
    kind: Any = np.int64 if whole else np.float64
    least: float = np.iinfo(np.int64).min if whole else -np.inf
    most: float = np.iinfo(np.int64).max if whole else np.inf
    # NaN is above all other values, and hides them.
    low = np.array([most if v is None else least if isnan(v) else v for v in lows], dtype=kind)
    high = np.array([least if v is None else most if isnan(v) else v for v in highs], dtype=kind)
    return low, high


class Sample:
    """Rows picked at random out of those that pass by, however many will come."""

    def __init__(self, most: int = SAMPLE_ROWS) -> None:
        self._most = most
        self._part = 1.0
        self._seen = 0
        self._kept: list[pa.RecordBatch] = []
        self._count = 0
        self._random = np.random.default_rng(29)

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at the next rows."""
        self._seen += batch.num_rows
        picked = self._pick(batch, self._part)
        self._kept.append(picked)
        self._count += picked.num_rows
        while self._count > 2 * self._most:
            self._part /= 2
            self._kept = [self._pick(each, 0.5) for each in self._kept]
            self._count = sum(each.num_rows for each in self._kept)

    def _pick(self, batch: pa.RecordBatch, part: float) -> pa.RecordBatch:
        # A copy: a slice would keep the whole batch in memory.
        return batch.take(pa.array(np.flatnonzero(self._random.random(batch.num_rows) < part)))

    def columns(self) -> dict[str, ColumnFacts]:
        """Return what the picked rows tell of each column."""
        if not self._kept:
            return {}
        rows = pa.Table.from_batches(self._kept)
        return {
            name: found for name in rows.column_names if (found := _facts(rows[name], self._seen)) is not None
        }


def _facts(column: pa.ChunkedArray, rows: int) -> ColumnFacts | None:
    kind = column.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if not number and not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    values = column.drop_null()
    if number:
        plain = values.cast(pa.int8()) if pa.types.is_boolean(kind) else values
        found = plain.to_numpy()
        found = found[~np.isnan(found)] if found.dtype.kind == "f" else found
        _, times = np.unique(found, return_counts=True)
        # Interpolation would make values that are not there.
        steps = np.quantile(found, np.linspace(0, 1, _QUANTILES), method="nearest") if len(found) else found
        quantiles: NDArray[np.float64] | None = steps.astype(np.float64)
        count = len(found)
    else:
        times = values.value_counts().field("counts").to_numpy()
        quantiles, count = None, len(values)
    return ColumnFacts(1 - count / max(1, len(column)), _distinct(times, count, rows), quantiles)


def _distinct(times: NDArray[Any], count: int, rows: int) -> float:
    """Return about how many different values a table has, from how often each was met in a sample.

    The estimator Duj1 of Haas and Stokes 1998 (JASA 93, 1475).
    """
    if not count:
        return 0.0
    once = int((times == 1).sum())
    missed = count - once + once * count / max(count, rows)
    return float(min(rows, max(len(times), count * len(times) / max(missed, 1e-9))))
