"""Values of one kind where another is needed: texts that stand for numbers or times, booleans, CAST.

What cannot fit is refused while the query is read; a row whose text is no number has NULL there.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlglot import exp

from sciplat.adql.build import any_of, call, number, strip
from sciplat.adql.kinds import NUMBERS, REGIONS, Kind, common_kind, kind_of, set_kind
from sciplat.adql.resolved import Resolved
from sciplat.adql.tokens import shortened

__all__ = ["alike", "as_number", "as_text", "as_time", "as_whole", "cast", "comparable", "compare"]

# Python would read the digits of other scripts too, and 1_000; the engine would not.
_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII
)

_KINDS = {
    exp.DType.INT: Kind.INTEGER,
    exp.DType.DOUBLE: Kind.FLOAT,
    exp.DType.BOOLEAN: Kind.BOOLEAN,
    exp.DType.TIMESTAMP: Kind.TIME,
}

_COMPARED: dict[type[exp.Expr], tuple[str, ...]] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.GT, exp.LTE, exp.GTE), ("this", "expression")),
    exp.Between: ("this", "low", "high"),
}


def as_number(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a node that can stand where a number must."""
    match kind_of(node):
        case Kind.TEXT if isinstance(node, exp.Literal):
            text = node.name.strip()
            if _NUMBER.fullmatch(text) is None:
                raise resolved.error(node, f"A number is needed here, and '{shortened(node.name)}' is none")
            value = float(text)
            if text.lstrip("+-").isdecimal():
                new: exp.Expr = exp.Literal.number(text.lstrip("+-"))
                new = exp.Neg(this=new) if value < 0 else new
                set_kind(new, Kind.INTEGER)
                return new
            return number(value)
        case Kind.TEXT:
            return _cast_to(node, exp.DType.DOUBLE)
        case Kind.BOOLEAN:
            return _cast_to(node, exp.DType.INT)
        case Kind.TIME:
            raise resolved.error(node, "A number is needed here, and this is a time")
        case Kind.POINT | Kind.CIRCLE | Kind.POLYGON:
            raise resolved.error(node, "A number is needed here, and this is a region")
        case _:
            return node


