"""What of an image a cutout has: the words of ``PLANES``, and how large it is where nobody says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sciplat.images.cutout import Content

__all__ = ["CONTENTS", "SIDE_ARCSECONDS"]

CONTENTS: Final[tuple[Content, ...]] = ("image", "planes", "all")

SIDE_ARCSECONDS: Final = 20.0
"""Of each of many cutouts whose request says no size."""
