"""Rows of a result as a view shows them: with columns derived, filtered, and sorted.

What every row has (the value of an expression, whether a condition holds) is worked out by the engine
once, for all rows of the table as it came, and kept. All verbs of rows are made of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore
from time import monotonic
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sciplat.adql.expressions import Columns
from sciplat.adql.selections import condition_select, number_select, ranges_select, sort_select
from sciplat.engine.cubes import Cubes
from sciplat.engine.pool import QueryPool
from sciplat.engine.result import Result
from sciplat.engine.statement import Statement
from sciplat.engine.vectors import Stop, Vectors
from sciplat.errors import NotFoundError, SciplatError, UnavailableError
from sciplat.services.access import Visitor
from sciplat.services.rows_relation import Conditional, Lasso, Numbered, Ranges, Relation, Selection
from sciplat.services.submit import SubmitService
from sciplat.tables.bins import Places
from sciplat.tables.polygon import Corners, many_within
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column

__all__ = ["Bools", "Doubles", "Numbers", "Rows", "RowsLimits", "RowsService"]

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.uint32]

SPOOL = '"spool"'
"""The table as it came, in the engine's SQL."""

_ROW = "\x1frow"
"""Its column with the numbers of rows; nobody can write this name in a query."""

_FEW = 4
"""Where a condition leaves fewer than one row in so many, only these are sorted."""


@dataclass(frozen=True, slots=True)
class RowsLimits:
    """What one question about rows may take."""

    seconds: float
    at_once: int
    """Questions of one user that the engine works at or that wait for it."""

    reckon_at_once: int
    """Questions for which whole columns are gone through; others wait."""


class RowsService:
    """Opens relations for their verbs.

    Parameters
    ----------
    pool
        Returns the workers that work out expressions; called when they are first needed.
    work
        Where small files lie for moments.
    """

    def __init__(
        self,
        submit: SubmitService,
        pool: Callable[[], QueryPool],
        vectors: Vectors,
        cubes: Cubes,
        *,
        work: Path,
        limits: RowsLimits,
    ) -> None:
        self._submit = submit
        self._pool = pool
        self.vectors = vectors
        self._work = work
        self._limits = limits
        self.cubes = cubes
        self._turns = BoundedSemaphore(limits.reckon_at_once)
        self._next_look = 0.0

    @contextmanager
    def turn(self, stop: Stop) -> Iterator[None]:
        """Hold while somebody reckons with whole columns: so many at once, others wait.

        Raises
        ------
        UnavailableError
            Too long.
        """
        begun = monotonic()
        while not self._turns.acquire(timeout=_LOOK_SECONDS):
            stop.check()
            if monotonic() - begun > self._limits.seconds:
                raise UnavailableError("Too much is being counted at once. Try again in a moment.")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def open(self, relation: Relation, *, visitor: Visitor, stop: Stop) -> Iterator[Rows]:
        """Open a relation; everything that is wrong with it is raised here.

        Raises
        ------
        NotFoundError
            The job is not the visitor's, is gone, or has no such result.
        ConflictError
            The job has no result, yet or ever.
        ADQLError
            An expression is wrong; the place is the one in the text of this expression.
        UsageError
            A column to derive or to sort by cannot be.
        """
        path = self._submit.spool(relation.source.job, visitor=visitor)
        self._pool()  # whoever looks at rows will want the engine: it starts meanwhile
        self._forget_gone(path.parent)
        if relation.source.result != "result":
            raise NotFoundError(
                f"Job {relation.source.job} has no table called {relation.source.result[:80]!r}."
            )
        with Result.open(path) as result:
            yield Rows(self, relation, result, path, visitor, stop)

    def _forget_gone(self, spools: Path) -> None:
        """Keep nothing of results that are gone, which is looked for now and then."""
        if monotonic() > self._next_look:
            self._next_look = monotonic() + _FORGET_SECONDS
            self.vectors.forget(lambda owner: not (spools / owner).exists())

    @contextmanager
    def run(
        self, statement: Statement, visitor: Visitor, stop: Stop, *, heavy: bool = False
    ) -> Iterator[TableStream]:
        """Run a statement, and let its rows be read as they come."""
        running = self._pool().run(
            replace(statement, time_limit_seconds=self._limits.seconds),
            spool=self._work / f"{uuid4().hex}.arrow",
            heavy=heavy,
            owner=visitor.name,
            owner_most=self._limits.at_once,
            address=visitor.address,
            address_most=self._limits.at_once,
        )
        try:
            stop.watch(running)
            yield running.stream()
        finally:
            running.cancel()
            with suppress(SciplatError, TimeoutError):
                running.wait(_STOP_SECONDS)
            running.spool.unlink(missing_ok=True)

    def scratch(self, table: pa.Table) -> Path:
        """Write a few rows where the engine can read them; the caller removes the file."""
        path = self._work / f"{uuid4().hex}.rows.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return path


