"""Detections of many visits gathered by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

__all__ = ["Association", "associate"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """Which detection belongs to which object."""

    owner: npt.NDArray[np.int64]
    """Of each detection, the number of its object from 0."""

    ra: Doubles
    dec: Doubles
    """Of each object: the mean of its detections weighted by their errors, ICRS degrees."""

    def __len__(self) -> int:
        return len(self.ra)


def associate(
    ra: Doubles, dec: Doubles, error: Doubles, group: npt.NDArray[np.int64], *, radius: float = 0.7
) -> Association:
    """Return objects made of detections at one place, group after group.

    A detection joins the nearest object within ``radius``, and is a new object where there is none; of two in
    one group that want the same object the nearer one gets it. What moves between groups becomes an
    object at each place.

    Parameters
    ----------
    ra, dec, error
        Detections, degrees.
    group
        The visit of each; they are taken in this order, within a visit the order does not matter.
    radius
        Arcseconds.
    """
    owner = np.full(len(ra), -1, np.int64)
    vectors = _vectors(ra, dec)
    weights = 1 / np.maximum(error, 1e-9) ** 2
    sums = np.zeros((0, 3))
    reach = 2 * np.sin(np.radians(radius / 3600) / 2)
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        free = members
        if len(sums):
            known = sums / np.linalg.norm(sums, axis=1, keepdims=True)
            distance, nearest = KDTree(known).query(vectors[members], distance_upper_bound=reach)
            order = np.argsort(distance, kind="stable")
            order = order[np.isfinite(distance[order])]
            _, first = np.unique(nearest[order], return_index=True)
            taken = order[first]
            owner[members[taken]] = nearest[taken]
            free = np.setdiff1d(members, members[taken])
        owner[free] = len(sums) + np.arange(len(free))
        sums = np.concatenate([sums, np.zeros((len(free), 3))])
        np.add.at(sums, owner[members], vectors[members] * weights[members, None])
    longitude = np.degrees(np.arctan2(sums[:, 1], sums[:, 0])) % 360
    latitude = np.degrees(np.arctan2(sums[:, 2], np.hypot(sums[:, 0], sums[:, 1])))
    return Association(owner, longitude, latitude)


def _vectors(ra: Doubles, dec: Doubles) -> Doubles:
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
