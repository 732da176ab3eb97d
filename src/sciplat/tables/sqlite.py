"""Rows as a SQLite file: the table, and two tables that tell what it is.

SQLite goes back and forth in its file, so the file is finished on disk before its first byte leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from sciplat.errors import EngineError, UnavailableError, UsageError
from sciplat.tables.arrow import PLAIN_TYPES
from sciplat.tables.cells import Cell, Shape, cells_of, settle
from sciplat.tables.document import Document
from sciplat.tables.json_cells import cell_json
from sciplat.tables.scratch import DISK_FULL, Room, scratch_file
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Datatype

__all__ = ["MEDIA_TYPE", "write"]

MEDIA_TYPE = "application/vnd.sqlite3"

_CHUNK_BYTES = 1 << 20
_COLUMNS_MOST = 2000
"""SQLite's own limit as it is compiled everywhere."""

_FACTS = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description", "links")


def write(stream: TableStream, document: Document) -> Iterator[bytes]:
    """Yield a SQLite file with tables ``result``, ``columns`` and ``facts``; it begins when it is complete.

    ``columns`` has a row for each column of ``result`` with what TAP_SCHEMA knows of one, ``facts`` has the
    query and ``QUERY_STATUS``. Truth values are 0 and 1, arrays are JSON; NaN is NULL, as SQLite has it.

    Raises
    ------
    UsageError
        There are more columns than SQLite takes.
    LimitError, UnavailableError
        There is no room for the file, or the disk is full.
    """
    cells = cells_of(stream)
    if len(cells) > _COLUMNS_MOST:
        raise UsageError(
            f"The result has {len(cells)} columns; a table of SQLite has at most {_COLUMNS_MOST}. "
            "Select fewer, or ask for another format."
        )
    with scratch_file(".sqlite") as (path, room):
        _fill(path, cells, stream, document, room)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


def _fill(path: Path, cells: Sequence[Cell], stream: TableStream, document: Document, room: Room) -> None:
    # The driver inserts Arrow's columns without a Python object for each cell.
    from adbc_driver_manager import Error  # noqa: PLC0415 - only who asks for SQLite loads it
    from adbc_driver_sqlite import dbapi  # noqa: PLC0415

    names = _names(cells)
    try:
        with dbapi.connect(str(path), autocommit=True) as connection, connection.cursor() as cursor:
            for setting in ("journal_mode = OFF", "synchronous = OFF"):
                cursor.execute(f"PRAGMA {setting}")
            declared = ", ".join(f"{_quoted(n)} {_kind(cell)}" for n, cell in zip(names, cells, strict=True))
            cursor.execute(f"CREATE TABLE result ({declared})")
            cursor.execute(f"CREATE TABLE columns (position INTEGER PRIMARY KEY, {', '.join(_FACTS)})")
            cursor.execute("CREATE TABLE facts (name TEXT, value TEXT)")
            cursor.execute("BEGIN")
            cursor.adbc_ingest("columns", _described(cells), mode="append")
            for batch in stream.batches:
                rows = [_values(cell, values) for cell, values in zip(cells, batch.columns, strict=True)]
                cursor.adbc_ingest("result", pa.RecordBatch.from_arrays(rows, names), mode="append")
                room.check()
            cursor.adbc_ingest("facts", _facts(document, overflow=stream.overflow), mode="append")
            cursor.execute("COMMIT")
    except Error as error:
        if "is full" in str(error):
            raise UnavailableError(DISK_FULL) from error
        raise EngineError(f"The SQLite file could not be written: {error}") from error


def _values(cell: Cell, values: pa.Array) -> pa.Array:
    if cell.shape is Shape.ARRAY:
        return cell_json(cell, values, exact_ids=False)
    settled: pa.Array = settle(cell, values)
    return settled.cast(pa.int8()) if cell.datatype is Datatype.BOOLEAN else settled


def _kind(cell: Cell) -> str:
    if cell.shape is not Shape.SCALAR:
        return "TEXT"
    return "REAL" if pa.types.is_floating(PLAIN_TYPES[cell.datatype]) else "INTEGER"


def _names(cells: Iterable[Cell]) -> list[str]:
    """Return the columns' names; SQLite takes ``ra`` and ``RA`` for the same, so a second one is numbered."""
    taken: set[str] = set()
    names = []
    for cell in cells:
        plain = cell.column.name.replace("\x00", "")
        name, number = plain, 1
        while name.lower() in taken or not name:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _described(cells: Sequence[Cell]) -> pa.RecordBatch:
    facts = [[_fact(cell, fact) for cell in cells] for fact in _FACTS]
    places = pa.array(range(1, len(cells) + 1), pa.int32())
    return pa.RecordBatch.from_arrays(
        [places, *(pa.array(each, pa.string()) for each in facts)], ["position", *_FACTS]
    )


def _fact(cell: Cell, name: str) -> str | None:
    match name:
        case "datatype":
            return str(cell.datatype)
        case "links":
            links = [link.to_json() for link in cell.column.links]
            return json.dumps(links, ensure_ascii=False) if links else None
        case _:
            fact: str | None = getattr(cell.column, name)
            return fact


def _facts(document: Document, *, overflow: bool) -> pa.RecordBatch:
    facts = [("QUERY_STATUS", "OVERFLOW" if overflow else "OK")]
    if document.query is not None:
        facts.append(("QUERY", document.query))
    if document.description is not None:
        facts.append(("description", document.description))
    facts += [(info.name, info.value) for info in document.infos]
    names, values = zip(*facts, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(names), pa.array(values)], ["name", "value"])