class Rows:
    """One relation, open for whoever asked."""

    def __init__(
        self,
        service: RowsService,
        relation: Relation,
        result: Result,
        path: Path,
        visitor: Visitor,
        stop: Stop,
    ) -> None:
        self._service = service
        self.relation = relation
        self.result = result
        self._path = path
        self._visitor = visitor
        self._stop = stop
        self.columns = Columns(result.columns, relation.derived)
        for key in relation.sort:
            self.columns.column(key.column)
        if relation.condition is not None:
            self.columns.condition(relation.condition)

    @property
    def overflow(self) -> bool:
        """Whether the result was cut: there were more rows."""
        return self.result.overflow

    @property
    def cubes(self) -> Cubes:
        """What brushes are answered from."""
        return self._service.cubes

    def turn(self) -> AbstractContextManager[None]:
        """Hold while whole columns are gone through; raises as `RowsService.turn` does."""
        return self._service.turn(self._stop)

    def look(self) -> None:
        """Raise `CancelledError` if nobody waits any more."""
        self._stop.check()

    def places(self, expression: str, cut: str, make: Callable[[], Iterator[Places]]) -> Places:
        """Return the bin of every row on an axis that is cut so, made if it isn't there."""
        sql = number_select(self.columns, expression, SPOOL)
        found: Places = self._kept(f"{sql} {cut}", np.uint16, make)
        return found

    def values(self, expression: str) -> Doubles:
        """Return an expression's value for every row of the table as it came; NaN where it has none."""
        sql = number_select(self.columns, expression, SPOOL)
        found: Doubles = self._vector(sql, np.float64)
        return found

    def mask(self) -> Bools | None:
        """Return for every row of the table as it came whether it is seen; None if all are."""
        condition = self.relation.condition
        if condition is None:
            return None
        found: Bools = self._vector(condition_select(self.columns, condition, SPOOL), np.bool_)
        return found

    def selected(self, selection: Selection) -> Bools:
        """Return for every row of the table as it came whether it is selected, exactly."""
        match selection:
            case Ranges(ranges):
                sql = ranges_select(self.columns, ranges, SPOOL)
            case Lasso(x, y, corners):
                return self._lasso(x, y, corners)
            case Conditional(condition):
                sql = condition_select(self.columns, condition, SPOOL)
            case Numbered(rows):
                chosen = np.zeros(self.result.rows, np.bool_)
                numbers = np.asarray(rows, np.int64)
                chosen[numbers[(numbers >= 0) & (numbers < len(chosen))]] = True
                return chosen
        found: Bools = self._vector(sql, np.bool_)
        return found

    def _lasso(self, x: str, y: str, corners: Corners) -> Bools:
        across, up = self.values(x), self.values(y)

        def make() -> Iterator[Bools]:
            with self.turn():
                yield many_within(across, up, corners, look=self.look)

        key = f"{number_select(self.columns, x, SPOOL)} {number_select(self.columns, y, SPOOL)} {corners}"
        found: Bools = self._kept(key, np.bool_, make)
        return found

    def seen(self, selection: Selection | None) -> Bools | None:
        """Return which rows are seen and, if there is a selection, selected; None if all are."""
        mask = self.mask()
        if selection is None:
            return mask
        chosen = self.selected(selection)
        return chosen if mask is None else mask & chosen

    @cached_property
    def count(self) -> int:
        """The number of rows that are seen."""
        mask = self.mask()
        return self.result.rows if mask is None else int(np.count_nonzero(mask))

    def order(self) -> Numbers | None:
        """Return the numbers of the rows that are seen, in their order; None if all are, as they came."""
        mask = self.mask()
        if not self.relation.sort:
            return None if mask is None else self._filtered(mask)
        if mask is None:
            return self._sorted("")
        condition = self.relation.condition
        assert condition is not None
        whole = self._sort_sql("")
        if self.count * _FEW < self.result.rows and not self._service.vectors.has(self._path.name, whole):
            return self._sorted(condition)
        order = self._sorted("")

        def make() -> Iterator[Numbers]:
            for start in range(0, len(order), _PART_ROWS):
                part = order[start : start + _PART_ROWS]
                yield part[mask[part]]

        key = f"{whole} {condition_select(self.columns, condition, SPOOL)}"
        found: Numbers = self._kept(key, np.uint32, make)
        return found

    def rows(self, offset: int, limit: int) -> Numbers:
        """Return the numbers of some of the rows, in the order in which they are seen."""
        order = self.order()
        if order is None:
            stop = min(self.result.rows, offset + limit)
            return np.arange(min(offset, stop), stop, dtype=np.uint32)
        return np.asarray(order[offset : offset + limit])

    def table(
        self, rows: Numbers, names: tuple[str, ...] | None = None
    ) -> tuple[tuple[Column, ...], pa.Table]:
        """Return rows by their numbers, with these columns or all, and what the columns mean."""
        found = self.result.take(rows)
        wanted = [self.columns.column(name) for name in names or [c.name for c in self.columns.columns]]
        if not any(value.needs for value in wanted):
            table = found.select([value.column.name for value in wanted])
            return tuple(value.column for value in wanted), table
        path = self._service.scratch(found)
        try:
            derived = ", ".join(f"{value.sql} AS {_quoted(value.column.name)}" for value in wanted)
            sql = f"SELECT {derived} FROM {self.columns.table_sql(SPOOL, *wanted)}"
            statement = self._statement(sql, path=path, columns=tuple(value.column for value in wanted))
            with self._service.run(statement, self._visitor, self._stop) as stream:
                return stream.columns, pa.Table.from_batches(list(stream.batches), stream.schema)
        finally:
            path.unlink(missing_ok=True)

    def ask(self, sql: str, *, columns: tuple[Column, ...] = ()) -> pa.Table:
        """Return the few rows of a query of `SPOOL`."""
        statement = self._statement(sql, columns=columns)
        with self._service.run(statement, self._visitor, self._stop, heavy=self._is_large) as stream:
            return pa.Table.from_batches(list(stream.batches), stream.schema)

    def _filtered(self, mask: Bools) -> Numbers:
        assert self.relation.condition is not None

        def make() -> Iterator[Numbers]:
            for start in range(0, len(mask), _PART_ROWS):
                yield np.flatnonzero(mask[start : start + _PART_ROWS]).astype(np.uint32) + np.uint32(start)

        key = f"rows {condition_select(self.columns, self.relation.condition, SPOOL)}"
        found: Numbers = self._kept(key, np.uint32, make)
        return found

    def _sorted(self, condition: str) -> Numbers:
        sql = self._sort_sql(condition)
        found: Numbers = self._vector(sql, np.uint32, numbered=_ROW)
        return found

    def _sort_sql(self, condition: str) -> str:
        keys = [(key.column, key.descending) for key in self.relation.sort]
        return sort_select(self.columns, keys, condition, SPOOL, number=_ROW)

    def _vector(self, sql: str, dtype: npt.DTypeLike, *, numbered: str | None = None) -> Any:
        def make() -> Iterator[npt.NDArray[np.generic]]:
            statement = self._statement(sql, numbered=numbered)
            with self._service.run(statement, self._visitor, self._stop, heavy=self._is_large) as stream:
                for batch in stream.batches:
                    yield batch.column(0).to_numpy(zero_copy_only=False)

        return self._kept(sql, dtype, make)

    def _kept(
        self, key: str, dtype: npt.DTypeLike, make: Callable[[], Iterator[npt.NDArray[np.generic]]]
    ) -> Any:
        return self._service.vectors.get(self._path.name, key, dtype, make, self._stop)

    def _statement(
        self,
        sql: str,
        *,
        columns: tuple[Column, ...] = (),
        path: Path | None = None,
        numbered: str | None = None,
    ) -> Statement:
        spools = ((SPOOL.strip('"'), path or self._path),)
        return Statement(sql, spools=spools, columns=columns, numbered=numbered)

    @property
    def _is_large(self) -> bool:
        return self.result.rows > _HEAVY_ROWS


_PART_ROWS = 1 << 20
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_FORGET_SECONDS = 10.0
_HEAVY_ROWS = 1_000_000
"""A scan of more rows leaves a worker to others."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