def as_whole(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a node that can stand where an integer must."""
    new = as_number(resolved, node)
    if kind_of(new) is Kind.FLOAT:
        raise resolved.error(node, "An integer is needed here: CAST(... AS BIGINT) makes one of a number")
    return new


def _cast_to(node: exp.Expr, to: exp.DType) -> exp.Expr:
    new = exp.TryCast(this=node.copy(), to=exp.DataType(this=to))
    set_kind(new, _KINDS[to])
    new.meta["done"] = True
    return new


def as_text(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a node that can stand where a text must."""
    kind = kind_of(node)
    if kind is Kind.TEXT:
        return node
    if kind in REGIONS:
        raise resolved.error(node, f"A text is needed here, and this is {kind.phrase}")
    return _text(node)


def _text(node: exp.Expr) -> exp.Expr:
    new = exp.Cast(this=node.copy(), to=exp.DataType(this=exp.DType.VARCHAR))
    set_kind(new, Kind.TEXT)
    new.meta["done"] = True
    return new


def as_time(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a node that can stand where a time must."""
    kind = kind_of(node)
    if kind not in (Kind.TEXT, Kind.TIME, Kind.OTHER):
        raise resolved.error(node, f"A time is needed here, and this is {kind.phrase}")
    return _time(resolved, node) if kind is not Kind.OTHER else _cast_to(node, exp.DType.TIMESTAMP)


def _time(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    if kind_of(node) is not Kind.TEXT:
        return node
    if isinstance(node, exp.Literal):
        try:
            datetime.fromisoformat(node.name)
        except ValueError:
            wrong = f"'{shortened(node.name)}' is none"
            raise resolved.error(
                node, f"A time such as '2025-06-30T04:05:06' is needed here, and {wrong}"
            ) from None
    return _cast_to(node, exp.DType.TIMESTAMP)


def _boolean(node: exp.Expr) -> exp.Expr:
    return node if kind_of(node) is Kind.BOOLEAN else _cast_to(node, exp.DType.BOOLEAN)


def comparable(resolved: Resolved, operands: list[exp.Expr]) -> list[exp.Expr]:
    """Return values that can be compared with one another."""
    kinds = {kind_of(operand) for operand in operands} - {Kind.OTHER}
    if len(kinds) <= 1 or kinds == {Kind.INTEGER, Kind.FLOAT}:
        return operands
    for odd, name in ((REGIONS, "region"), (frozenset({Kind.TIME}), "time")):
        if kinds & odd and (kinds - odd - ({Kind.TEXT} if name == "time" else set()) or name == "region"):
            wrong = next(operand for operand in operands if kind_of(operand) in odd)
            raise resolved.error(
                wrong,
                f"{kind_of(wrong).phrase.capitalize()} can be compared with {kind_of(wrong).phrase} only",
            )
    if Kind.TIME in kinds:
        return [_time(resolved, operand) for operand in operands]
    if kinds == {Kind.TEXT, Kind.BOOLEAN}:
        return [_boolean(operand) for operand in operands]
    return [as_number(resolved, operand) for operand in operands]


def alike(resolved: Resolved, values: list[exp.Expr]) -> list[exp.Expr]:
    """Return values that can be results of one CASE or COALESCE."""
    kinds = {kind_of(value) for value in values} - {Kind.OTHER}
    common = common_kind(kinds)
    if len(kinds) <= 1 or kinds == {Kind.INTEGER, Kind.FLOAT}:
        return values
    if common is Kind.TEXT:
        return [value if kind_of(value) in (Kind.TEXT, Kind.OTHER) else _text(value) for value in values]
    if common in NUMBERS:
        return [as_number(resolved, value) for value in values]
    wrong = next(value for value in values[1:] if kind_of(value) != kind_of(values[0]))
    raise resolved.error(
        wrong,
        f"{kind_of(wrong).phrase.capitalize()} cannot stand beside {kind_of(values[0]).phrase} in one column",
    )


def compare(resolved: Resolved, node: exp.Expr) -> None:
    """Let the operands of a comparison, of IN, LIKE or ``||`` fit one another."""
    keys = _COMPARED.get(type(node))
    if keys is not None:
        operands = comparable(resolved, [node.args[key] for key in keys])
        for key, operand in zip(keys, operands, strict=True):
            node.set(key, operand)
    elif isinstance(node, exp.In) and node.expressions:
        first, *others = comparable(resolved, [node.this, *node.expressions])
        if isinstance(strip(first), exp.Literal) and not all(isinstance(o, exp.Literal) for o in others):
            # DuckDB 2.0.0 cannot plan `'a' IN (CASE x WHEN y THEN z END, w)`.
            node.replace(any_of(*(exp.EQ(this=first.copy(), expression=other.copy()) for other in others)))
            return
        node.set("this", first)
        node.set("expressions", others)
    elif isinstance(node, exp.In) and node.args.get("query") is not None:
        _compare_with_query(resolved, node)
    elif isinstance(node, exp.Like | exp.ILike | exp.DPipe):
        for key in ("this", "expression"):
            node.set(key, as_text(resolved, node.args[key]))


def _compare_with_query(resolved: Resolved, node: exp.In) -> None:
    """Let what stands before IN and the column of the query after it fit one another."""
    query = node.args["query"]
    column = exp.column(query.meta["column"], table="q", quoted=True)
    set_kind(column, kind_of(query))
    left, right = comparable(resolved, [node.this, column])
    node.set("this", left)
    if right is not column:
        inner = exp.Subquery(this=query.this, alias=exp.TableAlias(this=exp.to_identifier("q", quoted=True)))
        query.set("this", exp.Select(expressions=[right], from_=exp.From(this=inner)))


_SIZES = {"POINT": 2, "CIRCLE": 3}


def cast(resolved: Resolved, node: exp.Cast) -> None:
    """CAST (ADQL 2.1, <cast_specification>); what no cast can make is refused."""
    target, kind = node.to, kind_of(node)
    given = kind_of(node.this)
    fits = {
        Kind.TEXT: True,
        Kind.TIME: given in (Kind.TEXT, Kind.TIME, Kind.OTHER),
        Kind.INTEGER: given not in {*REGIONS, Kind.TIME},
        Kind.FLOAT: given not in {*REGIONS, Kind.TIME},
    }.get(kind, given in (Kind.TEXT, Kind.OTHER, kind))
    if not fits:
        raise resolved.error(node, f"{given.phrase.capitalize()} cannot be cast to {kind.phrase}")
    if kind is Kind.TEXT:
        new = _as_written(node.this, target.expressions)
    elif kind not in REGIONS:
        new = exp.TryCast(this=node.this.copy(), to=target.copy())
    elif given is kind:
        new = node.this.copy()
    else:
        new = _region_from_text(node.this, target.args["kind"])
    set_kind(new, kind)
    node.replace(new)


def _as_written(node: exp.Expr, sizes: list[exp.Expr]) -> exp.Expr:
    """Return a value as text; regions as DALI 1.1, section 3.3, writes them: numbers and blanks."""
    region = kind_of(node) in REGIONS
    text = call("ARRAY_TO_STRING", node.copy(), exp.Literal.string(" ")) if region else _text(node)
    return call("LEFT", text, sizes[0].this.copy()) if sizes else text


def _region_from_text(node: exp.Expr, name: str) -> exp.Expr:
    """Return a region from its text as DALI 1.1, section 3.3, writes it."""
    parts = call("STRING_SPLIT", call("TRIM", node.copy()), exp.Literal.string(" "))
    double = exp.DataType(this=exp.DType.DOUBLE)
    size = [exp.Literal.number(_SIZES[name])] if name in _SIZES else []
    array = exp.DataType(this=exp.DType.ARRAY, expressions=[double], values=size, nested=True)
    return exp.TryCast(this=parts, to=array)
