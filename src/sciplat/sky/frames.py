"""Rotations between reference frames (the IVOA's vocabulary refframe)."""

from __future__ import annotations

import math

from sciplat.sky.position import Position

__all__ = ["FRAMES", "Rotation", "rotated", "rotation"]

Row = tuple[float, float, float]
Rotation = tuple[Row, Row, Row]
"""A matrix that turns a unit vector of one frame into that of another."""


def _about(axis: int, degrees: float) -> Rotation:
    """Return the rotation of the axes about one of them: 0 for x, 1 for y, 2 for z."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rows = [[float(row == column) for column in range(3)] for row in range(3)]
    one, other = (axis + 1) % 3, (axis + 2) % 3
    rows[one][one] = rows[other][other] = cosine
    rows[one][other], rows[other][one] = sine, -sine
    return _rotation(rows)


def _rotation(rows: list[list[float]]) -> Rotation:
    a, b, c = ((row[0], row[1], row[2]) for row in rows)
    return a, b, c


def _after(second: Rotation, first: Rotation) -> Rotation:
    """Return one rotation after another."""
    columns = list(zip(*first, strict=True))
    return _rotation(
        [[math.fsum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in second]
    )


def _back(forth: Rotation) -> Rotation:
    return _rotation([list(column) for column in zip(*forth, strict=True)])


def _poled(pole: Position, node: float) -> Rotation:
    """Return the rotation to a frame by its north pole and the longitude there of the old north pole."""
    return _after(_about(2, 180 - node), _after(_about(1, 90 - pole.dec), _about(2, pole.ra)))


_SAME: Rotation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

# The galactic system is defined in FK5 (Blaauw et al. 1960 by way of Reid & Brunthaler 2004), which is
# turned against the ICRS by 23 mas: this is the product.
_GALACTIC: Rotation = (
    (-0.05487565771259168, -0.8734370519556163, -0.4838350736167155),
    (0.4941094371927275, -0.44482972122329517, 0.7469821839866676),
    (-0.8676661375596787, -0.19807633727300075, 0.4559838136873016),
)
_B1950_TO_GALACTIC = _poled(Position(192.25, 27.4), 123.0)
_SUPER_GALACTIC = _after(_about(1, 90 - 6.32), _about(2, 47.37))

FRAMES: dict[str, Rotation] = {
    "ICRS": _SAME,
    "FK5": _SAME,
    "FK4": _after(_back(_B1950_TO_GALACTIC), _GALACTIC),
    "GALACTIC": _GALACTIC,
    "SUPER_GALACTIC": _after(_about(2, 90), _after(_SUPER_GALACTIC, _GALACTIC)),
    "ECLIPTIC": _about(0, 84381.406 / 3600),
}
"""The rotation from the ICRS to each frame; FK5 and ECLIPTIC for J2000, FK4 for B1950."""


def rotation(source: str, target: str) -> Rotation:
    """Return the rotation from one frame to another.

    Raises
    ------
    KeyError
        For a frame that is not in `FRAMES`.
    """
    return _after(FRAMES[target], _back(FRAMES[source]))


def rotated(position: Position, by: Rotation) -> Position:
    """Return a position as another frame has it."""
    vector = position.vector
    x, y, z = (math.fsum(a * b for a, b in zip(row, vector, strict=True)) for row in by)
    return Position.from_vector((x, y, z))
