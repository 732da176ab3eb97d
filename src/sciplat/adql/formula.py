"""Formulas: SQL of the engine that is written out as text, around values of the query.

Some of the sky's mathematics would be unreadable as a tree. A formula is one node of the tree; the
values in it are nodes still, so later rules find and finish them.
"""

from __future__ import annotations

from string import Template
from typing import ClassVar

from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

__all__ = ["Formula", "formula"]


class Formula(exp.Expression):
    """SQL in which ``$a``, ``$b``, … stand for values."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "names": True, "expressions": False}


def formula(text: str, **values: exp.Expr) -> Formula:
    """Return a value that DuckDB works out by a formula.

    A value that is more than a column or number is worked out once, however often the formula has it.
    Inside lambdas write ``v['e']``, never ``v.e``: that would be a column if a table is called ``v``.

    Parameters
    ----------
    text
        The SQL; ``$name`` stands for the value of this name.
    values
        What the names stand for.
    """
    bound = [name for name, value in values.items() if not _is_simple(value)]
    if bound:
        inner = Template(text).safe_substitute({name: f"_given['{name}']" for name in bound})
        given = ", ".join(f"{name} := ${name}" for name in bound)
        text = f"LIST_TRANSFORM([STRUCT_PACK({given})], LAMBDA _given : {inner})[1]"
    node = Formula(this=text, names=tuple(values), expressions=[value.copy() for value in values.values()])
    node.meta["done"] = True
    return node


def _is_simple(value: exp.Expr) -> bool:
    if isinstance(value, exp.Neg):
        value = value.this
    return isinstance(value, exp.Column | exp.Literal)


def _write(generator: DuckDBGenerator, node: Formula) -> str:
    values = {
        name: _in_brackets(generator.sql(value), value)
        for name, value in zip(node.args["names"], node.expressions, strict=True)
    }
    return Template(node.this).substitute(values)


def _in_brackets(text: str, value: exp.Expr) -> str:
    return f"({text})" if isinstance(value, exp.Neg) else text


# How sqlglot learns to write a node that it doesn't know.
DuckDBGenerator.TRANSFORMS[Formula] = _write
