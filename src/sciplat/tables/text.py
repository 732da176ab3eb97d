"""Cells as text, a whole column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.tables.cells import Array, Cell, Shape, run_bytes, settle

__all__ = ["Spelling", "cell_text", "contains", "join_rows", "words"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a format writes the numbers that are none."""

    infinity: str
    minus_infinity: str
    not_a_number: str = "NaN"


def cell_text(cell: Cell, values: pa.Array, spelling: Spelling) -> pa.Array:
    """Return values as text, NULL where they are; floats in the fewest digits that give them back."""
    settled = settle(cell, values)
    if not isinstance(settled, Array):
        return settled if cell.shape is Shape.TEXT else words(settled, spelling)
    each = words(settled.flat, spelling)
    if each.null_count:
        each = each.fill_null("?")
    valid = None if settled.valid is None else pa.array(~settled.valid)
    rows = pa.ListArray.from_arrays(pa.array(settled.offsets), each, mask=valid)
    return pc.binary_join(rows, " ")


def words(values: pa.Array, spelling: Spelling) -> pa.Array:
    """Return numbers and truth values as text, NULL where they are."""
    plain = values.cast(pa.string())
    if not pa.types.is_floating(values.type):
        return plain
    finite = pc.is_finite(values)
    if pc.all(finite).as_py() is not False:
        return plain
    positive = pc.greater(values, 0)
    odd = pc.if_else(
        pc.is_nan(values),
        spelling.not_a_number,
        pc.if_else(positive, spelling.infinity, spelling.minus_infinity),
    )
    return pc.if_else(finite, plain, odd)


def contains(text: pa.Array, characters: Iterable[bytes]) -> bool:
    """Return whether any of these single-byte characters occurs in any value."""
    raw = np.frombuffer(run_bytes(text.fill_null("") if text.null_count else text)[1], np.uint8)
    return any(bool((raw == ord(character)).any()) for character in characters)


def join_rows(columns: Sequence[pa.Array], between: str, end: str, *, null: str = "") -> memoryview:
    """Return rows as one text: cells apart by ``between``, each row closed by ``end``."""
    last = pc.binary_join_element_wise(columns[-1], end, "", null_handling="replace", null_replacement=null)
    rows = pc.binary_join_element_wise(
        *columns[:-1], last, between, null_handling="replace", null_replacement=null
    )
    return memoryview(run_bytes(rows)[1])
