"""The settings of the history."""

from __future__ import annotations

from pydantic import Field

from sciplat.config.group import Group

__all__ = ["HistorySettings"]


class HistorySettings(Group):
    """How much is remembered of what users ask."""

    days: int = Field(
        default=365, ge=1, le=36_500, description="How long the history of a user keeps a query."
    )
    upload_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="How long a table that came with a query is kept for running that query again, while a "
        "quarter of the room for uploads suffices; 0 keeps none.",
    )
    most: int = Field(
        default=100_000,
        ge=10,
        le=10_000_000,
        description="How many queries the history of a user keeps; the oldest go first.",
    )
