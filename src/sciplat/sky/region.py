"""Regions of the sky: circles, polygons, and ADQL's box, which is a polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from sciplat.errors import UsageError
from sciplat.sky.position import Position, Vector, cross, dot, separation

__all__ = ["Circle", "Polygon", "Region", "box"]

MOST_CORNERS = 500
"""Corners of a polygon; each edge is tested for each row."""

MOST_CONCAVE_CORNERS = 100
"""Corners of a polygon that must be cut into triangles first."""


@dataclass(frozen=True, slots=True)
class Circle:
    """All directions within an angle of a centre, the edge included."""

    centre: Position
    radius: float
    """Degrees; 180 and more is the whole sky, less than 0 is empty."""

    def contains(self, position: Position) -> bool:
        """Tell whether a direction lies in the circle."""
        return separation(self.centre, position) <= self.radius

    @property
    def area(self) -> float:
        """The solid angle, in square degrees."""
        radius = math.radians(min(max(self.radius, 0.0), 180.0))
        return math.degrees(math.degrees(2 * math.pi * (1 - math.cos(radius))))


@dataclass(frozen=True)
class Polygon:
    """The region that arcs of great circles between corners enclose, the edge included.

    The corners may run either way round: of the two sides the one within a hemisphere is meant. The
    polygon may be concave, but its edges may not cross.

    Raises
    ------
    UsageError
        For fewer than three corners, edges that cross, or a polygon larger than a hemisphere.
    """

    corners: tuple[Position, ...]

    def __post_init__(self) -> None:
        _ = self.parts

    def contains(self, position: Position) -> bool:
        """Tell whether a direction lies in the polygon."""
        vector = position.vector
        return any(all(dot(edge, vector) >= 0 for edge in part) for part in self.parts)

    @property
    def circle_around(self) -> Circle:
        """A circle that holds the polygon."""
        middle = Position.from_vector(_sum([corner.vector for corner in self.corners]))
        radius = max(separation(middle, corner) for corner in self.corners)
        # A circle of less than 90 degrees holds the arcs between all positions in it; a larger one need not.
        return Circle(middle, radius if radius < 90 else 180.0)

    def meets(self, other: Polygon) -> bool:
        """Tell whether two polygons have a point in common."""
        if any(self.contains(corner) for corner in other.corners):
            return True
        if any(other.contains(corner) for corner in self.corners):
            return True
        return any(_arcs_cross(*mine, *theirs) for mine in self._edges for theirs in other._edges)

    @property
    def _edges(self) -> list[tuple[Vector, Vector]]:
        vectors = [corner.vector for corner in self.corners]
        return [(vectors[index - 1], vectors[index]) for index in range(len(vectors))]

    @cached_property
    def parts(self) -> tuple[tuple[Vector, ...], ...]:
        """Convex parts that together are the polygon.

        Each is a tuple of unit vectors, the poles of its edges: a direction lies in the part
        when its scalar product with none of them is negative.
        """
        return tuple(
            tuple(
                _pole(part[index - 1], part[index])
                for index in range(len(part))
            )
            for part in _convex_parts([corner.vector for corner in self.corners])
        )  # fmt: skip

    @cached_property
    def area(self) -> float:
        """The solid angle, in square degrees."""
        steradians = 0.0
        for part in _convex_parts([corner.vector for corner in self.corners]):
            for index in range(2, len(part)):
                a, b, c = part[0], part[index - 1], part[index]
                volume = dot(a, cross(b, c))
                steradians += 2 * math.atan2(volume, 1 + dot(a, b) + dot(b, c) + dot(c, a))
        return math.degrees(math.degrees(steradians))

    @cached_property
    def centroid(self) -> Position:
        """The centre of gravity of the inside."""
        # The integral of the direction over the inside is half the sum of the edges' poles, each as long as
        # its edge (Brock 1975); in the frame of a corner it is precise for small polygons.
        east, north, forward = _frame(self.corners[0])
        total = [0.0, 0.0, 0.0]
        for part in _convex_parts([corner.vector for corner in self.corners]):
            near = [(dot(east, vector), dot(north, vector), dot(forward, vector)) for vector in part]
            for index in range(len(near)):
                a, b = near[index - 1], near[index]
                pole = cross(a, b)
                length = math.sqrt(dot(pole, pole))
                if length > 0:
                    weight = math.atan2(length, dot(a, b)) / length
                    total = [value + weight * axis for value, axis in zip(total, pole, strict=True)]
        return Position.from_vector(
            _sum([_scaled(east, total[0]), _scaled(north, total[1]), _scaled(forward, total[2])])
        )


Region = Circle | Polygon


def box(centre: Position, width: float, height: float) -> Polygon:
    """Return ADQL's BOX: a cross of great circles, closed by great circles square to its arms.

    ``width`` and ``height`` are in degrees along the axes at the centre (ADQL 2.1, BOX).

    Raises
    ------
    UsageError
        For a width or height that is not between 0 and 180 degrees.
    """
    for name, size in (("width", width), ("height", height)):
        if not 0 < size < 180:
            raise UsageError(
                f"The {name} of a BOX must be more than 0 and less than 180 degrees, not {size:g}"
            )
    east, north, forward = _frame(centre)
    # On the plane that touches the sphere at the centre, the box is a rectangle.
    x, y = math.tan(math.radians(width / 2)), math.tan(math.radians(height / 2))
    corners = [(-x, -y), (x, -y), (x, y), (-x, y)]
    return Polygon(
        tuple(
            Position.from_vector(
                _sum([forward, _scaled(east, corner_x), _scaled(north, corner_y)])
            )
            for corner_x, corner_y in corners
        )
    )  # fmt: skip


def _frame(position: Position) -> tuple[Vector, Vector, Vector]:
    """Return the directions to the east and north of a position, and its own."""
    ra, dec = math.radians(position.ra), math.radians(position.dec)
    east = (-math.sin(ra), math.cos(ra), 0.0)
    north = (-math.sin(dec) * math.cos(ra), -math.sin(dec) * math.sin(ra), math.cos(dec))
    return east, north, position.vector


def _scaled(vector: Vector, factor: float) -> Vector:
    return (vector[0] * factor, vector[1] * factor, vector[2] * factor)


def _sum(vectors: list[Vector]) -> Vector:
    return (
        math.fsum(vector[0] for vector in vectors),
        math.fsum(vector[1] for vector in vectors),
        math.fsum(vector[2] for vector in vectors),
    )


def _pole(a: Vector, b: Vector) -> Vector:
    """Return the pole of the great circle from ``a`` to ``b``."""
    # Twice a x b, without its loss of digits: square to both also where they are a milliarcsecond apart.
    return _unit(cross(_sum([a, _scaled(b, -1.0)]), _sum([a, b])))


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(dot(vector, vector))
    return _scaled(vector, 1 / length)


def _arcs_cross(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    """Tell whether the arc from ``a`` to ``b`` crosses that from ``c`` to ``d``."""
    first, second = cross(a, b), cross(c, d)
    from_a, from_b = dot(second, a), dot(second, b)
    from_c, from_d = dot(first, c), dot(first, d)
    if from_a * from_b >= 0 or from_c * from_d >= 0:
        return False
    # Great circles cross at two opposite points; both arcs must pass the same one.
    on_first = _sum([_scaled(a, abs(from_b)), _scaled(b, abs(from_a))])
    on_second = _sum([_scaled(c, abs(from_d)), _scaled(d, abs(from_c))])
    return dot(on_first, on_second) > 0


Point = tuple[float, float]


def _convex_parts(corners: list[Vector]) -> list[list[Vector]]:
    """Cut a polygon into convex parts, each anticlockwise as seen from outside."""
    vectors = [corner for index, corner in enumerate(corners) if not _same(corner, corners[index - 1])]
    if not 3 <= len(vectors) <= MOST_CORNERS:
        raise UsageError(f"A POLYGON needs 3 to {MOST_CORNERS} different corners, not {max(1, len(vectors))}")
    middle = _middle(vectors)
    points = _flat(vectors, middle)
    twice_area = _twice_area(points)
    extent = max(abs(x) + abs(y) for x, y in points)
    if abs(twice_area) <= 1e-14 * extent * extent:
        if _crosses_itself(points):
            raise UsageError("The edges of a POLYGON must not cross one another")
        raise UsageError("The corners of a POLYGON lie on one line, so it has no inside")
    if twice_area < 0:
        vectors.reverse()
        points.reverse()
    count = len(points)
    if all(_turn(points[index - 2], points[index - 1], points[index]) >= 0 for index in range(count)):
        if _winds_once(points):
            return [vectors]
        raise UsageError("The edges of a POLYGON must not cross one another")
    if count > MOST_CONCAVE_CORNERS:
        raise UsageError(f"A concave POLYGON can have {MOST_CONCAVE_CORNERS} corners at most, not {count}")
    if _crosses_itself(points):
        raise UsageError("The edges of a POLYGON must not cross one another")
    return [[vectors[index] for index in triangle] for triangle in _triangles(points)]


def _same(a: Vector, b: Vector) -> bool:
    return max(abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[2] - b[2])) < 1e-15


def _middle(vectors: list[Vector]) -> Vector:
    """Return a direction less than 90 degrees from every corner."""
    total = _sum(vectors)
    around = _sum([cross(vectors[index - 1], vectors[index]) for index in range(len(vectors))])
    for candidate in (total, around, _scaled(around, -1.0)):
        if math.sqrt(dot(candidate, candidate)) > 1e-12:
            unit = _unit(candidate)
            if min(dot(unit, vector) for vector in vectors) > 1e-3:
                return unit
    raise UsageError("A POLYGON must be smaller than a hemisphere")


def _flat(vectors: list[Vector], middle: Vector) -> list[Point]:
    """Project onto the plane that touches the sphere at ``middle``: great circles become lines."""
    pole: Vector = (0.0, 0.0, 1.0) if abs(middle[2]) < 0.9 else (1.0, 0.0, 0.0)
    east = _unit(cross(pole, middle))
    north = cross(middle, east)
    # Corners are taken relative to the middle, or small polygons would lose their last digits.
    return [
        (dot(east, vector) / dot(middle, vector), dot(north, vector) / dot(middle, vector))
        for vector in vectors
    ]


def _twice_area(points: list[Point]) -> float:
    return math.fsum(
        points[index - 1][0] * points[index][1] - points[index][0] * points[index - 1][1]
        for index in range(len(points))
    )


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return more than 0 where the way from ``a`` over ``b`` to ``c`` turns left."""
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def _winds_once(points: list[Point]) -> bool:
    total = 0.0
    for index in range(len(points)):
        a, b, c = points[index - 2], points[index - 1], points[index]
        incoming, outgoing = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
        total += math.atan2(
            incoming[0] * outgoing[1] - incoming[1] * outgoing[0],
            incoming[0] * outgoing[0] + incoming[1] * outgoing[1],
        )
    return abs(total - 2 * math.pi) < 1e-3


