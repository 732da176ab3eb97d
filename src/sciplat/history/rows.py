"""Records as rows of the table, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from sciplat.history.models import Aspect, Record, TableRead, Upload
from sciplat.history.tables import queries
from sciplat.vo.names import TAP_UPLOAD
from sciplat.vo.uws import Phase

__all__ = ["NO_TABLES", "record_of", "values_of"]

NO_TABLES = "\n"
"""The names of the tables of a record of which none are known."""

_FIELDS = tuple(name for name in queries.columns.keys() if name != "table_names")  # noqa: SIM118  # no mapping


def values_of(record: Record) -> dict[str, Any]:
    """Return the row that a record becomes."""
    values = {name: getattr(record, name) for name in _FIELDS}
    return values | {
        "aspect": None if record.aspect is None else record.aspect.value,
        "phase": record.phase.value,
        "uploads": [asdict(upload) for upload in record.uploads],
        "tables": [asdict(table) for table in record.tables],
        "table_names": _lines(record),
        "error": None if record.error is None else dict(record.error),
    }


def record_of(row: Row[Any]) -> Record:
    """Return the record that a row is."""
    values = {name: row._mapping[name] for name in _FIELDS}  # noqa: SLF001  # its public name
    return Record(
        **values
        | {
            "aspect": None if row.aspect is None else Aspect(row.aspect),
            "phase": Phase(row.phase),
            "uploads": tuple(Upload(**upload) for upload in row.uploads),
            "tables": tuple(TableRead(**table) for table in row.tables),
        }
    )


def _lines(record: Record) -> str:
    names = [table.name for table in record.tables]
    names += [f"{TAP_UPLOAD}.{upload.name}" for upload in record.uploads]
    return "".join([NO_TABLES, *(f"{name.lower()}\n" for name in names)])
