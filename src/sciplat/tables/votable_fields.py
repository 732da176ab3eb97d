"""FIELDs of a VOTable: what they say of a column and how it is written (VOTable 1.5, sections 2 and 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from sciplat.errors import IngestError
from sciplat.vo.schema import Column, Datatype, Link

__all__ = ["Field", "field_of", "link_of"]

_ITEMS = {
    Datatype.BOOLEAN: "u1",
    Datatype.UNSIGNED_BYTE: "u1",
    Datatype.SHORT: ">i2",
    Datatype.INT: ">i4",
    Datatype.LONG: ">i8",
    Datatype.CHAR: "u1",
    Datatype.UNICODE_CHAR: ">u2",
    Datatype.FLOAT: ">f4",
    Datatype.DOUBLE: ">f8",
}
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Field:
    """One column, and how its values are written."""

    column: Column
    item: np.dtype[np.generic]
    """One value in binary."""

    count: int | None
    """Values in a cell; None where each cell says how many."""

    null: str | None
    """The number that stands for NULL, as it is written."""

    bits: bool = False
    """Eight values share a byte."""

    @property
    def size(self) -> int | None:
        """Bytes of a cell in binary; None where each cell says how many."""
        if self.count is None:
            return None
        return (self.count + 7) // 8 if self.bits else self.count * self.item.itemsize

    def bytes_of(self, count: int) -> int:
        """Return the bytes of a cell with so many values."""
        return (count + 7) // 8 if self.bits else count * self.item.itemsize


def field_of(attributes: Mapping[str, str], null: str | None, description: str, label: str) -> Field:
    """Return what a FIELD element says.

    Raises
    ------
    IngestError
        Names ``label`` and the column whose type cannot be held.
    """
    name = (attributes.get("name") or attributes.get("ID") or "").strip()
    said = attributes.get("datatype", "")
    try:
        datatype = Datatype("boolean" if said == "bit" else said)
    except ValueError:
        raise IngestError(
            f"{label}: column {name!r} has datatype {said[:40]!r}, which is not supported"
        ) from None
    is_text = datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR)
    count = _count(attributes.get("arraysize", ""), name, label)
    size: str | None = "*" if is_text or count is None else str(count)
    if not is_text and count == 1:
        size = None
    xtype = attributes.get("xtype") or None
    if xtype == "timestamp" and not is_text:
        xtype = None
    column = Column(
        name,
        datatype,
        size,
        xtype=xtype,
        unit=attributes.get("unit", "").strip() or None,
        ucd=attributes.get("ucd", "").strip() or None,
        utype=attributes.get("utype", "").strip() or None,
        description=description or None,
    )
    return Field(column, np.dtype(_ITEMS[datatype]), count, null, bits=said == "bit")


def link_of(attributes: Mapping[str, str]) -> list[Link]:
    """Return the link that a LINK element is; none unless it leads to the Web.

    A browser may follow it, and what else it would do with an address a file cannot be trusted with.
    """
    href = attributes.get("href", "").strip()
    if not href.lower().startswith(("http://", "https://")):
        return []
    facts = (attributes.get(name) or None for name in ("title", "content-type", "content-role"))
    return [Link(href, *facts)]


def _count(arraysize: str, name: str, label: str) -> int | None:
    text = arraysize.strip()
    if not text:
        return 1
    if text.endswith("*"):
        return None
    parts = text.split("x")
    if not all(part.strip().isascii() and part.strip().isdecimal() and len(part) < 10 for part in parts):
        raise IngestError(f"{label}: column {name!r} has arraysize {text[:40]!r}, which is not understood")
    count = prod(int(part) for part in parts)
    if not 0 < count <= _LONGEST:
        raise IngestError(f"{label}: column {name!r} has {count} values in each cell, which is not supported")
    return count
