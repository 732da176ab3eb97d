"""Describe the catalogs: make the tables about tables anew, as part of the change that they speak of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sciplat.catalogs.models import Manifest, Release
from sciplat.catalogs.store import CatalogStore, Edit, Workspace
from sciplat.engine.amend import amend_generation
from sciplat.engine.build import Builder, BuildLimits, builder, open_generation
from sciplat.services.obscore import obscore_arrow, obscore_table
from sciplat.services.obsplan import NAME as IVOA
from sciplat.services.obsplan import Exposures, exposures_of, obsplan_arrow, obsplan_batches, obsplan_table
from sciplat.services.provenance import (
    activity_arrow,
    activity_table,
    provenance_arrow,
    provenance_table,
)
from sciplat.services.tap_schema import NAME as TAP_SCHEMA
from sciplat.services.tap_schema import tap_schema, tap_schema_rows
from sciplat.vo.schema import Table

__all__ = ["KINDS", "Amendment", "DescribeService", "Kind"]

_IVOA = "Tables of the IVOA's data models, of all data releases together"


@dataclass(frozen=True, slots=True)
class Kind:
    """A table whose rows lie beside the images of each release."""

    name: str
    """Of the files, and of the word of a release that names one."""

    table: Callable[[], Table]
    arrow: Callable[[], pa.Schema]
    order_by: tuple[str, ...] = ()

    def file_of(self, release: Release) -> str | None:
        """Return the name of a release's file."""
        file: str | None = getattr(release, self.name)
        return file


KINDS = (
    Kind("observations", obscore_table, obscore_arrow, ("_south",)),
    Kind("provenance", provenance_table, provenance_arrow),
    Kind("activities", activity_table, activity_arrow),
)


@dataclass(frozen=True, slots=True)
class Amendment:
    """How the file of a release differs from the one before: a table is amended by it, and not made anew."""

    kind: str
    release: str
    before: str
    """The file of the release that this one follows."""

    key: str
    gone: pa.Array
    """Values of the column ``key``, of rows that are not as they were, too."""

    rows: pa.Table
    """Those that come."""


