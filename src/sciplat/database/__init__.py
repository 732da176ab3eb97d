"""The state of a room: one SQLite file (or one PostgreSQL database), migrated when it is opened.

Rooms say what their tables are and how they came to be (``migrations/versions``
inside the room's package); how a database is opened, locked and brought up to
date is said once, here.
"""

from __future__ import annotations

from sciplat.database.columns import Instant
from sciplat.database.store import Database, in_folder

__all__ = ["Database", "Instant", "in_folder"]
