# SPDX-License-Identifier: BSD-3-Clause
"""What a query will do, as it is told before it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["ExplanationResponse", "ReadingFacts"]


class ReadingFacts(BaseModel):
    """What one reading of a table is expected to take."""

    table: str
    alias: str
    """What the SQL calls it."""
    columns: list[str]
    limited_by: list[str]
    """Columns of which only some values are wanted."""
    cells: list[tuple[str, str]] | None
    """Ranges of HEALPix cells of order 29, NESTED: first, and one after the last. None: all the sky."""
    parts: int
    """Of the table's file (row groups) that are read."""
    all_parts: int
    rows_read: int
    rows: int
    """That pass the conditions on this table alone."""


class ExplanationResponse(BaseModel):
    """What a query will do. Numbers are estimates."""

    words: list[str]
    """The same in sentences, in the order of what happens."""
    lane: Literal["short", "long"]
    seconds: float
    """Of processor time in the engine."""
    rows: int
    bytes: int
    """Of the result."""
    rows_read: int
    readings: list[ReadingFacts]
    sql: str
    """What the engine gets."""
