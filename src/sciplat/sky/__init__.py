"""Positions and regions on the sky, and the HEALPix cells that cover them."""

from sciplat.sky.healpix import cover
from sciplat.sky.position import Position, separation
from sciplat.sky.region import Circle, Polygon, Region, box

__all__ = ["Circle", "Polygon", "Position", "Region", "box", "cover", "separation"]
