"""Draw rows of a relation for a scatter plot: all of them while they are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.services.rows import Rows
from sciplat.services.rows_relation import Selection
from sciplat.tables.bins import spans
from sciplat.vo.schema import Column

__all__ = ["Sample", "sample"]

_SEED = 2017


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of some rows."""

    columns: tuple[Column, ...]
    """What is known of each expression."""
    values: tuple[npt.NDArray[np.float64], ...]
    rows: npt.NDArray[np.int64]
    """Their numbers in the table as it came."""
    of: int
    """How many rows there are to draw from: if these are more, the sample is a random one."""


def sample(
    rows: Rows, expressions: tuple[str, ...], *, most: int, needed: int, selection: Selection | None = None
) -> Sample:
    """Return values of all rows, or of ``most`` of them drawn at random, the same each time.

    Parameters
    ----------
    needed
        How many of the expressions, from the first on, must be finite numbers: other rows cannot be drawn.

    Raises
    ------
    ADQLError
        An expression is wrong, or is no number.
    """
    columns = tuple(rows.columns.number(expression).column for expression in expressions)
    vectors = [rows.values(expression) for expression in expressions]
    chosen = rows.seen(selection)
    with rows.turn():
        found = []
        for part in spans(rows.result.rows):
            rows.look()
            good = np.ones(part.stop - part.start, np.bool_) if chosen is None else chosen[part].copy()
            for vector in vectors[:needed]:
                good &= np.isfinite(vector[part])
            found.append(np.flatnonzero(good) + part.start)
        there = np.concatenate(found) if found else np.empty(0, np.int64)
        numbers = there
        if len(there) > most:
            drawn = np.random.default_rng(_SEED).choice(len(there), most, replace=False, shuffle=False)
            numbers = there[np.sort(drawn)]
        return Sample(columns, tuple(vector[numbers] for vector in vectors), numbers, len(there))
