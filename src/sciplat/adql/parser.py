"""ADQL 2.1 text in, sqlglot tree out; nothing is known of any catalog here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.conditions import condition
from sciplat.adql.cursor import Cursor, Grammar
from sciplat.adql.queries import query, statement
from sciplat.adql.tokens import Text
from sciplat.adql.values import value
from sciplat.errors import ADQLError

__all__ = ["Check", "check", "parse"]

_GRAMMAR = Grammar(query=query, condition=condition, value=value)


@dataclass(frozen=True, slots=True)
class Check:
    """What a linter says of one query."""

    valid: bool
    line: int | None = None
    """Where the error is, lines and columns from 1; None for a valid query."""
    column: int | None = None
    message: str | None = None


def parse(text: str) -> exp.Query:
    """Return the tree of a query, each name with its place in ``node.meta["span"]``.

    Raises
    ------
    ADQLError
        Where the text is not ADQL 2.1, or a known function has wrong arguments.
    """
    return statement(Cursor(Text(text), _GRAMMAR))


def check(text: str) -> Check:
    """Tell whether a text is ADQL 2.1: its syntax, and the signatures of known functions.

    Names of tables, columns and unknown functions are not looked up.
    """
    try:
        parse(text)
    except ADQLError as error:
        return Check(valid=False, line=error.line, column=error.column, message=error.message)
    return Check(valid=True)
