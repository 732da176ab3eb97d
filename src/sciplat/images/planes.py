"""The mask planes of our own images, under the names that the Rubin pipelines give them."""

from __future__ import annotations

__all__ = ["PLANES", "bits"]

PLANES = {
    "BAD": 0,
    "SAT": 1,
    "INTRP": 2,
    "CR": 3,
    "EDGE": 4,
    "DETECTED": 5,
    "DETECTED_NEGATIVE": 6,
    "SUSPECT": 7,
    "NO_DATA": 8,
    "CLIPPED": 9,
}
"""Name and bit: a pixel that never works, is saturated, was filled in, was hit by a cosmic ray, lies at the
detector's edge, belongs to something detected (or to something that faded), is doubtful, was never exposed,
or was left out of a coadd by its difference from the other visits."""


def bits(*names: str) -> int:
    """Return the value of a mask pixel in which these planes are set."""
    return sum(1 << PLANES[name] for name in set(names))
