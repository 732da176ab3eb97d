"""Count the rows of a relation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciplat.services.rows import Rows
from sciplat.services.rows_relation import Selection

__all__ = ["Count", "count"]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""

    total: int
    """In the table as it came."""

    seen: int
    """Those for which the condition holds."""

    selected: int | None
    """Those of them that are selected; None where nothing was said of a selection."""

    overflow: bool
    """The result itself was cut: there were more."""


def count(rows: Rows, selection: Selection | None = None) -> Count:
    """Return how many rows there are, exactly."""
    selected = None if selection is None else rows.seen(selection)
    return Count(
        rows.result.rows,
        rows.count,
        None if selected is None else int(np.count_nonzero(selected)),
        rows.overflow,
    )
