"""A view as it is listed, and who may do what with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Role", "View"]


class Role(StrEnum):
    """What a user may do with a view."""

    OWNER = "owner"
    """All, and say who else may see it."""

    EDITOR = "editor"
    """Operations."""

    VIEWER = "viewer"
    """Look."""


@dataclass(frozen=True, slots=True)
class View:
    """A shared session of the Portal. All times are UTC."""

    id: str
    """Unguessable: 128 random bits, as 26 lower-case letters and digits."""

    owner: str
    title: str
    created: datetime
    changed: datetime
    revision: int
    """How many operations were done."""
