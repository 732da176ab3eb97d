# SPDX-License-Identifier: BSD-3-Clause
"""How one gets to notebooks."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["NotebooksResponse"]


class NotebooksResponse(BaseModel):
    """Whether there are notebooks, where, and for whom."""

    state: str
    """Of the hub that starts them: ``up``, ``starting``, ``down`` or ``off``."""

    url: str | None
    """Their own origin; None where none are started."""

    why_not: str | None
    """Why the asker may not start any; None for who may."""
