"""What the catalogs room remembers of releases and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sciplat.catalogs.statistics import TableStatistics, read_statistics
from sciplat.errors import NotFoundError
from sciplat.vo.schema import Column, Key, Schema, Table

__all__ = ["Manifest", "PublishedTable", "Release", "Retired", "Snapshot"]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table, and the generation that holds its rows."""

    table: Table
    generation: int

    files: tuple[str, ...]
    """All files and folders of the generation, relative to the catalogs' folder; the DuckDB file first."""


@dataclass(frozen=True, slots=True)
class Release:
    """A named set of tables."""

    name: str
    description: str | None = None
    public: bool = False
    tables: tuple[PublishedTable, ...] = ()
    images: bool = False
    """Whether it has images too, in a repository of that name."""

    observations: str | None = None
    """The file with a row of ObsCore for each image, in the folder of the release."""

    provenance: str | None = None
    """The file that says what each dataset was made of, there too."""

    activities: str | None = None
    """The file that says what made them, there too."""

    def named(self, table: str) -> PublishedTable | None:
        """Return the table of that name, in any case, or None."""
        return next((t for t in self.tables if t.table.name.lower() == table.lower()), None)


@dataclass(frozen=True, slots=True)
class Retired:
    """Files of a generation that nobody newly asks for, but a running query may still read."""

    files: tuple[str, ...]
    revision: int
    """Of the first manifest without it: who holds an older one may still read it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is published, at one moment."""

    revision: int = 0
    """One more with every change."""

    releases: tuple[Release, ...] = ()
    retired: tuple[Retired, ...] = ()

    def release(self, name: str) -> Release | None:
        """Return the release of that name, in any case, or None."""
        return next((r for r in self.releases if r.name.lower() == name.lower()), None)

    def with_release(self, release: Release) -> Manifest:
        """Return a manifest in which ``release`` takes the place of the one of its name."""
        others = [r for r in self.releases if r.name != release.name]
        if len(others) == len(self.releases):
            return replace(self, releases=(*self.releases, release))
        return replace(self, releases=tuple(release if r.name == release.name else r for r in self.releases))

    def schemas(self) -> tuple[Schema, ...]:
        """Return the releases as schemas that can be queried, without those that have images alone."""
        return tuple(
            Schema(
                r.name,
                tuple(_with_key(t.table) for t in r.tables),
                description=r.description,
                public=r.public,
            )
            for r in self.releases
            if r.tables or not r.images
        )

    def files(self) -> Iterator[str]:
        """Yield every file and folder that is in use or retired."""
        for release in self.releases:
            for published in release.tables:
                yield from published.files
        for old in self.retired:
            yield from old.files

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as it is written to disk."""
        return {
            "format": 1,
            "revision": self.revision,
            "releases": [
                {
                    "name": release.name,
                    "description": release.description,
                    "public": release.public,
                    "images": release.images,
                    "observations": release.observations,
                    "provenance": release.provenance,
                    "activities": release.activities,
                    "tables": [_table_to_json(table) for table in release.tables],
                }
                for release in self.releases
            ],
            "retired": [{"files": list(old.files), "revision": old.revision} for old in self.retired],
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Manifest:
        """Read what `to_json` made."""
        return cls(
            facts["revision"],
            tuple(
                Release(
                    release["name"],
                    release["description"],
                    release["public"],
                    tuple(_table_from_json(release["name"], table) for table in release["tables"]),
                    release.get("images", False),
                    release.get("observations"),
                    release.get("provenance"),
                    release.get("activities"),
                )
                for release in facts["releases"]
            ),
            tuple(
                # The first versions knew when it was replaced: then anybody may still read it.
                Retired(tuple(old["files"]), old.get("revision", facts["revision"]))
                for old in facts["retired"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The catalogs at one moment: what a query sees from its beginning to its end."""

    revision: str
    """Another one after every change."""

    schemas: tuple[Schema, ...]
    _files: Mapping[tuple[str, str], Path] = field(repr=False)
    images: Mapping[str, bool] = field(default_factory=dict)
    """The releases that have images, each with whether everyone may see them."""

    _pin: object = field(default=None, repr=False, compare=False)
    """Keeps the files in place for as long as somebody has this snapshot."""

    def file(self, schema: str, table: str) -> Path:
        """Return the DuckDB file with the rows of a table, by its names as declared.

        Raises
        ------
        NotFoundError
            There is no such table.
        """
        try:
            return self._files[schema, table]
        except KeyError:
            raise NotFoundError(f"There is no table {schema}.{table}") from None

    def statistics(self, schema: str, table: str) -> TableStatistics | None:
        """Return what is known of the rows of a table, by its names as declared; None where nothing is."""
        file = self._files.get((schema, table))
        if file is None:
            return None
        try:
            return read_statistics(file.with_name(f"statistics-{file.stem}.npz"))
        except (OSError, ValueError, LookupError):
            return None

    def schema(self, name: str) -> Schema | None:
        """Return the schema of that name, in any case, or None."""
        return next((s for s in self.schemas if s.name.lower() == name.lower()), None)


def _with_key(table: Table) -> Table:
    """Return a table whose only key, if it has one, says of which rows it is; results take that along."""
    key = table.primary_key[0] if len(table.primary_key) == 1 else None
    columns = tuple(
        replace(column, row_of=table.qualified_name) if column.name == key and not column.std else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _table_to_json(published: PublishedTable) -> dict[str, Any]:
    table = published.table
    return {
        "name": table.name,
        "generation": published.generation,
        "files": list(published.files),
        "rows": table.rows,
        "description": table.description,
        "utype": table.utype,
        "position": table.position,
        "primary_key": table.primary_key,
        "lookup": table.lookup,
        "keys": [asdict(key) for key in table.keys],
        "columns": [column.to_json() for column in table.columns],
    }


def _table_from_json(schema: str, facts: Mapping[str, Any]) -> PublishedTable:
    position = facts["position"]
    columns = tuple(Column.from_json(column) for column in facts["columns"])
    keys = tuple(
        Key(k["target_table"], tuple((a, b) for a, b in k["columns"]), k["description"], k["utype"])
        for k in facts["keys"]
    )
    table = Table(
        schema,
        facts["name"],
        columns,
        description=facts["description"],
        utype=facts["utype"],
        keys=keys,
        primary_key=tuple(facts["primary_key"]),
        position=(position[0], position[1]) if position else None,
        rows=facts["rows"],
        lookup=facts.get("lookup"),
    )
    return PublishedTable(table, facts["generation"], tuple(facts["files"]))
