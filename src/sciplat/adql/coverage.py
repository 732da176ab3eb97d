"""CONTAINS and INTERSECTS where one of the regions is a MOC."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.build import all_of, any_of
from sciplat.adql.formula import formula
from sciplat.adql.shapes import CircleShape, MocShape, PolygonShape, Shape
from sciplat.adql.spherical import ranges_test
from sciplat.sky.healpix import MOST_RANGES, ORDER, area_of, joined
from sciplat.sky.moc import Moc
from sciplat.sky.region import Region

__all__ = ["cell_in", "moc_area", "moc_holds", "moc_lies_in", "moc_meets"]

_MOST_TESTS = 64
"""Ranges that are compared one by one; beyond it, cells of each order are looked up."""


def cell_in(cell: exp.Expr, moc: MocShape) -> exp.Expr:
    """Return the test that a cell of order 29 belongs to a MOC."""
    if moc.fixed is None:
        assert moc.node is not None
        return formula(_IN_TEXT, cell=cell, moc=moc.node)
    ranges = list(moc.fixed.ranges)
    if len(ranges) <= _MOST_TESTS:
        return exp.Paren(this=ranges_test(cell, ranges))
    tests: list[exp.Expr] = []
    for order, cells in moc.fixed.cells.items():
        parent = exp.Paren(
            this=exp.BitwiseRightShift(this=cell.copy(), expression=exp.Literal.number(2 * (ORDER - order)))
        )
        member = exp.In(this=parent, expressions=[exp.Literal.number(number) for number in cells])
        for node in member.walk():
            node.meta["done"] = True
        tests.append(member)
    # A few wide ranges beside it tell the engine which parts of a table to read.
    return all_of(ranges_test(cell, joined(ranges, MOST_RANGES)), any_of(*tests))


# An order and its cells at each slash; a cell is one number, or the first and last of several.
_GROUPS = r"STRING_SPLIT(REGEXP_REPLACE($moc, '(\d+)/', ';\1/', 'g'), ';')"
_CELLS = r"REGEXP_EXTRACT_ALL(SPLIT_PART(g, '/', 2), '\d+(?:-\d+)?')"
_LEVELS = rf"NULLIF(GREATEST({ORDER} - TRY_CAST(REGEXP_EXTRACT(g, '^\d+') AS BIGINT), -1), -1)"
_IN_TEXT = (
    f"LIST_BOOL_OR(LIST_TRANSFORM({_GROUPS}, LAMBDA g : COALESCE(LIST_BOOL_OR("
    f"LIST_TRANSFORM({_CELLS}, LAMBDA c : ($cell >> (2 * {_LEVELS})) "
    "BETWEEN TRY_CAST(SPLIT_PART(c, '-', 1) AS BIGINT) AND TRY_CAST(SPLIT_PART(c, '-', -1) AS BIGINT)"
    ")), FALSE)))"
)


_FIRST, _LAST = (f"TRY_CAST(SPLIT_PART(c, '-', {place}) AS BIGINT)" for place in (1, -1))
_AREA_TEXT = (
    f"CASE WHEN $moc IS NOT NULL THEN COALESCE(LIST_SUM(LIST_TRANSFORM({_GROUPS}, LAMBDA g : LIST_SUM("
    f"LIST_TRANSFORM({_CELLS}, LAMBDA c : {_LAST} - {_FIRST} + 1)) * POW(4e0, {_LEVELS} - {ORDER}))), 0)"
    f" * {area_of([(0, 12 * 4**ORDER - 1)]) / 12!r}e0 END"
)


def moc_area(moc: exp.Expr) -> exp.Expr:
    """Return the solid angle of a MOC that depends on the row, in square degrees; its cells are apart."""
    return formula(_AREA_TEXT, moc=moc)


def moc_meets(moc: MocShape, other: Shape) -> bool | None:
    """Tell whether a MOC and a constant region that is no point have a part in common; None for others."""
    region = _fixed(other)
    if moc.fixed is None or region is None:
        return None
    return moc.fixed.shares(region) if isinstance(region, Moc) else moc.fixed.meets(region)


def moc_holds(moc: MocShape, inner: Shape) -> bool | None:
    """Tell whether a MOC holds a constant region; None for others."""
    region = _fixed(inner)
    if moc.fixed is None or region is None:
        return None
    return not moc.fixed.rest.shares(region) if isinstance(region, Moc) else moc.fixed.holds(region)


def moc_lies_in(moc: MocShape, outer: Shape) -> bool | None:
    """Tell whether a constant region holds a MOC; None for others."""
    region = _fixed(outer)
    if moc.fixed is None or region is None or isinstance(region, Moc):
        return None
    return moc.fixed.lies_in(region)


def _fixed(shape: Shape) -> Region | Moc | None:
    return shape.fixed if isinstance(shape, CircleShape | PolygonShape | MocShape) else None
