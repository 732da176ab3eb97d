"""Headers of FITS files, with all that is known of the columns (FITS 4.0, sections 4 and 7.3).

UCD, utype and xtype stand in TUCDn, TUTYPn and TXTYPn and the description in TCOMMn, as STIL (TOPCAT,
STILTS) writes and reads them; a text that is longer than a card goes on in CONTINUE cards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sciplat.tables.document import Document
from sciplat.tables.fits_columns import FITSColumn

__all__ = ["header"]

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def header(columns: Sequence[FITSColumn], rows: int, document: Document, *, overflow: bool) -> bytes:
    """Return everything before the first row: a primary header without data, and the table's own."""
    # astropy.io.fits takes 0.1 s to import, which only those pay who ask for FITS.
    from astropy.io.fits import Header  # noqa: PLC0415

    primary = Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)])
    table = Header(
        [
            ("XTENSION", "BINTABLE"),
            ("BITPIX", 8),
            ("NAXIS", 2),
            ("NAXIS1", sum(column.width for column in columns), "bytes in a row"),
            ("NAXIS2", rows, "rows"),
            ("PCOUNT", sum(column.heap for column in columns), "bytes in the heap"),
            ("GCOUNT", 1),
            ("TFIELDS", len(columns), "columns"),
        ]
    )
    for number, column in enumerate(columns, 1):
        about = column.cell.column
        table[f"TTYPE{number}"] = _printable(about.name)
        table[f"TFORM{number}"] = column.form
        if column.null is not None and not column.in_heap:
            table[f"TNULL{number}"] = column.null
        size = column.cell.arraysize
        if size is not None and "x" in size and column.cell.count is not None:
            table[f"TDIM{number}"] = f"({size.replace('x', ',')})"
        facts = {
            "TUNIT": about.unit,
            "TUCD": about.ucd,
            "TUTYP": about.utype,
            "TXTYP": about.xtype,
            "TCOMM": about.description,
        }
        for keyword, fact in facts.items():
            if fact:
                table[f"{keyword}{number}"] = _printable(fact)
    for number, column in enumerate(columns, 1):
        if column.null is not None and column.in_heap:
            # astropy cannot read a TNULL of arrays of variable length.
            table.add_comment(f"NULL inside the arrays of column {number} is {column.null}")
    table["QSTATUS"] = ("OVERFLOW" if overflow else "OK", "QUERY_STATUS: whether rows were cut")
    if document.query is not None:
        table["QUERY"] = _printable(document.query)
    if document.description is not None:
        table["COMMENT"] = _printable(document.description)
    for info in document.infos:
        table.add_comment(_printable(f"{info.name} = {info.value}"))
    made: bytes = (primary.tostring() + table.tostring()).encode("ascii")
    return made


def _printable(text: str) -> str:
    """Return text as a header can hold it: printable ASCII, one line."""
    return _UNPRINTABLE.sub("?", " ".join(text.split()))
