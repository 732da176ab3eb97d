"""Rows of words for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

__all__ = ["aligned"]


def aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield each row as a line, its words two spaces apart under those of the line above."""
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    for row in found:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
