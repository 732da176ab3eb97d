"""Search cones: what is near a position in a table, nearest first (Simple Cone Search 1.03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sciplat.errors import UsageError
from sciplat.services.plan import Query
from sciplat.tables.stream import TableStream
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Column, Table

__all__ = ["Cone", "cone_query", "described"]

_ID_NAME = "ID"
_SEPARATOR = "-"


@dataclass(frozen=True, slots=True)
class Cone:
    """A circle on the sky: ICRS, all in degrees.

    Raises
    ------
    UsageError
        A number is no place on the sky, or no radius; the message names the parameter.
    """

    ra: float
    dec: float
    radius: float
    """0 asks for the description of the columns only (section 2.1)."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("RA", self.ra, 0, 360),
            ("DEC", self.dec, -90, 90),
            ("SR", self.radius, 0, 180),
        ):
            if not low <= value <= high:
                raise UsageError(f"{name}={value:g} must be from {low} to {high} degrees (ICRS, decimal).")


def cone_query(table: Table, cone: Cone, *, verbosity: int = 2, maxrec: int | None = None) -> Query:
    """Return the query for the rows of ``table`` in ``cone``, the nearest first.

    Parameters
    ----------
    table
        One with positions.
    verbosity
        1 for identifier and position alone, 2 for the principal columns too, 3 for all (section 2.1).
    maxrec
        At most so many rows.

    Raises
    ------
    UsageError
        The table has no positions.
    """
    if table.position is None:
        raise UsageError(
            f"{table.qualified_name} has no positions, so there is no cone search in it; ask it by TAP."
        )
    ra, dec = map(delimited, table.position)
    centre = f"{cone.ra!r}, {cone.dec!r}"
    columns = ", ".join(
        [_identifier(table), ra, dec, *(delimited(column.name) for column in _others(table, verbosity))]
    )
    return Query(
        f"SELECT {columns} FROM {table_name(table.schema, table.name)} "
        f"WHERE 1 = CONTAINS(POINT({ra}, {dec}), CIRCLE({centre}, {cone.radius!r})) "
        f"ORDER BY DISTANCE(POINT({ra}, {dec}), POINT({centre}))",
        0 if cone.radius == 0 else maxrec,
    )


def described(stream: TableStream, table: Table) -> TableStream:
    """Return the rows of a `cone_query` with the three columns marked by which clients find them.

    The marks are UCDs of the first kind: the standard (section 2.2) wants them, and no UCD1+ instead.
    """
    marks = ("ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")
    main = [replace(column, ucd=mark) for column, mark in zip(stream.columns[:3], marks, strict=True)]
    key = _key(table)
    if len(key) == 1:
        main[0] = replace(main[0], description=table.column(key[0]).description)
    else:
        main[0] = replace(main[0], description="Identifies the row")
    # The same stream, since it learns at its end whether rows were cut.
    stream.columns = (*main, *stream.columns[3:])
    return stream


def _key(table: Table) -> Sequence[str]:
    """Return the columns that tell rows apart: the primary key, else what is marked so, else the position."""
    assert table.position is not None
    marked = [c.name for c in table.columns if (c.ucd or "").lower() == "meta.id;meta.main"]
    return table.primary_key or marked[:1] or table.position


def _identifier(table: Table) -> str:
    """Return the expression of a text by which a row is known (section 2.2: ID_MAIN is a text)."""
    key = _key(table)
    name = key[0] if len(key) == 1 else _ID_NAME
    texts = [f"CAST({delimited(each)} AS VARCHAR)" for each in key]
    text = f" || '{_SEPARATOR}' || ".join(texts)
    return f"{text} AS {delimited(name)}"


def _others(table: Table, verbosity: int) -> list[Column]:
    """Return the columns beside identifier and position."""
    key = _key(table)
    shown = {*(table.position or ()), *(key if len(key) == 1 else ())}
    others = [column for column in table.columns if not column.hidden and column.name not in shown]
    if verbosity == 1:
        return []
    principal = [column for column in others if column.principal]
    return principal if verbosity == 2 and principal else others
