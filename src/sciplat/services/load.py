"""Make rows that can be queried of a file that somebody sent: what the process of a `Loader` does."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from sciplat.engine.build import BuildLimits, build_generation
from sciplat.errors import IngestError, LimitError
from sciplat.tables.arrow import arrow_type
from sciplat.tables.guess import position_of
from sciplat.tables.merge import agree, rows_of
from sciplat.tables.positions import INDEX, sky_index
from sciplat.tables.read import open_sources
from sciplat.tables.source import RowSource
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Table

__all__ = ["COLUMNS_MAX", "UNPACKED", "load"]

COLUMNS_MAX = 5000
"""As the widest catalogs have a thousand."""

UNPACKED = 10
"""How many times as large as what was sent it may become when it is unpacked."""

_CHUNK = 1 << 20


@dataclass(slots=True)
class _Budget:
    """How much may still be unpacked."""

    label: str
    left: int

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitError(
                f"{self.label}: unpacked, it is more than {UNPACKED} times as large as an upload may be; "
                "send fewer rows or columns"
            )


def load(source: Path, target: Path, *, largest: int, memory_bytes: int) -> Table:
    """Write the rows of ``source`` to the DuckDB file ``target``, in their order, and return what they mean.

    The format is told by content. Values stay as they are, also positions beyond the convention of
    the catalogs (0 to 360 degrees): such a row is found where it lies on the sky. One that lies
    nowhere is found by no search by position.

    Parameters
    ----------
    largest
        Bytes that an upload may have; what it unpacks to may have `UNPACKED` times as many.

    Raises
    ------
    IngestError
        Says which column and row cannot be held, or where the file breaks.
    LimitError
        It is too large.
    """
    label = source.name
    (opened,) = open_sources([_plain(source, _Budget(label, largest * UNPACKED))])
    if len(opened.columns) > COLUMNS_MAX:
        raise LimitError(f"{label}: it has {len(opened.columns)} columns; an upload may have {COLUMNS_MAX}")
    columns = agree([opened])
    for column in columns:
        if column.name.lower().startswith((HEALPIX_COLUMN, "_match_")):  # joins by position use the latter
            raise IngestError(f"{label}: column {column.name!r} is called as only the service's own may be")
    position = position_of(columns)
    if position is not None:
        columns = (INDEX, *(replace(c, indexed=c.name in position) for c in columns))
    rows = build_generation(
        target,
        pa.schema([pa.field(column.name, arrow_type(column)) for column in columns]),
        lambda: _batches(opened, columns, position, _Budget(label, largest * UNPACKED)),
        order_by=(),
        limits=BuildLimits(target.with_suffix(".sort"), memory_bytes, threads=1),
    )
    return Table("", label, columns, position=position, rows=rows)


def _plain(source: Path, budget: _Budget) -> Path:
    """Return the file without gzip around it."""
    with source.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return source
    target = source.parent / "plain" / source.name
    target.parent.mkdir()
    try:
        with gzip.open(source) as packed, target.open("wb") as plain:
            while chunk := packed.read(_CHUNK):
                budget.take(len(chunk))
                plain.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise IngestError(f"{source.name}: its gzip compression is broken ({error})") from error
    return target


def _batches(
    source: RowSource, columns: tuple[Column, ...], position: tuple[str, str] | None, budget: _Budget
) -> Iterator[pa.RecordBatch]:
    own = columns if position is None else columns[1:]
    for rows in rows_of([source], own):
        budget.take(rows.batch.nbytes)
        yield rows.batch if position is None else sky_index(rows.batch, *position)
