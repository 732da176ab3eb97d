"""Calls of functions: ADQL's own, and those a service adds (ADQL 2.1, <value_function> and the like)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import aggregate_name, aggregates
from sciplat.adql.cursor import Cursor, mark
from sciplat.adql.functions import FUNCTIONS, OPTIONAL_SYSTEM
from sciplat.adql.tokens import Token, Word

__all__ = ["aggregate", "call", "is_call"]

_AGGREGATES: dict[str, type[exp.AggFunc]] = {
    "COUNT": exp.Count,
    "MIN": exp.Min,
    "MAX": exp.Max,
    "AVG": exp.Avg,
    "SUM": exp.Sum,
}


def is_call(token: Token) -> bool:
    """Tell whether a reserved word is the name of a function with a signature."""
    return token.text in FUNCTIONS


def call(cursor: Cursor) -> tuple[str, exp.Expr]:
    """Read a call; its arguments must fit the signature if the function is known."""
    token = cursor.token
    name = token.text if token.word is Word.NAME else token.text.upper()
    with cursor.deeper():
        cursor.advance()
        cursor.advance()
        kinds = ""
        arguments: list[exp.Expr] = []
        if not cursor.at(")"):
            while not arguments or cursor.accept(","):
                kind, argument = _argument(cursor)
                kinds += kind
                arguments.append(argument)
        cursor.expect(")")
    function = FUNCTIONS.get(name.upper())
    result = "c"
    if function is not None:
        if not function.accepts(kinds):
            raise cursor.text.error(
                f"{name} cannot be called so. Its form is {function.usage}", *cursor.since(token.start)
            )
        result = function.result
        name = function.name
    node: exp.Expr
    if function is not None and function.aggregate:
        _no_aggregate(cursor, name, arguments, token.start)
        node = exp.AnonymousAggFunc(this=name, expressions=arguments)
    else:
        node = exp.Anonymous(this=name, expressions=arguments)
    mark(node, *cursor.since(token.start))
    if name in OPTIONAL_SYSTEM and kinds[0] in "l0":
        # The system is no argument of the region, so the rules need not look for it.
        system = arguments.pop(0)
        node.set("expressions", arguments)
        node.meta["system"] = system.name if isinstance(system, exp.Literal) else ""
    return result, node


def _argument(cursor: Cursor) -> tuple[str, exp.Expr]:
    if cursor.token.means("*"):
        raise cursor.error("Only COUNT takes *", cursor.token)
    return cursor.grammar.value(cursor)


def aggregate(cursor: Cursor) -> tuple[str, exp.Expr]:
    """<set_function_specification>: COUNT(*) or COUNT, MIN, MAX, AVG, SUM of one value."""
    token = cursor.advance()
    with cursor.deeper():
        cursor.advance()
        kind = "n"
        node: exp.Expr
        if token.text == "COUNT" and cursor.accept("*"):
            node = exp.Count(this=exp.Star())
        else:
            quantifier = cursor.accept("DISTINCT", "ALL")
            start = cursor.token.start
            kind, operand = cursor.grammar.value(cursor)
            if kind in "pg":
                raise cursor.text.error(f"{token.text} takes no region", *cursor.since(start))
            _no_aggregate(cursor, token.text, [operand], start)
            if quantifier is not None and quantifier.text == "DISTINCT":
                operand = exp.Distinct(expressions=[operand])
            node = _AGGREGATES[token.text](this=operand)
        cursor.expect(")")
    mark(node, *cursor.since(token.start))
    return ("c" if token.text in ("MIN", "MAX") and kind in "lsc" else "n"), node


def _no_aggregate(cursor: Cursor, name: str, operands: list[exp.Expr], start: int) -> None:
    for operand in operands:
        for found in aggregates(operand):
            raise cursor.text.error(
                f"{name} takes no other aggregate, and {aggregate_name(found)} is one: use a subquery",
                *cursor.since(start),
            )
