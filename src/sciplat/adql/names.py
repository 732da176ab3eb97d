"""Names: of columns, tables and aliases (ADQL 2.1, <identifier>)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.cursor import Cursor, mark
from sciplat.adql.functions import AGGREGATES
from sciplat.adql.tokens import Token, Word
from sciplat.vo.names import ADQL_WORDS

__all__ = ["alias", "column", "dotted", "name"]


def _identifier(token: Token) -> exp.Identifier:
    node = exp.Identifier(this=token.text, quoted=token.word is Word.DELIMITED)
    mark(node, token.start, token.end)
    return node


def name(cursor: Cursor, called: str) -> exp.Identifier:
    """Read an <identifier>: a plain name, or any text in double quotes."""
    if cursor.token.word in (Word.NAME, Word.DELIMITED):
        return _identifier(cursor.advance())
    cursor.want(called)
    raise cursor.unexpected()


def dotted(cursor: Cursor, called: str, *, most: int) -> list[exp.Identifier]:
    """Return the parts of a name with dots, ``most`` at most."""
    start = cursor.token.start
    parts = [name(cursor, called)]
    while cursor.at(".") and not cursor.peek().means("*"):
        cursor.advance()
        parts.append(name(cursor, called))
    if len(parts) > most:
        raise cursor.text.error(
            f"{called[0].upper()}{called[1:]} has at most {most} parts", *cursor.since(start)
        )
    return parts


def column(cursor: Cursor) -> exp.Expr:
    """<column_reference>: ``column``, ``table.column``, up to ``catalog.schema.table.column``."""
    start = cursor.token.start
    parts = dotted(cursor, "a column name", most=4)
    node = exp.Column(**dict(zip(("this", "table", "db", "catalog"), reversed(parts), strict=False)))
    mark(node, *cursor.since(start))
    return node


def alias(cursor: Cursor, called: str, *, words: bool = False) -> exp.Identifier | None:
    """Return the alias that stands here, with or without AS; None if there is none.

    ``words`` allows the name of a function after AS, as in ``DISTANCE(...) AS distance``: an
    extension, since Rubin's notebooks are written so.
    """
    said = cursor.accept("AS")
    token = cursor.token
    if token.word in (Word.NAME, Word.DELIMITED):
        return _identifier(cursor.advance())
    if said is None:
        cursor.want("an alias")
        return None
    function = token.text in ADQL_WORDS - {"TOP", "OFFSET"} or token.text in AGGREGATES
    if words and token.word is Word.KEYWORD and function:
        written = cursor.text.text[token.start : token.end]
        cursor.advance()
        node = exp.Identifier(this=written, quoted=False)
        mark(node, token.start, token.end)
        return node
    cursor.want(called)
    raise cursor.unexpected()
