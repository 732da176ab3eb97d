"""Whether an instance has images, so that what serves them is started: without reading any."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__ = ["can_read_images", "has_images", "images_are_needed"]


def has_images(home: Path) -> bool:
    """Return whether a data release has a repository of images."""
    return any((home / "repositories").glob("[A-Za-z]*/butler.yaml"))


def can_read_images() -> bool:
    """Return whether the [images] extra is installed; nothing of it is imported."""
    try:
        return find_spec("lsst.daf.butler") is not None
    except ModuleNotFoundError:
        return False


def images_are_needed(home: Path) -> bool:
    """Return whether there are images, and what reads them."""
    return has_images(home) and can_read_images()
