"""What sort of value each node of a query has, as far as that can be told before it runs."""

from __future__ import annotations

from enum import StrEnum

from sqlglot import exp

from sciplat.adql.functions import FUNCTIONS
from sciplat.adql.signatures import SAME
from sciplat.adql.tree import nodes
from sciplat.vo.schema import Column, Datatype

__all__ = ["NUMBERS", "REGIONS", "Kind", "annotate", "common_kind", "kind_of", "kind_of_column", "set_kind"]


class Kind(StrEnum):
    """A sort of value that the rules must tell apart."""

    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    POINT = "point"
    CIRCLE = "circle"
    POLYGON = "polygon"
    OTHER = "other"

    @property
    def phrase(self) -> str:
        """The kind as a sentence says it: ``an integer``."""
        return f"{'an' if self[0] in 'io' else 'a'} {self}"


REGIONS = frozenset({Kind.POINT, Kind.CIRCLE, Kind.POLYGON})
NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN})
"""Kinds that count as numbers; a boolean is 0 or 1."""

_DATATYPES = {
    Datatype.BOOLEAN: Kind.BOOLEAN,
    Datatype.UNSIGNED_BYTE: Kind.INTEGER,
    Datatype.SHORT: Kind.INTEGER,
    Datatype.INT: Kind.INTEGER,
    Datatype.LONG: Kind.INTEGER,
    Datatype.CHAR: Kind.TEXT,
    Datatype.UNICODE_CHAR: Kind.TEXT,
    Datatype.FLOAT: Kind.FLOAT,
    Datatype.DOUBLE: Kind.FLOAT,
}
_XTYPES = {"timestamp": Kind.TIME, "point": Kind.POINT, "circle": Kind.CIRCLE, "polygon": Kind.POLYGON}

_TYPES = {
    **dict.fromkeys((exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), Kind.INTEGER),
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE), Kind.FLOAT),
    **dict.fromkeys((exp.DType.CHAR, exp.DType.VARCHAR), Kind.TEXT),
    exp.DType.TIMESTAMP: Kind.TIME,
}


def kind_of_column(column: Column) -> Kind:
    """Return the kind of a column's values."""
    if column.xtype in _XTYPES:
        return _XTYPES[column.xtype]
    if column.datatype is None:
        return Kind.OTHER
    kind = _DATATYPES[column.datatype]
    if kind is not Kind.TEXT and column.arraysize not in (None, "1"):
        return Kind.OTHER
    return kind


def set_kind(node: exp.Expr, kind: Kind) -> None:
    """Write the kind of a node's value into it."""
    node.meta["kind"] = kind


def kind_of(node: exp.Expr) -> Kind:
    """Return the kind of a node's value, which `annotate` has found."""
    kind: Kind = node.meta_get("kind") or Kind.OTHER
    return kind


def annotate(root: exp.Expr) -> None:
    """Find the kind of each value in an expression, innermost first; queries inside are left out."""
    for node in reversed(nodes(root, queries=False)):
        if node.meta_get("kind") is None:
            set_kind(node, _kind(node))


def _kind(node: exp.Expr) -> Kind:
    match node:
        case exp.Literal():
            if node.is_string:
                return Kind.TEXT
            return Kind.INTEGER if node.name.isdecimal() else Kind.FLOAT
        case exp.Neg():
            return Kind.INTEGER if kind_of(node.this) in (Kind.INTEGER, Kind.BOOLEAN) else Kind.FLOAT
        case exp.Paren() | exp.Min() | exp.Max() | exp.AnyValue():
            return kind_of(node.this)
        case exp.Distinct():
            return kind_of(node.expressions[0]) if node.expressions else Kind.OTHER
        case exp.Count():
            return Kind.INTEGER
        case exp.Sum():
            return Kind.INTEGER if kind_of(node.this) in (Kind.INTEGER, Kind.BOOLEAN) else Kind.FLOAT
        case exp.Avg():
            return Kind.FLOAT
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            whole = {kind_of(node.this), kind_of(node.expression)} <= {Kind.INTEGER, Kind.BOOLEAN}
            return Kind.INTEGER if whole else Kind.FLOAT
        case exp.DPipe():
            return Kind.TEXT
        case exp.Cast():
            target: exp.DataType = node.to
            if target.this == exp.DType.USERDEFINED:
                return _XTYPES[target.args["kind"].lower()]
            return _TYPES[target.this]
        case exp.Boolean() | exp.Predicate() | exp.Connector() | exp.Not():
            return Kind.BOOLEAN
        case exp.Case():
            results = [branch.args["true"] for branch in node.args["ifs"]]
            return _common([*results, node.args.get("default")])
        case exp.Coalesce():
            return _common([node.this, *node.expressions])
        case exp.Anonymous() | exp.AnonymousAggFunc():
            return _function(node)
        case _:
            return Kind.OTHER


def _function(node: exp.Anonymous | exp.AnonymousAggFunc) -> Kind:
    name = node.name
    if name == "MOD":
        whole = all(kind_of(argument) is Kind.INTEGER for argument in node.expressions)
        return Kind.INTEGER if whole else Kind.FLOAT
    if name == "COALESCE":
        return _common(node.expressions)
    if name == "ivo_geom_transform":
        return kind_of(node.expressions[-1])
    function = FUNCTIONS.get(name.upper())
    if function is None:
        return Kind.OTHER
    if function.kind == SAME:
        return Kind.INTEGER if kind_of(node.expressions[0]) is Kind.INTEGER else Kind.FLOAT
    return Kind(function.kind)


def _common(nodes: list[exp.Expr | None]) -> Kind:
    return common_kind(
        {kind_of(node) for node in nodes if node is not None and not isinstance(node, exp.Null)}
    )


def common_kind(kinds: set[Kind]) -> Kind:
    """Return the kind of a value that can be of several kinds; OTHER where no kind holds all."""
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds == {Kind.INTEGER, Kind.BOOLEAN}:
        return Kind.INTEGER
    if kinds and kinds <= {Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN}:
        return Kind.FLOAT
    if Kind.TEXT in kinds and not kinds & {*REGIONS, Kind.OTHER}:
        return Kind.TEXT
    return Kind.OTHER
