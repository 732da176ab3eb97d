"""A tessellation as a record of plain values, to be kept beside the coadds that are made on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sciplat.errors import UsageError
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field, Rings, Tessellation

__all__ = ["from_record", "to_record"]


def to_record(tessellation: Tessellation) -> dict[str, Any]:
    """Return what :func:`from_record` makes the same tessellation of: text and numbers."""
    record: dict[str, Any] = {"kind": type(tessellation).__name__}
    for one in fields(tessellation):
        value = getattr(tessellation, one.name)
        record[one.name] = [value.ra, value.dec] if isinstance(value, Position) else value
    return record


def from_record(record: Mapping[str, Any]) -> Tessellation:
    """Return the tessellation of a record.

    Raises
    ------
    UsageError
        The record is none of a tessellation.
    """
    values = dict(record)
    kinds: dict[str, type[Field | Rings]] = {"Field": Field, "Rings": Rings}
    kind = kinds.get(values.pop("kind", ""))
    if kind is None:
        raise UsageError(f"A tessellation is a Field or Rings, not {record.get('kind')!r}")
    if "centre" in values:
        values["centre"] = Position(*values["centre"])
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"This is no record of a tessellation: {error}") from error
