"""Where a cutout lies: the circle that holds its region, and what that makes of the name of its file."""

from __future__ import annotations

from sciplat.sky.pos import Range, Shape
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Circle, Polygon

__all__ = ["boxed", "circle_around", "placed"]


def boxed(region: Shape) -> Circle:
    """Return a circle that holds the box of a region too, whose corners lie outside of it."""
    circle = circle_around(region)
    return Circle(circle.centre, min(180.0, 1.5 * circle.radius))


def circle_around(region: Shape) -> Circle:
    """Return a circle that holds a region."""
    match region:
        case Circle():
            return region
        case Polygon():
            return region.circle_around
        case Range(ra=(west, _), dec=(south, north)):
            middle = Position((west + region.width / 2) % 360, (south + north) / 2)
            if region.width > 90 or max(abs(south), abs(north)) > 89:
                # A meridian in the middle is no middle then; the whole parallel lies around the pole.
                return Circle(middle, 180.0)
            edges = [
                Position((west + region.width * step / 8) % 360, dec)
                for step in range(9)
                for dec in (south, north)
            ]
            return Circle(middle, min(180.0, 1.02 * max(separation(middle, each) for each in edges) + 1e-9))


def placed(stem: str, region: Shape) -> str:
    """Return a file's name with the middle of a region behind it."""
    middle = circle_around(region).centre
    return f"{stem}-{middle.ra:.5f}{middle.dec:+.5f}"
