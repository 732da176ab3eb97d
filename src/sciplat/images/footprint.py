"""Which pixels of an image a region of the sky touches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from astropy.wcs import WCS

from sciplat.errors import ImageFileError, NoOverlapError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.sky.pos import Range, Shape, words
from sciplat.sky.position import Position, cross, dot, separation
from sciplat.sky.region import Circle, Polygon

__all__ = ["Square", "around", "box_of", "contains"]

Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-6
"""Pixels; what a region touches by less than this is not asked for."""


def box_of(region: Shape, wcs: WCS, shape: tuple[int, int]) -> Box:
    """Return the smallest box that holds every pixel of an image that a region touches.

    Edges of a region are followed to 0.01 pixels.

    Parameters
    ----------
    region
        A circle, polygon or range, ICRS.
    wcs
        The world coordinates of the image.
    shape
        Rows and columns of the image.

    Raises
    ------
    NoOverlapError
        The region has no pixel of the image.
    """
    height, width = shape
    image = around(wcs, shape)
    x, y = _samples(width), _samples(height)
    columns, rows = (each.ravel() for each in np.meshgrid(x, y))
    inside = contains(region, _vectors(*world.sky(wcs, columns, rows)))
    found = [np.column_stack([columns[inside], rows[inside]])]
    pixel = 2 * image.radius / math.hypot(width, height)
    found += [_clipped(*_traced(arc, image, pixel, wcs), shape) for arc in _edges(region)]
    points = np.concatenate(found)
    if not len(points):
        raise _no_overlap(region, image)
    first = np.floor(points.min(axis=0) + 0.5 + _TOLERANCE).astype(int)
    last = np.maximum(np.floor(points.max(axis=0) + 0.5 - _TOLERANCE).astype(int), first)
    if (last < 0).any() or first[0] >= width or first[1] >= height:
        raise _no_overlap(region, image)
    first, last = np.maximum(first, 0), np.minimum(last, (width - 1, height - 1))
    return Box(int(first[0]), int(first[1]), int(last[0]) + 1, int(last[1]) + 1)


@dataclass(frozen=True, slots=True)
class Square:
    """A square of pixels of whichever image it is laid on, with a position in its middle pixel."""

    centre: Position
    pixels: int
    """Of each side; of an even number, the position is in the pixel right of and above the middle."""

    def box(self, wcs: WCS, shape: tuple[int, int]) -> Box:
        """Return what an image has of it.

        Raises
        ------
        NoOverlapError
            That is nothing.
        """
        columns, rows = world.pixels(wcs, np.array([self.centre.ra]), np.array([self.centre.dec]))
        x, y = float(columns[0]), float(rows[0])
        reach = self.pixels + max(shape)
        if not (abs(x) <= reach + shape[1] and abs(y) <= reach + shape[0]):  # also where it is NaN
            raise _no_overlap(self, around(wcs, shape))
        x0, y0 = (math.floor(value + 0.5) - self.pixels // 2 for value in (x, y))
        x1, y1 = min(x0 + self.pixels, shape[1]), min(y0 + self.pixels, shape[0])
        x0, y0 = max(x0, 0), max(y0, 0)
        if x0 >= x1 or y0 >= y1:
            raise _no_overlap(self, around(wcs, shape))
        return Box(x0, y0, x1, y1)

    def __str__(self) -> str:
        return f"SQUARE {self.centre.ra!r} {self.centre.dec!r} of {self.pixels} pixels"


def contains(region: Shape, vectors: Floats) -> npt.NDArray[np.bool_]:
    """Tell which unit vectors ``[n, 3]`` lie in a region; those that are NaN don't."""
    found: npt.NDArray[np.bool_]
    match region:
        case Circle(centre=centre, radius=radius):
            chord = 2 * math.sin(math.radians(min(radius, 180.0)) / 2)
            found = np.linalg.norm(vectors - np.array(centre.vector), axis=1) <= chord * (1 + 1e-12)
        case Polygon(parts=parts):
            found = np.zeros(len(vectors), np.bool_)
            for part in parts:
                found |= (vectors @ np.array(part).T >= 0).all(axis=1)
        case Range(ra=ra, dec=dec):
            lat = np.degrees(np.arctan2(vectors[:, 2], np.hypot(vectors[:, 0], vectors[:, 1])))
            lon = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
            found = (dec[0] <= lat) & (lat <= dec[1]) & ((lon - ra[0]) % 360 <= region.width)
    return found


def around(wcs: WCS, shape: tuple[int, int]) -> Circle:
    """Return a circle on the sky that holds an image; all of the sky where it is larger than 80 degrees.

    Raises
    ------
    ImageFileError
        No pixel of the image is on the sky.
    """
    columns, rows = np.meshgrid(_samples(shape[1], 9), _samples(shape[0], 9))
    vectors = _vectors(*world.sky(wcs, columns, rows))
    vectors = vectors[np.isfinite(vectors).all(axis=1)]
    if not len(vectors):
        raise ImageFileError("No pixel of the image is on the sky: its world coordinates are wrong")
    middle = vectors.sum(axis=0)
    length = np.linalg.norm(middle)
    if length < 0.1 * len(vectors):
        return Circle(Position(0.0, 0.0), 180.0)
    chord = np.linalg.norm(vectors - middle / length, axis=1).max()
    radius = 1.1 * math.degrees(2 * math.asin(min(1.0, chord / 2)))
    centre = Position.from_vector((float(middle[0]), float(middle[1]), float(middle[2])))
    return Circle(centre, 180.0 if radius > 80 else radius)


