"""Points and regions in a query: constant, or made of values of a row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import call, constant, copy, number
from sciplat.sky.moc import Moc
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon

__all__ = ["CircleShape", "MocShape", "PointShape", "PolygonShape", "Shape", "at_most", "fixed_point"]

_TURNS = 1e9
"""Degrees of longitude; what is larger is no direction."""


@dataclass(frozen=True, slots=True)
class PointShape:
    """A position: constant, or two values."""

    ra: exp.Expr
    dec: exp.Expr
    fixed: Position | None
    """Set where no row changes it."""

    sure: bool = False
    """Each row's lies on the sky, or is NULL."""

    @property
    def known(self) -> PointShape:
        """The point, NULL where it lies nowhere: beyond a pole, or at infinity."""
        if self.fixed is not None or self.sure:
            return self
        return PointShape(_within(self.ra, _TURNS), _within(self.dec, 90.0), None, sure=True)

    @property
    def is_known(self) -> list[exp.Expr]:
        """Tests that it lies on the sky."""
        if self.fixed is not None:
            return []
        return [_is_within(self.ra, _TURNS), _is_within(self.dec, 90.0)]


@dataclass(frozen=True, slots=True)
class CircleShape:
    """A circle: constant, or a centre and radius that depend on the row."""

    centre: PointShape
    radius: exp.Expr
    fixed_radius: float | None
    fixed: Circle | None


@dataclass(frozen=True, slots=True)
class PolygonShape:
    """A polygon, and ADQL's box: constant, or a list of numbers longitude, latitude, longitude, ..."""

    node: exp.Expr | None
    """The list, where it depends on the row."""

    fixed: Polygon | None

    @property
    def outline(self) -> exp.Expr:
        """The list of its corners, also where it is constant."""
        if self.fixed is None:
            assert self.node is not None
            return self.node
        corners = self.fixed.corners
        return call("LIST_VALUE", *(number(value) for corner in corners for value in (corner.ra, corner.dec)))


@dataclass(frozen=True, slots=True)
class MocShape:
    """A MOC: constant, or a text."""

    node: exp.Expr | None
    """The text, where it depends on the row."""

    fixed: Moc | None


Shape = PointShape | CircleShape | PolygonShape | MocShape


def fixed_point(position: Position) -> PointShape:
    """Return a constant point."""
    return PointShape(number(position.ra), number(position.dec), position)


def at_most(angle: exp.Expr, largest: float) -> exp.Expr:
    """Return an angle, no more than the largest; NULL where it is NULL or infinite."""
    fixed = constant(angle)
    if fixed is not None:
        return number(min(fixed, largest))
    # LEAST would take the largest where the angle is NULL.
    return _case(
        (exp.Between(this=copy(angle), low=number(-_TURNS), high=number(largest)), copy(angle)),
        (exp.Between(this=copy(angle), low=number(largest), high=number(_TURNS)), number(largest)),
    )


def _within(value: exp.Expr, most: float) -> exp.Expr:
    fixed = constant(value)
    if fixed is not None and abs(fixed) <= most:
        return value
    return _case((_is_within(value, most), copy(value)))


def _is_within(value: exp.Expr, most: float) -> exp.Expr:
    # To the engine NaN is greater than any number.
    return exp.LTE(this=call("ABS", copy(value)), expression=number(most))


def _case(*choices: tuple[exp.Expr, exp.Expr]) -> exp.Expr:
    case = exp.Case(ifs=[exp.If(this=test, true=value) for test, value in choices])
    case.meta["done"] = True
    return exp.Paren(this=case)
