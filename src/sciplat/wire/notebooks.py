# SPDX-License-Identifier: BSD-3-Clause
"""How one gets to notebooks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["NotebooksResponse"]


class NotebooksResponse(BaseModel):
    """Whether there are notebooks, where, and for whom."""

    state: Literal["up", "starting", "down", "off"]
    """Of the hub that starts them."""

    url: str | None
    """Their own origin; None where none are started."""

    why_not: str | None
    """Why the asker may not start any; None for who may."""
