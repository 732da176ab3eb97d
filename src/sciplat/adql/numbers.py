"""Numbers, texts and functions as the engine has them.

Where DuckDB would stop a query for one bad row, the value of that row is NULL: division by zero, the
logarithm of zero and less, square roots of negative numbers, arcs of more than 1, texts that are no
number. Division of integers drops the fraction, as in PostgreSQL; decimal literals are DOUBLE.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlglot import exp

from sciplat.adql.build import call, copy, number
from sciplat.adql.kinds import Kind, kind_of, set_kind
from sciplat.adql.resolve import Resolved
from sciplat.adql.tokens import words

__all__ = ["as_number", "numbers"]

_LARGEST = 2**63 - 1


def numbers(resolved: Resolved) -> None:
    """Rewrite literals, arithmetic, comparisons, casts and functions of a whole tree."""
    # Innermost first, so that an operand is finished before what it stands in looks at it.
    for node in reversed(list(resolved.tree.walk())):
        if node.meta_get("done"):
            continue
        match node:
            case exp.Literal():
                _literal(node)
            case exp.Anonymous():
                _function(resolved, node)
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                _arithmetic(resolved, node)
            case exp.Neg():
                node.set("this", as_number(resolved, node.this))
            case exp.Sum():
                _sum(resolved, node)
            case exp.Avg():
                _operand(resolved, node)
            case exp.DPipe():
                _joined(node)
            case exp.Cast():
                _cast(node)
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.GT() | exp.LTE() | exp.GTE():
                _compare(resolved, node, ("this", "expression"))
            case exp.Between():
                _compare(resolved, node, ("this", "low", "high"))
            case exp.In():
                _in(resolved, node)
            case exp.Like() | exp.ILike():
                _like(node)
            case _:
                pass


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


def as_number(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    """Return a node that can stand where a number must."""
    match kind_of(node):
        case Kind.TEXT if isinstance(node, exp.Literal):
            try:
                value = float(node.name)
            except ValueError:
                raise resolved.error(node, f"A number is needed here, and '{node.name}' is none") from None
            if node.name.strip().lstrip("+-").isdecimal():
                new: exp.Expr = exp.Literal.number(node.name.strip().lstrip("+-"))
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


def _cast_to(node: exp.Expr, to: exp.DType) -> exp.Expr:
    new = exp.TryCast(this=node.copy(), to=exp.DataType(this=to))
    set_kind(new, Kind.INTEGER if to in (exp.DType.INT, exp.DType.BIGINT) else Kind.FLOAT)
    new.meta["done"] = True
    return new


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


def _joined(node: exp.DPipe) -> None:
    for key in ("this", "expression"):
        operand = node.args[key]
        if kind_of(operand) not in (Kind.TEXT, Kind.OTHER):
            node.set(key, exp.Cast(this=operand, to=exp.DataType(this=exp.DType.VARCHAR)))


# -- comparisons -------------------------------------------------------------------------------------

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def _compare(resolved: Resolved, node: exp.Expr, keys: tuple[str, ...]) -> None:
    operands = [node.args[key] for key in keys]
    for key, operand in zip(keys, _comparable(resolved, operands), strict=True):
        if operand is not node.args[key]:
            node.set(key, operand)


def _comparable(resolved: Resolved, operands: list[exp.Expr]) -> list[exp.Expr]:
    """Return operands of which none is a text if another is a number or a time."""
    kinds = {kind_of(operand) for operand in operands}
    regions = kinds & {Kind.POINT, Kind.CIRCLE, Kind.POLYGON}
    if regions and len(kinds - {Kind.OTHER}) > 1:
        wrong = next(operand for operand in operands if kind_of(operand) in regions)
        raise resolved.error(wrong, f"A {kind_of(wrong)} can be compared with a {kind_of(wrong)} only")
    if Kind.TEXT not in kinds:
        return operands
    if kinds & {*_NUMBERS}:
        return [as_number(resolved, operand) for operand in operands]
    if Kind.TIME in kinds:
        return [_time(resolved, operand) for operand in operands]
    return operands


def _time(resolved: Resolved, node: exp.Expr) -> exp.Expr:
    if kind_of(node) is not Kind.TEXT:
        return node
    if isinstance(node, exp.Literal):
        try:
            datetime.fromisoformat(node.name)
        except ValueError:
            raise resolved.error(
                node, f"A time such as '2025-06-30T04:05:06' is needed here, and '{node.name}' is none"
            ) from None
    return exp.TryCast(this=node.copy(), to=exp.DataType(this=exp.DType.TIMESTAMP))


def _in(resolved: Resolved, node: exp.In) -> None:
    values = node.expressions
    if values:
        first, *others = _comparable(resolved, [node.this, *values])
        node.set("this", first)
        node.set("expressions", others)


def _like(node: exp.Expr) -> None:
    for key in ("this", "expression"):
        operand = node.args[key]
        if kind_of(operand) is not Kind.TEXT:
            node.set(key, exp.Cast(this=operand, to=exp.DataType(this=exp.DType.VARCHAR)))


# -- casts -------------------------------------------------------------------------------------------

_SIZES = {"POINT": 2, "CIRCLE": 3}


def _cast(node: exp.Cast) -> None:
    target = node.to
    if target.this == exp.DType.USERDEFINED:
        node.replace(_region_from_text(node.this, target.args["kind"]))
        return
    sizes = target.expressions
    if target.this in (exp.DType.CHAR, exp.DType.VARCHAR):
        text = exp.Cast(this=node.this, to=exp.DataType(this=exp.DType.VARCHAR))
        node.replace(call("LEFT", text, sizes[0].this) if sizes else text)
        return
    # A row whose text is no number gets NULL, rather than ending the query.
    new = exp.TryCast(this=node.this, to=target)
    set_kind(new, kind_of(node))
    node.replace(new)


def _region_from_text(node: exp.Expr, name: str) -> exp.Expr:
    """DALI 1.1, section 3.3: numbers with blanks between them."""
    parts = call("STRING_SPLIT", call("TRIM", node), exp.Literal.string(" "))
    double = exp.DataType(this=exp.DType.DOUBLE)
    size = [exp.Literal.number(_SIZES[name])] if name in _SIZES else []
    array = exp.DataType(this=exp.DType.ARRAY, expressions=[double], values=size, nested=True)
    new = exp.TryCast(this=parts, to=array)
    set_kind(new, Kind(name.lower()))
    return new


# -- functions ---------------------------------------------------------------------------------------

_RENAMED = {
    "CEILING": "CEIL",
    "POWER": "POW",
    "TRUNCATE": "TRUNC",
    **{name: name for name in words("ABS ATAN ATAN2 COS COT DEGREES EXP FLOOR PI RADIANS ROUND SIN TAN")},
}


def _positive(node: exp.Expr) -> exp.Expr:
    return exp.GT(this=copy(node), expression=exp.Literal.number(0))


def _not_negative(node: exp.Expr) -> exp.Expr:
    return exp.GTE(this=copy(node), expression=exp.Literal.number(0))


def _at_most_one(node: exp.Expr) -> exp.Expr:
    low, high = exp.Neg(this=exp.Literal.number(1)), exp.Literal.number(1)
    return exp.Between(this=copy(node), low=low, high=high)


_DOMAINS: dict[str, tuple[str, Callable[[exp.Expr], exp.Expr]]] = {
    "LOG": ("LN", _positive),
    "LOG10": ("LOG10", _positive),
    "SQRT": ("SQRT", _not_negative),
    "ASIN": ("ASIN", _at_most_one),
    "ACOS": ("ACOS", _at_most_one),
}


def _function(resolved: Resolved, node: exp.Anonymous) -> None:
    name, arguments = node.name, list(node.expressions)
    kind = kind_of(node)
    if name in ("LOWER", "UPPER"):
        new: exp.Expr = call(name, _text(arguments[0]))
    elif name == "COALESCE":
        new = call(name, *arguments)
    elif name == "IN_UNIT":
        raise resolved.error(
            node, "IN_UNIT cannot be used here yet: multiply by the factor between the units"
        )
    else:
        new = _numeric(name, [as_number(resolved, argument) for argument in arguments])
    set_kind(new, kind)
    node.replace(new)


def _text(node: exp.Expr) -> exp.Expr:
    if kind_of(node) in (Kind.TEXT, Kind.OTHER):
        return node
    return exp.Cast(this=node, to=exp.DataType(this=exp.DType.VARCHAR))


def _numeric(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    if name in _DOMAINS:
        engine, test = _DOMAINS[name]
        return _where(test(arguments[0]), call(engine, arguments[0]))
    match name:
        case "RAND":
            # The seed is read and not used: rows are not computed in any fixed order.
            return call("RANDOM")
        case "MOD":
            divisor = arguments[1]
            if not _is_nonzero(divisor):
                divisor = call("NULLIF", divisor, exp.Literal.number(0))
            return call("MOD", arguments[0], divisor)
        case "scisql_nanojanskyToAbMag":
            # AB magnitude of a flux in nJy: -2.5 log10(f) + 31.4.
            magnitude = exp.Add(
                this=exp.Mul(this=number(-2.5), expression=call("LOG10", arguments[0])),
                expression=number(31.4),
            )
            return _where(_positive(arguments[0]), magnitude)
        case "scisql_nanojanskyToAbMagSigma":
            factor = number(1.0857362047581294)  # 2.5 / ln(10)
            flux, error = copy(arguments[0]), copy(arguments[1])
            sigma = exp.Div(this=exp.Mul(this=factor, expression=error), expression=flux)
            return _where(_positive(arguments[0]), sigma)
        case _:
            return call(_RENAMED[name], *arguments)


def _where(test: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=test, true=value)])
