"""Numbers, texts and functions as the engine has them.

Where DuckDB would stop a query for one bad row, the value of that row is NULL: division by zero, the
logarithm of zero and less, square roots of negative numbers, arcs of more than 1, texts that are no
number. Division of integers drops the fraction, as in PostgreSQL; decimal literals are DOUBLE.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sciplat.adql.build import call, constant, number, plain
from sciplat.adql.conversion import (
    alike,
    as_number,
    as_text,
    as_time,
    as_whole,
    cast,
    comparable,
    compare,
)
from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.kinds import Kind, kind_of, set_kind
from sciplat.adql.resolved import Resolved
from sciplat.adql.templates import fill
from sciplat.adql.tree import nodes

__all__ = ["numbers"]

_LARGEST = 2**63 - 1


def numbers(resolved: Resolved) -> None:
    """Rewrite literals, arithmetic, comparisons, casts and functions of a whole tree."""
    # Innermost first, so that an operand is finished before what it stands in looks at it.
    for node in reversed(nodes(resolved.tree)):
        if node.meta_get("done"):
            continue
        match node:
            case exp.Literal():
                _literal(node)
            case exp.Anonymous() | exp.AnonymousAggFunc():
                _function(resolved, node)
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                _arithmetic(resolved, node)
            case exp.Neg():
                node.set("this", as_number(resolved, node.this))
            case exp.Sum():
                _sum(resolved, node)
            case exp.Avg():
                _operand(resolved, node)
            case exp.Case():
                _case(resolved, node)
            case exp.Cast():
                cast(resolved, node)
            case _:
                compare(resolved, node)


# -- literals ----------------------------------------------------------------------------------------


def _literal(node: exp.Literal) -> None:
    if node.is_string or isinstance(node.parent, exp.Limit | exp.Offset | exp.DataTypeParam):
        return
    if node.name.isdecimal():
        if int(node.name) > _LARGEST:
            node.set("this", f"{node.name}e0")
    elif "e" not in node.name.lower():
        # "1.5e0" is DOUBLE, "1.5" would be DECIMAL. A digit on each side of the point.
        whole, _, fraction = node.name.partition(".")
        node.set("this", f"{whole or '0'}.{fraction or '0'}e0")
    else:
        mantissa, _, exponent = node.name.lower().partition("e")
        whole, _, fraction = mantissa.partition(".")
        node.set("this", f"{whole or '0'}.{fraction or '0'}e{exponent}")


# -- arithmetic --------------------------------------------------------------------------------------


def _arithmetic(resolved: Resolved, node: exp.Expr) -> None:
    left, right = as_number(resolved, node.this), as_number(resolved, node.expression)
    node.set("this", left)
    node.set("expression", right)
    if not isinstance(node, exp.Div):
        return
    divisor = node.expression
    if not _is_nonzero(divisor):
        divisor = call("NULLIF", divisor.copy(), exp.Literal.number(0))
    if kind_of(left) is Kind.INTEGER and kind_of(right) is Kind.INTEGER:
        whole = exp.Paren(this=exp.IntDiv(this=node.this, expression=divisor))
        set_kind(whole, Kind.INTEGER)
        node.replace(whole)
    else:
        node.set("expression", divisor)


def _is_nonzero(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) != 0


def _operand(resolved: Resolved, node: exp.Expr) -> None:
    if isinstance(node.this, exp.Distinct):
        inner = node.this
        inner.set("expressions", [as_number(resolved, inner.expressions[0])])
    else:
        node.set("this", as_number(resolved, node.this))


def _sum(resolved: Resolved, node: exp.Sum) -> None:
    _operand(resolved, node)
    if kind_of(node) is Kind.INTEGER:
        # DuckDB sums integers to 128 bits, which no table format of the VO has.
        total = exp.Cast(this=node.copy(), to=exp.DataType(this=exp.DType.BIGINT))
        set_kind(total, Kind.INTEGER)
        node.replace(total)


# -- functions ---------------------------------------------------------------------------------------


def _case(resolved: Resolved, node: exp.Case) -> None:
    """Let all results be of one kind, and what is compared comparable."""
    branches = node.args["ifs"]
    results = [branch.args["true"] for branch in branches]
    if node.args.get("default") is not None:
        results.append(node.args["default"])
    new = alike(resolved, results)
    for branch, result in zip(branches, new, strict=False):
        branch.set("true", result)
    if len(new) > len(branches):
        node.set("default", new[-1])
    if node.this is not None:
        first, *tests = comparable(resolved, [node.this, *(branch.this for branch in branches)])
        node.set("this", first)
        for branch, test in zip(branches, tests, strict=True):
            branch.set("this", test)


_CONVERSIONS: dict[str, Callable[[Resolved, exp.Expr], exp.Expr]] = {
    "n": as_number,
    "i": as_whole,
    "t": as_text,
    "d": as_time,
}


def _function(resolved: Resolved, node: exp.Anonymous | exp.AnonymousAggFunc) -> None:
    name, arguments = node.name, list(node.expressions)
    function = FUNCTIONS[name.upper()]
    if function.sql is not None:
        converted = [
            _CONVERSIONS[letter](resolved, argument)
            for letter, argument in zip(function.takes, arguments, strict=True)
        ]
        if name in _LIMITS:
            _LIMITS[name](resolved, node)
        new = fill(function.sql, converted)
    else:
        new = _special(resolved, node, name, arguments)
    set_kind(new, kind_of(node))
    node.replace(new)


_MOST_PLACES = 400
"""A double has fewer, on either side of the point."""


def _special(resolved: Resolved, node: exp.Expr, name: str, arguments: list[exp.Expr]) -> exp.Expr:
    match name:
        case "COALESCE":
            return call(name, *alike(resolved, arguments))
        case "IN_UNIT":
            factor, divides = node.meta["factor"]
            value = plain(as_number(resolved, arguments[0]))
            converted = (exp.Div if divides else exp.Mul)(this=value, expression=number(factor))
            return exp.Paren(this=converted)
        case "RAND":
            return _seeded(resolved, node) if arguments else call("RANDOM")
        case "MOD":
            divided, divisor = (as_number(resolved, argument) for argument in arguments)
            if not _is_nonzero(divisor):
                divisor = call("NULLIF", divisor, exp.Literal.number(0))
            return call("MOD", divided, divisor)
        case _:
            engine = "TRUNC" if name == "TRUNCATE" else name
            value = as_number(resolved, arguments[0])
            return call(engine, value, *(_places(argument) for argument in arguments[1:]))


def _seeded(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a number from 0 to 1 that a row of a table always has for one seed.

    The engine works rows out in any order, so the number is made of the row and not of the one before.
    """
    # A rule before this one may have put a query in the table's place, which has no numbers of rows.
    queries = {query.alias for query in resolved.tree.find_all(exp.Subquery)}
    row = [
        exp.column("rowid", table=alias, quoted=True)
        if stored and alias not in queries
        else exp.column(alias, quoted=True)
        for alias, stored in node.meta["rows"]
    ]
    bits = exp.BitwiseRightShift(
        this=call("HASH", *row, node.expressions[0].copy()), expression=exp.Literal.number(11)
    )
    return exp.Paren(this=exp.Mul(this=exp.Paren(this=bits), expression=number(2.0**-53)))


def _places(node: exp.Expr) -> exp.Expr:
    """Return a number of decimal places, as written, as one that the engine can take: 32 bits."""
    if isinstance(node, exp.Neg):
        return exp.Neg(this=_places(node.this))
    return exp.Literal.number(int(min(float(node.name), _MOST_PLACES)))


# -- limits of arguments that are the same for all rows ----------------------------------------------

_MOST_BINS = 10_000


def _histogram(resolved: Resolved, node: exp.Expr) -> None:
    lower, upper, bins = (constant(argument) or 0.0 for argument in node.expressions[1:])
    if not lower < upper:
        raise resolved.error(node.expressions[2], "The upper limit of a histogram is above the lower one")
    if not 1 <= bins <= _MOST_BINS:
        raise resolved.error(node.expressions[3], f"A histogram has 1 to {_MOST_BINS:,} bins")


def _percentile(resolved: Resolved, node: exp.Expr) -> None:
    if not 0 <= (constant(node.expressions[1]) or 0.0) <= 100:
        raise resolved.error(node.expressions[1], "A percentile is a number from 0 to 100")


_LIMITS: dict[str, Callable[[Resolved, exp.Expr], None]] = {
    "ivo_histogram": _histogram,
    "scisql_percentile": _percentile,
}
