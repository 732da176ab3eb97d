"""Instants as IVOA documents write them: UTC, ISO 8601, with Z."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["instant"]


def instant(when: datetime) -> str:
    """Return an instant to the millisecond, e.g. ``2026-11-21T09:30:00.250Z`` (DALI 1.1, section 3.3.3).

    ``when`` has a time zone; an instant without one would mean another moment on another machine.
    """
    if when.tzinfo is None:
        raise ValueError("An instant needs a time zone")
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
