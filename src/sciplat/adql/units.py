"""What the values of an expression mean: their unit, UCD and description, as far as these follow."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

from sciplat.adql.build import constant
from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.kinds import NUMBERS, kind_of
from sciplat.adql.resolved import Resolved
from sciplat.adql.signatures import SAME
from sciplat.adql.tokens import shortened
from sciplat.vo.units import UnknownUnitError, conversion, power, product, same

__all__ = ["Meaning", "in_unit", "meaning_of"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is known of a value."""

    unit: str | None = None
    """None if it is not known, an empty text for a number without dimension."""

    ucd: str | None = None
    description: str | None = None


_NUMBER = Meaning(unit="")
_UNKNOWN = Meaning()
_KEEPS_UCD = frozenset({"ABS", "ROUND", "TRUNCATE", "CEILING", "FLOOR"})


def meaning_of(resolved: Resolved, node: exp.Expr) -> Meaning:
    """Return what a value means; ADQL says nothing of it, so only what cannot be wrong is said."""
    reference = resolved.reference(node)
    if reference is not None:
        column = reference.field.column
        return Meaning(column.unit, column.ucd, column.description)
    match node:
        case exp.Paren() | exp.AnyValue():
            return meaning_of(resolved, node.this)
        case exp.Literal():
            return _UNKNOWN if node.is_string else _NUMBER
        case exp.Count():
            return Meaning("", "meta.number")
        case exp.Min() | exp.Max():
            return meaning_of(resolved, node.this)
        case exp.Avg():
            found = meaning_of(resolved, _argument(node))
            return Meaning(found.unit, f"{found.ucd};stat.mean" if found.ucd else None)
        case exp.Sum() | exp.Neg():
            return Meaning(meaning_of(resolved, _argument(node)).unit)
        case exp.Add() | exp.Sub():
            return Meaning(_common(resolved, [node.this, node.expression]).unit)
        case exp.Mul() | exp.Div():
            left, right = (meaning_of(resolved, side).unit for side in (node.this, node.expression))
            return Meaning(product(left, right, 1 if isinstance(node, exp.Mul) else -1))
        case exp.Cast():
            return meaning_of(resolved, node.this) if kind_of(node) in NUMBERS else _UNKNOWN
        case exp.Case():
            results = [branch.args["true"] for branch in node.args["ifs"]]
            return _common(resolved, [*results, node.args.get("default")])
        case exp.Coalesce():
            return _common(resolved, [node.this, *node.expressions])
        case exp.Anonymous() | exp.AnonymousAggFunc():
            return _function(resolved, node)
        case _:
            return _UNKNOWN


def _argument(node: exp.Expr) -> exp.Expr:
    operand: exp.Expr = node.this
    return operand.expressions[0] if isinstance(operand, exp.Distinct) else operand


def _common(resolved: Resolved, nodes: list[exp.Expr | None]) -> Meaning:
    """Return what all values say alike; numbers as written, as in ``ra + 0.5``, are of any unit."""
    found = [
        meaning_of(resolved, node)
        for node in nodes
        if node is not None and not isinstance(node, exp.Null) and constant(node) is None
    ]
    if not found:
        return _UNKNOWN
    first = found[0]
    return Meaning(
        first.unit if all(same(first.unit, other.unit) for other in found) else None,
        first.ucd if all(first.ucd == other.ucd for other in found) else None,
        first.description if len(found) == 1 else None,
    )


def _function(resolved: Resolved, node: exp.Anonymous | exp.AnonymousAggFunc) -> Meaning:
    name = node.name
    match name:
        case "IN_UNIT":
            return node.meta_get("meaning") or _UNKNOWN
        case "COALESCE":
            return _common(resolved, node.expressions)
        case "POWER":
            exponent = constant(node.expressions[1])
            unit = meaning_of(resolved, node.expressions[0]).unit
            return Meaning(power(unit, Fraction(exponent)) if exponent is not None else None)
        case "SQRT":
            return Meaning(power(meaning_of(resolved, node.expressions[0]).unit, Fraction(1, 2)))
        case "PI" | "RAND":
            return _NUMBER
        case _:
            function = FUNCTIONS[name.upper()]
            if function.unit != SAME:
                return Meaning(function.unit, function.ucd)
            first = meaning_of(resolved, node.expressions[0])
            return Meaning(first.unit, first.ucd if name in _KEEPS_UCD else function.ucd)


def in_unit(resolved: Resolved, node: exp.Anonymous) -> None:
    """Find the factor of IN_UNIT (ADQL 2.1, section 4.9.1) and write it into the node.

    Raises
    ------
    ADQLError
        The target is no unit, the unit of the value is not known, or no factor leads from one to the other.
    """
    value, target = node.expressions
    found = meaning_of(resolved, value)
    if found.unit is None:
        raise resolved.error(
            value, "The unit of this value is not known, so it has none to be converted from"
        )
    try:
        factor = conversion(found.unit, target.name)
    except UnknownUnitError as error:
        if str(error) == target.name:
            raise resolved.error(
                target,
                f"'{shortened(target.name)}' is no unit: units are written as VOUnits has it, e.g. 'mas/yr'",
            ) from None
        raise resolved.error(value, f"The unit of this value, {found.unit}, cannot be converted") from None
    if factor is None:
        unit = found.unit or "a number without dimension"
        raise resolved.error(
            node, f"What is in {unit} cannot be given in {shortened(target.name)}: no factor is between them"
        )
    node.meta["factor"] = factor
    node.meta["meaning"] = Meaning(target.name, found.ucd, found.description)
