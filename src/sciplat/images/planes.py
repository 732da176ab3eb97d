"""The mask planes of our own images, under the names that the Rubin pipelines give them."""

from __future__ import annotations

__all__ = ["MEANINGS", "PLANES", "bits"]

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


MEANINGS = {
    "BAD": "never works",
    "SAT": "saturated",
    "INTRP": "filled in from its neighbours",
    "CR": "hit by a cosmic ray",
    "EDGE": "at the detector's edge",
    "DETECTED": "belongs to something detected",
    "DETECTED_NEGATIVE": "belongs to something that faded",
    "SUSPECT": "doubtful",
    "NO_DATA": "never exposed",
    "CLIPPED": "left out of a coadd where it differs from the other visits",
}
"""What it means of a pixel that a plane is set."""


def bits(*names: str) -> int:
    """Return the value of a mask pixel in which these planes are set."""
    return sum(1 << PLANES[name] for name in set(names))
