"""Numbers apart from the text of a statement.

Queries of one form, such as cones at different places, then have one text, which DuckDB's parser and
the gate have to see only once. DuckDB plans with the numbers all the same: it puts them back in
before it looks for what can be skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Lifted", "lift"]

# Only numbers whose type as a parameter is the one they have in the text: BIGINT and DOUBLE.
_NUMBER = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|"""
    r"(?<![\w$.])([1-9][0-9]{10,17}|[1-8][0-9]{18}|[0-9]{1,17}(?:\.[0-9]{0,20})?e[+-]?[0-9]{1,3})(?![\w.])"
)


_LIMIT = re.compile(r" LIMIT ([0-9]{1,18})$")


@dataclass(frozen=True, slots=True)
class Lifted:
    """A statement without its numbers, and these."""

    text: str
    """With ``$1``, ``$2``, … in place of large integers, of DOUBLE literals, and of the limit at the end."""

    numbers: tuple[int | float, ...]
    limit: int | None = None
    """The most rows of the statement, which then is the last number too."""

    def within(self, rows: int) -> list[int | float]:
        """Return the numbers with which it has at most so many rows."""
        if self.limit is None:
            raise ValueError("The statement has no limit")
        return [*self.numbers[:-1], min(self.limit, rows)]


def lift(sql: str) -> Lifted:
    """Take the numbers out of a statement.

    A number that comes twice becomes the same parameter, so that expressions stay alike. What stands
    in quotes is left alone.
    """
    places: dict[str, int] = {}

    def parameter(found: re.Match[str]) -> str:
        number = found[1]
        return found[0] if number is None else f"${places.setdefault(number, len(places) + 1)}"

    limit = _LIMIT.search(sql)
    text = _NUMBER.sub(parameter, sql if limit is None else sql[: limit.start()])
    numbers = tuple(float(number) if "e" in number else int(number) for number in places)
    if limit is None:
        return Lifted(text, numbers)
    return Lifted(f"{text} LIMIT ${len(numbers) + 1}", (*numbers, int(limit[1])), int(limit[1]))
