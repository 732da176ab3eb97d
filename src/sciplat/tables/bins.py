"""Bins of numbers: edges, which bin each number lies in, and how many lie in each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from sciplat.errors import UsageError

__all__ = ["MOST", "Bins", "Places", "Scale", "choose", "count", "count_pairs", "spans"]

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.uint16]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Scale = Literal["linear", "log"]

MOST = 2000
"""Bins of one axis."""

_SPAN = 1 << 16
"""Numbers that are looked at together: what is made of them stays in the processor's cache."""

_SAFE = 1e-9
"""How wide a bin has to be, relative to its edges, for its number to be reckoned instead of looked up."""


@dataclass(frozen=True)
class Bins:
    """Bins between rising edges: each holds its lower edge and not its upper one, the last one both.

    A bin is found by comparing with the edges as they are, so it holds what ``low <= x AND x < high`` says.
    """

    edges: tuple[float, ...]
    scale: Scale = "linear"

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.edges) - 1

    @property
    def below(self) -> int:
        """The place of numbers under the first edge; above the last one, and none at all, follow."""
        return self.number

    def span(self, first: int, end: int) -> tuple[float, float]:
        """Return the least and the greatest number of bins ``first`` to ``end``, without that."""
        high = self.edges[end]
        return self.edges[first], high if end == self.number else math.nextafter(high, -math.inf)

    def places(self, values: Doubles) -> Places:
        """Return the bin of each number, from 0; see `below` for what lies in none."""
        found = np.empty(len(values), np.uint16)
        for start in range(0, len(values), _SPAN):
            found[start : start + _SPAN] = self._places(np.asarray(values[start : start + _SPAN]))
        return found

    def _places(self, values: Doubles) -> npt.NDArray[np.int64]:
        edges, number = self._edges, self.number
        if self._is_even:
            with np.errstate(all="ignore"):
                guess = (np.log(values) if self.scale == "log" else values) - self._origin
                guess *= self._per_unit
                place = np.clip(guess, 0, number - 1).astype(np.int64)  # NaN becomes anything
            np.clip(place, 0, number - 1, out=place)
            # Rounding may have missed by one: what decides is on which side of an edge a number lies.
            place -= values < edges[place]
            place += values >= edges[place + 1]
        else:
            place = np.searchsorted(edges, values, side="right") - 1
        place[values == edges[-1]] = number - 1
        place[values < edges[0]] = number
        place[values > edges[-1]] = number + 1
        place[np.isnan(values)] = number + 2
        return place

    @cached_property
    def _edges(self) -> Doubles:
        return np.asarray(self.edges, np.float64)

    @cached_property
    def _origin(self) -> float:
        return math.log(self.edges[0]) if self.scale == "log" else self.edges[0]

    @cached_property
    def _per_unit(self) -> float:
        last = math.log(self.edges[-1]) if self.scale == "log" else self.edges[-1]
        return self.number / (last - self._origin)

    @cached_property
    def _is_even(self) -> bool:
        """Whether the bins are as wide as one another, and wide enough for rounding not to matter."""
        edges = np.log(self._edges) if self.scale == "log" else self._edges
        widths = np.diff(edges)
        even = float(np.ptp(widths)) < 1e-3 * float(widths.min())
        return even and float(widths.min()) > _SAFE * float(np.abs(edges).max())


def choose(
    low: float | None, high: float | None, number: int, *, scale: Scale = "linear", whole: bool = False
) -> Bins:
    """Return bins from ``low`` to ``high``; with ``whole`` numbers, so that each has as many of them.

    Raises
    ------
    UsageError
        The ends are not in order, a logarithmic axis does not begin above 0, or bins would be too narrow.
    """
    if low is None or high is None:  # there is nothing to show
        low, high = (1.0, 10.0) if scale == "log" else (0.0, 1.0)
    if low > high:
        raise UsageError(f"An axis goes from its lower end to its upper one, not from {low!r} to {high!r}.")
    if scale == "log" and low <= 0:
        raise UsageError(f"A logarithmic axis begins above 0, not at {low!r}.")
    if whole and scale == "linear" and abs(low) < 2.0**52 and abs(high) < 2.0**52:
        step = max(1, math.ceil((high - low + 1) / number))
        bins = math.ceil((math.floor(high) - math.ceil(low) + 1) / step)
        edges = [math.ceil(low) - 0.5 + step * place for place in range(max(bins, 1) + 1)]
        return Bins(tuple(edges))
    if low == high:
        low, high = (low / 2, high * 2) if scale == "log" else _around(low)
    with np.errstate(all="ignore"):
        if scale == "log":
            found = np.geomspace(low, high, number + 1)
        else:
            found = low + (high - low) * (np.arange(number + 1) / number)
    found[0], found[-1] = low, high
    if not (np.isfinite(found).all() and (np.diff(found) > 0).all()):
        raise UsageError(
            f"{number} bins from {low!r} to {high!r} cannot be told apart: take fewer, or wider ones."
        )
    return Bins(tuple(found.tolist()), scale)


def _around(value: float) -> tuple[float, float]:
    half = max(0.5, abs(value) * 1e-6)
    return value - half, value + half


def spans(length: int, rows: int = 1 << 18) -> Iterator[slice]:
    """Yield slices of so many numbers, one after the other, which together are all."""
    for start in range(0, length, rows):
        yield slice(start, min(start + rows, length))


def count(places: Places, number: int, mask: Bools | None = None) -> Counts:
    """Return how many numbers lie in each place; ``number`` is that of the bins."""
    found = np.zeros(number + 3, np.int64)
    for part in spans(len(places)):
        chosen = places[part] if mask is None else places[part][mask[part]]
        found += np.bincount(chosen, minlength=number + 3)
    return found


def count_pairs(
    across: Places, up: Places, numbers: tuple[int, int], mask: Bools | None = None
) -> npt.NDArray[np.int64]:
    """Return how many pairs lie in each place of either; an array of (across, up)."""
    shape = (numbers[0] + 3, numbers[1] + 3)
    found = np.zeros(shape[0] * shape[1], np.int64)
    for part in spans(len(across)):
        cells = across[part].astype(np.int32) * shape[1] + up[part]
        found += np.bincount(cells if mask is None else cells[mask[part]], minlength=len(found))
    return found.reshape(shape)