@dataclass(frozen=True, slots=True)
class _Arc:
    """A part of a circle on the sky: ``height * axis + size * (cos(a) * start + sin(a) * onward)``."""

    axis: Floats
    start: Floats
    height: float
    size: float
    angle: float

    def at(self, angles: Floats) -> Floats:
        onward = np.cross(self.axis, self.start)
        turned = np.cos(angles)[:, np.newaxis] * self.start + np.sin(angles)[:, np.newaxis] * onward
        return np.asarray(self.height * self.axis + self.size * turned)


def _edges(region: Shape) -> Iterator[_Arc]:
    """Yield the edges of a region; the whole sky has none."""
    match region:
        case Circle(centre=centre, radius=radius):
            if radius < 180:
                axis = np.array(centre.vector)
                # The axis of the frame that lies farthest from the centre keeps the precision.
                start = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
                start /= np.linalg.norm(start)
                angle = math.radians(radius)
                yield _Arc(axis, start, math.cos(angle), math.sin(angle), 2 * math.pi)
        case Polygon(corners=corners):
            for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
                pole = np.array(cross(a.vector, b.vector))
                length = float(np.linalg.norm(pole))
                if length > 0:
                    angle = math.atan2(length, dot(a.vector, b.vector))
                    yield _Arc(pole / length, np.array(a.vector), 0.0, 1.0, angle)
        case Range(ra=(west, _), dec=(south, north)):
            for dec in (south, north):
                if abs(dec) < 90:
                    start = np.array(Position(west, 0.0).vector)
                    height, size = math.sin(math.radians(dec)), math.cos(math.radians(dec))
                    yield _Arc(np.array([0.0, 0.0, 1.0]), start, height, size, math.radians(region.width))
            for ra in {west, (west + region.width) % 360} if region.width < 360 else ():
                axis = np.array(Position((ra - 90) % 360, 0.0).vector)
                start = np.array(Position(ra, south).vector)
                yield _Arc(axis, start, 0.0, 1.0, math.radians(north - south))


def _traced(arc: _Arc, image: Circle, pixel: float, wcs: WCS) -> tuple[Floats, Floats]:
    """Return the beginnings and ends, in pixels, of pieces of an arc where it is near an image.

    ``pixel`` is the size of a pixel in degrees. Pieces that are far away are left out before they are cut
    into smaller ones, so that a small image is met by a large circle.
    """
    bend = math.degrees(min(arc.size / max(abs(arc.height), 1e-9), 1.0))
    finest = min(image.radius / 64, math.sqrt(0.04 * bend * pixel))
    middle = np.array(image.centre.vector)
    count = 64
    first = np.linspace(0, arc.angle, count + 1)[:-1]
    length = arc.angle / count
    while True:
        chord = np.linalg.norm(arc.at(first + length / 2) - middle, axis=1)
        away = np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1.0)))
        first = first[away <= image.radius + math.degrees(length * arc.size)]
        if math.degrees(length * arc.size) <= finest or not first.size:
            break
        length /= 4
        first = (first[:, np.newaxis] + length * np.arange(4)).ravel()
    ends = np.concatenate([first, first + length])
    vectors = arc.at(ends)
    ra = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    dec = np.degrees(np.arctan2(vectors[:, 2], np.hypot(vectors[:, 0], vectors[:, 1])))
    points = np.column_stack(world.pixels(wcs, ra, dec))
    return points[: first.size], points[first.size :]


def _clipped(a: Floats, b: Floats, shape: tuple[int, int]) -> Floats:
    """Return the ends of what lies in the image of lines from ``a`` to ``b`` (Liang and Barsky 1984)."""
    low, high = np.array([-0.5, -0.5]), np.array([shape[1] - 0.5, shape[0] - 0.5])
    alone = np.concatenate([a, b])
    with np.errstate(invalid="ignore", divide="ignore"):
        step = b - a
        # A line that leaps is not there: the sky is cut between its ends.
        real = np.linalg.norm(step, axis=1) <= 0.25 * sum(shape) + 10
        to_low, to_high = (low - a) / step, (high - a) / step
        still = step == 0
        outside = still & ((a < low) | (a > high))
        enter = np.where(still, -np.inf, np.minimum(to_low, to_high)).max(axis=1, initial=0.0)
        leave = np.where(still, np.inf, np.maximum(to_low, to_high)).min(axis=1, initial=1.0)
        met = real & (enter <= leave) & ~outside.any(axis=1)
        ends = np.concatenate(
            [
                a[met] + enter[met, np.newaxis] * step[met],
                a[met] + leave[met, np.newaxis] * step[met],
                alone[((alone >= low) & (alone <= high)).all(axis=1)],
            ]
        )
    return np.asarray(np.clip(ends, low, high))


def _samples(count: int, most: int = 33) -> Floats:
    """Return places along an axis, from the edge of the first pixel to that of the last."""
    return np.linspace(-0.5, count - 0.5, most)


def _vectors(ra: Floats, dec: Floats) -> Floats:
    lon, lat = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _no_overlap(region: Shape | Square, image: Circle) -> NoOverlapError:
    text = str(region) if isinstance(region, Square) else words(region)
    text = text if len(text) <= 120 else f"{text[:117]}..."
    away = ""
    if isinstance(region, Circle | Square):
        away = f"; the centre is {separation(region.centre, image.centre):.4g} degrees from there"
    return NoOverlapError(
        f"{text} has no pixel of the image, which lies within {image.radius:.3g} degrees of "
        f"RA {image.centre.ra:.5f}, Dec {image.centre.dec:+.5f}{away}"
    )
