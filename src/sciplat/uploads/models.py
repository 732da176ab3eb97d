"""What the uploads room remembers of a table that came with a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciplat.vo.names import TAP_UPLOAD
from sciplat.vo.schema import Column, Table

__all__ = ["SCHEMA", "Upload", "parameter_of", "table_from_json", "table_to_json", "uploads_of"]

SCHEMA = TAP_UPLOAD
"""The schema of every upload."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A table that belongs to one query."""

    table: Table
    """In schema `SCHEMA`, under the name that the query gives it."""

    sha256: str
    """Of what was sent, as 64 hexadecimal digits; the same file sent again is not read again."""

    file: Path
    """The DuckDB file with the rows."""


def parameter_of(upload: Upload) -> str:
    """Return the value of UPLOAD that a job keeps; `uploads_of` reads it."""
    return f"{upload.table.name},sha256:{upload.sha256}"


def uploads_of(parameters: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield name and hash of each upload among the parameters of a job."""
    for key, value in parameters:
        if key == "UPLOAD":
            name, _, content = value.partition(",sha256:")
            yield name, content


def table_to_json(table: Table) -> dict[str, Any]:
    """Return what is known of an uploaded table, whatever it is called."""
    return {
        "rows": table.rows,
        "position": table.position,
        "columns": [column.to_json() for column in table.columns],
    }


def table_from_json(name: str, facts: Mapping[str, Any]) -> Table:
    """Read what `table_to_json` made, for a table that is now called ``name``."""
    position = facts["position"]
    return Table(
        SCHEMA,
        name,
        tuple(Column.from_json(column) for column in facts["columns"]),
        position=(position[0], position[1]) if position else None,
        rows=facts["rows"],
    )
