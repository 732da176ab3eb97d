"""Making tables of files: read, check, sort, and publish, all or nothing."""

from __future__ import annotations

import errno
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sciplat.catalogs.hats import choose_pixels, write_hats, write_parquet
from sciplat.catalogs.statistics import SKY_CELLS, ColumnFacts, Sample, TableStatistics, zones_of
from sciplat.catalogs.store import CatalogStore, Workspace
from sciplat.engine.build import (
    BuildLimits,
    Generation,
    add_lookup,
    build_generation,
    open_generation,
)
from sciplat.errors import IngestError
from sciplat.services.describe import DescribeService
from sciplat.sky.healpix import ORDER
from sciplat.tables.arrow import with_columns
from sciplat.tables.felis import from_felis, to_felis
from sciplat.tables.merge import rows_of
from sciplat.tables.plan import Plan, make_plan
from sciplat.tables.read import open_sources
from sciplat.tables.source import RowSource
from sciplat.tables.widths import row_bytes
from sciplat.vo.schema import HEALPIX_COLUMN, Table

__all__ = ["IngestLimits", "IngestReport", "IngestService", "Progress"]

Progress = Callable[[str, float | None], None]
"""Told what is going on, and which part of it is done, from 0 to 1, where that is known."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MAP_ORDER, _FINEST_MAP_ORDER = 8, 13
"""Of the map of a table's rows on the sky: three quarters of a million cells at first, then as it fits."""

_MOST_GROUPS = 3
"""Row groups that are read for one id without a lookup."""

_RESERVED = frozenset({"tap_schema", "ivoa", "tap_upload"})


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What one ingest may use."""

    memory_bytes: int = 1 << 30
    """For sorting; the readers take a few hundred megabytes beside."""

    threads: int = 2
    partition_rows: int = 1_000_000
    """The most rows in one HATS partition."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of an ingest."""

    table: Table
    rows: int
    null_positions: int
    """Rows without a position: they are kept, but no search by position finds them."""

    partitions: int
    """Parquet files written."""

    seconds: float
    generation: int
    felis: Path
    """The schema as it was taken or guessed, to be edited."""

    warnings: tuple[str, ...]


