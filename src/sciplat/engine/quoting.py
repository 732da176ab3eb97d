"""Names and texts as DuckDB's SQL wants them written."""

from __future__ import annotations

__all__ = ["identifier", "literal"]


def identifier(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return a text, or the path of a file, in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"
