"""Functions as the engine's SQL: each is written once, as text, and filled with its arguments."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

from sciplat.adql.build import call, copy

__all__ = ["fill"]

_MOST_COPIED = 40
"""Nodes of an argument that is written more than once; nested calls would double it at each level."""


def fill(sql: str, arguments: list[exp.Expr]) -> exp.Expr:
    """Return the SQL of a function with its arguments.

    Parameters
    ----------
    sql
        The engine's name of the function, or its SQL with ``$1``, ``$2`` for the arguments.
    """
    if sql.isidentifier():
        return call(sql, *arguments)
    template, repeated = _template(sql)
    tree: exp.Expr = template.copy()
    inside = {}
    for place in repeated:
        if not _is_small(arguments[place - 1]):
            inside[place] = f"v{place}"
    for mark in list(tree.find_all(exp.Placeholder)):
        place = int(mark.name)
        known = inside.get(place)
        mark.replace(exp.column(known) if known is not None else copy(arguments[place - 1]))
    for place, name in inside.items():
        tree = _once(tree, name, arguments[place - 1])
    return exp.Paren(this=tree) if isinstance(tree, exp.Binary | exp.Unary) else tree


@cache
def _template(sql: str) -> tuple[exp.Expr, tuple[int, ...]]:
    """Return the tree of a function's SQL, and the places of arguments that stand in it more than once."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    places = [int(mark.name) for mark in tree.find_all(exp.Placeholder)]
    return tree, tuple(sorted({place for place in places if places.count(place) > 1}))


def _is_small(node: exp.Expr) -> bool:
    """Tell whether a value may be worked out twice: it is short, and the same each time."""
    for count, inner in enumerate(node.walk(), start=1):
        if count > _MOST_COPIED or isinstance(inner, exp.Rand):
            return False
        if isinstance(inner, exp.Anonymous) and inner.name == "RANDOM":
            return False
    return True


def _once(tree: exp.Expr, name: str, value: exp.Expr) -> exp.Expr:
    """Return a tree in which ``name`` stands for a value that is worked out once."""
    body = exp.Lambda(this=tree, expressions=[exp.to_identifier(name)], colon=True)
    mapped = call("LIST_TRANSFORM", exp.Array(expressions=[value.copy()], bracket_notation=True), body)
    return exp.Bracket(this=mapped, expressions=[exp.Literal.number(1)], offset=1)
