# SPDX-License-Identifier: BSD-3-Clause
"""How the instance is."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["HealthResponse"]


class HealthResponse(BaseModel):
    """The state of the whole and of each process."""

    status: str
    """``starting``, ``ready`` or ``degraded`` (a process is down)."""
    components: dict[str, str]
    """``up``, ``starting``, ``down`` or ``off`` for a process; ``absent``, ``making`` or ``ready`` for
    ``demo``."""