class DescribeService:
    """Keeps TAP_SCHEMA, ``ivoa.ObsCore``, provenance and ``ivoa.obsplan`` true."""

    def __init__(self, catalogs: CatalogStore, work: Path, *, memory_bytes: int, threads: int) -> None:
        """Publish in ``catalogs``; put down in ``work`` what does not fit in memory."""
        self._catalogs = catalogs
        self._work = work
        self._memory_bytes = memory_bytes
        self._threads = threads

    @property
    def is_current(self) -> bool:
        """Whether the tables are there, in the form of this version."""
        schemas = {schema.name: schema for schema in self._catalogs.snapshot().schemas}
        made = {
            name: {replace(table, rows=None) for table in schemas[name].tables}
            for name in (TAP_SCHEMA, IVOA)
            if name in schemas
        }
        wanted = {TAP_SCHEMA: set(tap_schema().tables), IVOA: {kind.table() for kind in KINDS}}
        if any(exposures_of(schema) is not None for schema in schemas.values()):
            wanted[IVOA].add(obsplan_table())
        return made == wanted

    def describe(self, edit: Edit, amendment: Amendment | None = None) -> None:
        """Make the tables anew, for the catalogs as the edit leaves them.

        Parameters
        ----------
        amendment
            What has changed of a release's images, where little has.
        """
        edit.put_release(IVOA, description=_IVOA, public=True)
        for kind in KINDS:
            self._images(edit, kind, amendment if amendment and amendment.kind == kind.name else None)
        self._exposures(edit)
        edit.put_release(TAP_SCHEMA, description=tap_schema().description, public=True)
        with self._catalogs.workspace() as workspace, builder(self._limits(workspace)) as engine:
            for table, rows in tap_schema_rows(edit.schemas):
                self._make(edit, workspace, engine, table, rows.schema, partial(_again, rows))

    def _images(self, edit: Edit, kind: Kind, amendment: Amendment | None) -> None:
        found, table = _described(edit.draft, kind), kind.table()
        before = _described(edit.manifest, kind)
        if _made(edit, table) == table:
            if found == before:
                return
            if (
                amendment is not None
                and before == found | {amendment.release: amendment.before}
                and self._amend(edit, kind, found, amendment)
            ):
                return
        with self._catalogs.workspace() as workspace, builder(self._limits(workspace)) as engine:
            self._make(
                edit,
                workspace,
                engine,
                table,
                kind.arrow(),
                lambda: self._rows(kind, found),
                order_by=kind.order_by,
            )

    def _amend(self, edit: Edit, kind: Kind, found: dict[str, str], amendment: Amendment) -> bool:
        """Amend the table that is there, and return whether it has all rows of the files then."""
        table = kind.table()
        release = edit.manifest.release(table.schema)
        published = None if release is None else release.named(table.name)
        if published is None:
            return False
        files = [self._catalogs.folder / name / file for name, file in found.items()]
        with self._catalogs.workspace() as workspace:
            part = Workspace(workspace.folder / table.name, workspace.generation)
            part.folder.mkdir()
            count = amend_generation(
                part.folder / "data.duckdb",
                self._catalogs.folder / published.files[0],
                key=amendment.key,
                gone=amendment.gone,
                rows=amendment.rows.select(kind.arrow().names),
                limits=self._limits(workspace),
            )
            if count is None or count != sum(pq.read_metadata(file).num_rows for file in files):
                return False
            edit.put_table(replace(table, rows=count), part)
        return True

    def _rows(self, kind: Kind, described: dict[str, str]) -> Iterator[pa.RecordBatch]:
        schema = kind.arrow()
        for release, file in described.items():
            with pq.ParquetFile(self._catalogs.folder / release / file) as rows:
                known = set(rows.schema_arrow.names)
                for batch in rows.iter_batches(columns=[name for name in schema.names if name in known]):
                    # A file of an older version lacks columns until its release is announced again.
                    columns = [
                        batch[field.name] if field.name in known else pa.nulls(batch.num_rows, field.type)
                        for field in schema
                    ]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _exposures(self, edit: Edit) -> None:
        exposures = _exposures(edit.draft)
        made = _made(edit, obsplan_table())
        if made == obsplan_table() and exposures == _exposures(edit.manifest):
            return
        if exposures:
            found = [each for each, _ in exposures]
            with self._catalogs.workspace() as workspace, builder(self._limits(workspace)) as engine:
                limits = self._limits(workspace)
                self._make(
                    edit,
                    workspace,
                    engine,
                    obsplan_table(),
                    obsplan_arrow(),
                    lambda: self._observed(edit.draft, found, limits),
                )
        elif made is not None:
            edit.drop_table(IVOA, obsplan_table().name)

    def _observed(
        self, catalogs: Manifest, exposures: list[Exposures], limits: BuildLimits
    ) -> Iterator[pa.RecordBatch]:
        for each in exposures:
            release = catalogs.release(each.table.schema)
            published = release.named(each.table.name) if release else None
            assert published is not None
            with open_generation(self._catalogs.folder / published.files[0], limits) as generation:
                yield from obsplan_batches(each, generation.rows(each.columns))

    def _make(
        self,
        edit: Edit,
        workspace: Workspace,
        engine: Builder,
        table: Table,
        schema: pa.Schema,
        batches: Callable[[], Iterator[pa.RecordBatch]],
        *,
        order_by: tuple[str, ...] = (),
    ) -> None:
        part = Workspace(workspace.folder / table.name, workspace.generation)
        part.folder.mkdir()
        path = part.folder / "data.duckdb"
        count = engine.build(path, schema, batches, order_by=order_by)
        edit.put_table(replace(table, rows=count), part)

    def _limits(self, workspace: Workspace) -> BuildLimits:
        return BuildLimits(
            self._work / f"sort-g{workspace.generation:04d}", self._memory_bytes, self._threads
        )


def _again(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from rows.to_batches()


def _made(edit: Edit, table: Table) -> Table | None:
    """Return a table of the standards as it is there now, in whichever form, but for its rows."""
    release = edit.draft.release(table.schema)
    made = None if release is None else release.named(table.name)
    return None if made is None else replace(made.table, rows=None)


def _described(catalogs: Manifest, kind: Kind) -> dict[str, str]:
    """Return the file of each release that has one."""
    found = ((each.name, kind.file_of(each)) for each in catalogs.releases)
    return {name: file for name, file in found if file is not None}


def _exposures(catalogs: Manifest) -> list[tuple[Exposures, int]]:
    """Return the exposures of each release, with the generation that holds them."""
    found = []
    for schema in catalogs.schemas():
        exposures = exposures_of(schema)
        release = catalogs.release(schema.name)
        if exposures is not None and release is not None:
            published = release.named(exposures.table.name)
            assert published is not None
            found.append((exposures, published.generation))
    return found
