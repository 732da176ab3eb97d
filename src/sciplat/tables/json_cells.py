"""Cells as JSON, a whole column at a time (RFC 8259)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.cells import Array, Cell, Shape, settle
from sciplat.tables.text import Spelling, contains, words
from sciplat.vo.schema import Datatype

__all__ = ["NUMBERS_AS_TEXT", "cell_json", "quoted"]

NUMBERS_AS_TEXT = Spelling('"Infinity"', '"-Infinity"', '"NaN"')
"""JSON has no such numbers; JavaScript's ``Number`` reads these texts as what they are."""

_CONTROLS = {chr(code): f"\\u{code:04x}" for code in range(32)} | {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ANY_CONTROL = r"[\x00-\x1f]"


def cell_json(
    cell: Cell, values: pa.Array, *, spelling: Spelling = NUMBERS_AS_TEXT, exact_ids: bool = True
) -> pa.Array:
    """Return values as JSON texts, NULL where they are.

    Parameters
    ----------
    spelling
        How the numbers that are none are written.
    exact_ids
        64-bit integers become texts: JavaScript keeps no more than 53 bits of a number.
    """
    settled = settle(cell, values, keep_nulls=True)
    if cell.shape is Shape.TEXT:
        return quoted(settled)
    as_text = exact_ids and cell.datatype is Datatype.LONG
    if not isinstance(settled, Array):
        return _words(settled, spelling, as_text)
    each = _words(settled.flat, spelling, as_text)
    if each.null_count:
        each = each.fill_null("null")
    valid = None if settled.valid is None else pa.array(~settled.valid)
    rows = pa.ListArray.from_arrays(pa.array(settled.offsets), each, mask=valid)
    return pc.binary_join_element_wise("[", pc.binary_join(rows, ","), "]", "")


def quoted(text: pa.Array) -> pa.Array:
    """Return texts as JSON strings, NULL where they are."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"')):
        if contains(text, [character.encode()]):
            text = pc.replace_substring(text, character, escape)
    if pc.any(pc.match_substring_regex(text, _ANY_CONTROL)).as_py():
        for character, escape in _CONTROLS.items():
            text = pc.replace_substring(text, character, escape)
    return pc.binary_join_element_wise('"', text, '"', "")


def _words(values: pa.Array, spelling: Spelling, as_text: bool) -> pa.Array:
    each = words(values, spelling)
    return pc.binary_join_element_wise('"', each, '"', "") if as_text else each