def _crosses_itself(points: list[Point]) -> bool:
    count = len(points)
    for first in range(count):
        a, b = points[first], points[(first + 1) % count]
        for second in range(first + 2, count):
            if (second + 1) % count == first:
                continue
            c, d = points[second], points[(second + 1) % count]
            if _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0:
                return True
    return False


def _triangles(points: list[Point]) -> list[tuple[int, int, int]]:
    """Cut off one ear after another."""
    left = list(range(len(points)))
    triangles: list[tuple[int, int, int]] = []
    while len(left) > 3:
        for place in range(len(left)):
            a, b, c = left[place - 1], left[place], left[(place + 1) % len(left)]
            turn = _turn(points[a], points[b], points[c])
            others = (other for other in left if other not in (a, b, c))
            if turn > 0 and not any(_inside(points[o], points[a], points[b], points[c]) for o in others):
                triangles.append((a, b, c))
                del left[place]
                break
            if turn == 0:
                del left[place]
                break
        else:
            raise UsageError("The edges of a POLYGON must not cross one another")
    triangles.append((left[0], left[1], left[2]))
    return triangles


def _inside(point: Point, a: Point, b: Point, c: Point) -> bool:
    return _turn(a, b, point) >= 0 and _turn(b, c, point) >= 0 and _turn(c, a, point) >= 0
