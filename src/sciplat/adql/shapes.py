"""Points and regions in a query: constant, or made of values of a row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.build import call, number
from sciplat.sky.moc import Moc
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon

__all__ = ["CircleShape", "MocShape", "PointShape", "PolygonShape", "Shape", "fixed_point"]


@dataclass(frozen=True, slots=True)
class PointShape:
    """A position: constant, or two values."""

    ra: exp.Expr
    dec: exp.Expr
    fixed: Position | None
    """Set where no row changes it."""


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