class IngestService:
    """Makes tables of files, and keeps TAP_SCHEMA true."""

    def __init__(self, catalogs: CatalogStore, work: Path, limits: IngestLimits | None = None) -> None:
        """Publish in ``catalogs``; put down in ``work`` what does not fit in memory."""
        self._catalogs = catalogs
        self._work = work
        self._limits = limits or IngestLimits()
        self.describing = DescribeService(
            catalogs, work, memory_bytes=self._limits.memory_bytes, threads=self._limits.threads
        )

    def prepare(self) -> None:
        """Clean up after dead ingests, and make the tables about tables where there are none of this version.

        For the start of an instance; quick when there is nothing to do.
        """
        self._tidy()
        if not self.describing.is_current:
            with self._catalogs.edit() as edit:
                self.describing.describe(edit)

    def ingest(
        self,
        release: str,
        table: str,
        sources: Sequence[Path] | RowSource,
        *,
        schema: Path | Table | None = None,
        public: bool | None = None,
        description: str | None = None,
        cluster_by: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> IngestReport:
        """Make ``release.table`` of files, or of rows that a program makes, and publish it.

        A table of that name is replaced in one moment; until then, and if anything goes wrong, it
        stays as it was.

        Parameters
        ----------
        schema
            What the columns mean, where it is known: a Felis file or a ready description. It
            overrides what the files say and what their names suggest.
        public
            Whether everyone may read the release; None leaves it as it is (a new one is private).
        description
            Of the table.
        cluster_by
            Columns by which rows are sorted in the DuckDB file instead of by position, for tables
            that are read by object.

        Raises
        ------
        IngestError
            One line that names file, column and row.
        ConflictError
            A release or a table has this name in other case.
        """
        started = time.monotonic()
        tell = progress or (lambda _stage, _fraction: None)
        _check_names(release, table)
        self._tidy()
        tell("reading", None)
        opened = (sources,) if isinstance(sources, RowSource) else open_sources(sources)
        if not opened:
            raise IngestError("There is no file to ingest")
        told = from_felis(schema, release, table) if isinstance(schema, Path) else schema
        plan = make_plan(table, opened, told, cluster_by)
        with self._catalogs.workspace() as workspace:
            self._check_disk(plan, workspace.folder)
            try:
                sample = Sample()
                rows, nulls = self._build(plan, workspace, sample, tell)
                made, partitions, warnings = self._finish(
                    plan,
                    workspace,
                    Table(release, table, (), description=description, rows=rows),
                    nulls,
                    sample,
                    tell,
                )
            except OSError as error:
                raise self._unwritten(error, plan, workspace.folder) from error
            tell("publishing", None)
            with self._catalogs.edit() as edit:
                edit.put_release(release, public=public)
                edit.put_table(made, workspace)
                self.describing.describe(edit)
        return IngestReport(
            made,
            rows,
            nulls,
            partitions,
            time.monotonic() - started,
            workspace.generation,
            self._catalogs.folder / release / table / "felis.yaml",
            (*plan.warnings, *warnings),
        )

    def drop(self, release: str, table: str) -> None:
        """Take a table out of the catalogs; queries that run still read it to their end.

        Raises
        ------
        NotFoundError
            There is no such table.
        """
        with self._catalogs.edit() as edit:
            edit.drop_table(release, table)
            self.describing.describe(edit)

    def describe_release(self, release: str, description: str, *, public: bool | None = None) -> None:
        """Say what a release holds, and who may read it (None leaves that); TAP_SCHEMA says so too."""
        _check_names(release, "t")
        with self._catalogs.edit() as edit:
            edit.put_release(release, description=description, public=public)
            self.describing.describe(edit)

    def _tidy(self) -> None:
        """Remove what dead ingests left in the catalogs and among the files of their sorting."""
        self._catalogs.tidy()
        living = self._catalogs.unfinished()
        for folder in self._work.glob("sort-g*"):
            if int(folder.name.removeprefix("sort-g")) not in living:
                shutil.rmtree(folder, ignore_errors=True)

    def _build(self, plan: Plan, workspace: Workspace, sample: Sample, tell: Progress) -> tuple[int, int]:
        """Write the DuckDB file; return how many rows it has, and how many without position."""
        total, checker = plan.rows, plan.checker()

        def batches() -> Iterator[pa.RecordBatch]:
            done = 0
            for rows in rows_of(plan.sources, plan.columns):
                batch = checker.add_index(rows) if checker is not None else rows.batch
                sample.add(batch)
                yield batch
                done += rows.batch.num_rows
                tell("sorting", min(done / total, 1.0) if total else None)

        path = workspace.folder / "data.duckdb"
        rows = build_generation(
            path, plan.schema, batches, order_by=plan.order_by, limits=self._build_limits(workspace)
        )
        if not rows:
            raise IngestError(f"{plan.sources[0].label}: there are no rows")
        return rows, checker.null_positions if checker is not None else 0

    def _finish(
        self, plan: Plan, workspace: Workspace, table: Table, nulls: int, sample: Sample, tell: Progress
    ) -> tuple[Table, int, tuple[str, ...]]:
        """Find the primary key; write the Parquet files and the Felis schema."""
        warnings: list[str] = []
        told = plan.told
        limits = self._build_limits(workspace)
        with open_generation(workspace.folder / "data.duckdb", limits) as generation:
            tell("checking keys", None)
            primary_key = _primary_key(plan, generation, warnings)
            made = replace(
                table,
                columns=plan.table_columns(primary_key),
                description=table.description or (told.description if told else None),
                utype=told.utype if told else None,
                keys=told.keys if told else (),
                primary_key=primary_key,
                position=plan.guess.position,
            )
            statistics = _statistics(made, generation, sample)
            statistics.write(workspace.folder / "statistics.npz")
            partitions = self._write_parquet(plan, made, generation, workspace.folder, nulls, tell)
        if _needs_lookup(made, statistics):
            tell("sorting ids", None)
            add_lookup(workspace.folder / "data.duckdb", primary_key[0], limits=limits)
            made = replace(made, lookup=primary_key[0])
        (workspace.folder / "felis.yaml").write_text(to_felis(made), encoding="utf-8")
        return made, partitions, tuple(warnings)

    def _write_parquet(
        self, plan: Plan, table: Table, generation: Generation, folder: Path, nulls: int, tell: Progress
    ) -> int:
        """Write the interchangeable copy of the rows; return how many files it has."""
        names = [column.name for column in table.columns]
        schema = with_columns(plan.schema, table.columns)
        tell("writing Parquet", None)
        if table.position is None:
            (folder / "parquet").mkdir()
            write_parquet(folder / "parquet" / "part-0000.parquet", schema, generation.rows(names))
            return 1
        if nulls:
            rows = generation.rows(names, missing=HEALPIX_COLUMN)
            write_parquet(folder / "unplaced.parquet", schema, rows)
        if nulls == table.rows:
            return 1
        order = () if plan.order_by[0] == HEALPIX_COLUMN else (HEALPIX_COLUMN,)
        pixels = choose_pixels(
            lambda level, span: generation.cells(HEALPIX_COLUMN, 2 * (ORDER - level), span),
            max_rows=self._limits.partition_rows,
        )
        write_hats(
            folder / "hats",
            table,
            schema,
            pixels,
            lambda span: generation.rows(names, between=(HEALPIX_COLUMN, *span), order_by=order),
            is_source=bool(plan.guess.series),
            threads=self._limits.threads,
            progress=lambda part: tell("writing Parquet", part),
        )
        return len(pixels) + bool(nulls)

    def _build_limits(self, workspace: Workspace) -> BuildLimits:
        return BuildLimits(
            self._work / f"sort-g{workspace.generation:04d}", self._limits.memory_bytes, self._limits.threads
        )

    def _check_disk(self, plan: Plan, folder: Path) -> None:
        """Refuse early what cannot fit: both copies together are rarely smaller than half the rows."""
        needed = _bytes(plan) // 2
        if shutil.disk_usage(folder).free < needed:
            raise self._no_space(folder, needed)

    def _unwritten(self, error: OSError, plan: Plan, folder: Path) -> IngestError:
        if error.errno == errno.ENOSPC:
            # While it is sorted a table lies there once more.
            return self._no_space(folder, 2 * _bytes(plan))
        return IngestError(f"The table cannot be written: {error}")

    def _no_space(self, folder: Path, needed: int) -> IngestError:
        free = shutil.disk_usage(folder).free
        return IngestError(
            f"The disk of {self._catalogs.folder} has {_megabytes(free)} free; "
            f"this table needs about {_megabytes(needed)}"
        )


def _check_names(release: str, table: str) -> None:
    for kind, name in (("release", release), ("table", table)):
        if not _NAME.fullmatch(name):
            raise IngestError(
                f"{name!r} cannot be the name of a {kind}: letters, digits and _ only, a letter first"
            )
    if release.lower() in _RESERVED:
        raise IngestError(f"{release!r} cannot be the name of a release: it is a schema of the standards")


def _primary_key(plan: Plan, generation: Generation, warnings: list[str]) -> tuple[str, ...]:
    said = plan.told.primary_key if plan.told else ()
    if said:
        names = {column.name for column in plan.guess.columns}
        if set(said) <= names and generation.is_unique(said):
            return said
        warnings.append(f"{', '.join(said)}: no primary key, since rows agree in it or have none")
        return ()
    return next(((name,) for name in plan.guess.ids if generation.is_unique((name,))), ())


def _statistics(table: Table, generation: Generation, sample: Sample) -> TableStatistics:
    """Return what planners will know of a finished table without reading it."""
    columns = sample.columns()
    for name, zones in generation.zones().items():
        columns[name] = replace(columns.get(name, ColumnFacts(0.0, 0.0)), zones=zones_of(*zones))
    groups = np.array(generation.groups(), dtype=np.int64)
    if table.position is None:
        return TableStatistics(table.rows or 0, groups, columns=columns)
    order = _MAP_ORDER
    cells = generation.cells(HEALPIX_COLUMN, 2 * (ORDER - order))
    while len(cells) > SKY_CELLS:
        order -= 1
        coarse: dict[int, int] = {}
        for number, count in cells.items():
            coarse[number >> 2] = coarse.get(number >> 2, 0) + count
        cells = coarse
    while order < _FINEST_MAP_ORDER and 4 * len(cells) <= SKY_CELLS:
        order += 1
        cells = generation.cells(HEALPIX_COLUMN, 2 * (ORDER - order))
    numbers = sorted(cells)
    below = np.cumsum([0, *(cells[number] for number in numbers)])
    return TableStatistics(table.rows or 0, groups, order, np.array(numbers, np.int64), below, columns)


def _needs_lookup(table: Table, known: TableStatistics) -> bool:
    """Tell whether looking for one id would read much of the table: ids that don't follow its order."""
    taken = any(column.name.lower() == "rowid" for column in table.columns)
    return (
        len(table.primary_key) == 1 and not taken and known.groups_for_one(*table.primary_key) > _MOST_GROUPS
    )


def _bytes(plan: Plan) -> int:
    """Return what the rows take in memory, about; 0 where their number is not known."""
    return (plan.rows or 0) * row_bytes(plan.schema)


def _megabytes(size: int) -> str:
    return f"{max(1, round(size / 1e6))} MB"
