"""Numbers apart from the text of a statement.

Queries of one form, such as cones at different places, then have one text, which DuckDB's parser and
the gate have to see only once. DuckDB plans with the numbers all the same: it puts them back in
before it looks for what can be skipped.
"""

from __future__ import annotations

import re

__all__ = ["lift"]

# Only numbers whose type as a parameter is the one they have in the text: BIGINT and DOUBLE.
_NUMBER = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|"""
    r"(?<![\w$.])([1-9][0-9]{10,17}|[1-8][0-9]{18}|[0-9]{1,17}(?:\.[0-9]{0,20})?e[+-]?[0-9]{1,3})(?![\w.])"
)


def lift(sql: str) -> tuple[str, list[int | float]]:
    """Return a statement with ``$1``, ``$2``, … in place of large integers and of DOUBLE literals, and those.

    A number that comes twice becomes the same parameter, so that expressions stay alike. What stands
    in quotes is left alone.
    """
    places: dict[str, int] = {}

    def parameter(found: re.Match[str]) -> str:
        number = found[1]
        return found[0] if number is None else f"${places.setdefault(number, len(places) + 1)}"

    text = _NUMBER.sub(parameter, sql)
    return text, [float(number) if "e" in number else int(number) for number in places]
