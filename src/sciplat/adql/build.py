"""Pieces of SQL that more than one rule writes."""

from __future__ import annotations

from functools import reduce
from math import isfinite

from sqlglot import exp

from sciplat.adql.kinds import Kind, kind_of, set_kind
from sciplat.adql.tree import nodes

__all__ = [
    "add",
    "aggregate_name",
    "aggregates",
    "all_of",
    "any_of",
    "call",
    "constant",
    "copy",
    "multiply",
    "number",
    "plain",
    "real",
    "real_text",
    "strip",
    "subtract",
]


def number(value: float) -> exp.Expr:
    """Return a DOUBLE. DuckDB would read 1.5 as DECIMAL, and 1.5e0 as DOUBLE."""
    text = repr(float(abs(value)))
    node: exp.Expr
    if isfinite(value):
        node = exp.Literal.number(real_text(abs(value)))
    else:
        node = exp.TryCast(this=exp.Literal.string(text), to=exp.DataType(this=exp.DType.DOUBLE))
    set_kind(node, Kind.FLOAT)
    node.meta["done"] = True
    return exp.Neg(this=node) if value < 0 else node


def real_text(value: float) -> str:
    """Return a finite DOUBLE as text, in parentheses if it is negative."""
    text = repr(float(value))
    if "e" not in text:
        text += "e0"
    return f"({text})" if value < 0 else text


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of a function of the engine."""
    node = exp.Anonymous(this=name, expressions=list(arguments))
    node.meta["done"] = True
    return node


def copy(node: exp.Expr) -> exp.Expr:
    """Return a copy that can stand elsewhere, in parentheses where it is not simple."""
    new: exp.Expr = node.copy()
    return (
        new if isinstance(new, exp.Column | exp.Literal | exp.Paren | exp.Anonymous) else exp.Paren(this=new)
    )


def all_of(*conditions: exp.Expr) -> exp.Expr:
    """Return a condition that holds when all hold, in parentheses."""
    return exp.Paren(this=_balanced(list(conditions), exp.And))


def any_of(*conditions: exp.Expr) -> exp.Expr:
    """Return a condition that holds when any holds, in parentheses."""
    return exp.Paren(this=_balanced(list(conditions), exp.Or))


def _balanced(conditions: list[exp.Expr], node: type[exp.Connector]) -> exp.Expr:
    return reduce(lambda left, right: node(this=left, expression=right), conditions)


def strip(node: exp.Expr) -> exp.Expr:
    """Return what stands inside parentheses."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def constant(node: exp.Expr) -> float | None:
    """Return the value of a number that doesn't depend on any row; None for any other."""
    node = strip(node)
    match node:
        case exp.Literal():
            try:
                return float(node.name)
            except ValueError:
                return None
        case exp.Neg():
            value = constant(node.this)
            return None if value is None else -value
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            left, right = constant(node.this), constant(node.expression)
            if left is None or right is None:
                return None
            whole = kind_of(node.this) is Kind.INTEGER and kind_of(node.expression) is Kind.INTEGER
            return _arithmetic(node, left, right, whole=whole)
        case _:
            return None


def _arithmetic(node: exp.Expr, left: float, right: float, *, whole: bool) -> float | None:
    match node:
        case exp.Add():
            return left + right
        case exp.Sub():
            return left - right
        case exp.Mul():
            return left * right
        case _ if right == 0:
            return None
        case _:
            value = left / right
            return float(int(value)) if whole and isfinite(value) else value


def plain(node: exp.Expr) -> exp.Expr:
    """Return a node as an operand: in parentheses if it has an operator."""
    return exp.Paren(this=node) if isinstance(node, exp.Binary | exp.Neg) else node


def real(node: exp.Expr) -> exp.Expr:
    """Return a node whose value is DOUBLE."""
    if kind_of(node) is Kind.FLOAT or node.meta_get("done"):
        return node
    new = exp.TryCast(this=node, to=exp.DataType(this=exp.DType.DOUBLE))
    set_kind(new, Kind.FLOAT)
    new.meta["done"] = True
    return new


def add(*terms: exp.Expr) -> exp.Expr:
    """Return a sum."""
    return reduce(lambda left, right: exp.Add(this=left, expression=right), terms)


def subtract(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return a difference, in parentheses."""
    return exp.Paren(this=exp.Sub(this=plain(left), expression=plain(right)))


def multiply(*factors: exp.Expr) -> exp.Expr:
    """Return a product."""
    return reduce(lambda left, right: exp.Mul(this=left, expression=right), factors)


def aggregates(node: exp.Expr) -> list[exp.AggFunc]:
    """Return the aggregates in a value, without those of the queries inside it."""
    return [inner for inner in nodes(node, queries=False) if isinstance(inner, exp.AggFunc)]


def aggregate_name(node: exp.AggFunc) -> str:
    """Return what the query calls an aggregate."""
    return node.name if isinstance(node, exp.AnonymousAggFunc) else node.key.upper()
