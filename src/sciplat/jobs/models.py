"""Jobs and their phases (UWS 1.1, sections 2.1.3 and 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sciplat.vo.uws import Phase

__all__ = ["Job", "JobError", "Phase"]


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, for its owner."""

    code: str
    """The kind of error, as on the wire."""

    message: str
    line: int | None = None
    """Where in the query, counted from 1; None where the error is at no one place."""

    column: int | None = None
    length: int | None = None

    def __str__(self) -> str:
        """Return the message with its place, as it stands in documents."""
        return (
            self.message if self.line is None else f"{self.message} (line {self.line}, column {self.column})"
        )


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of a job at one moment. All times are UTC."""

    id: str
    """Unguessable: 128 random bits, as 26 lower-case letters and digits."""

    owner: str | None
    """The user's name; None for a job of somebody who did not sign in."""

    phase: Phase
    parameters: Mapping[str, str]
    """Of the request itself, never a credential."""

    created: datetime
    destruction: datetime
    """When the job and its result are removed."""

    execution_duration: int
    """Seconds that it may execute."""

    run_id: str | None = None
    """Whatever its owner wants to call it."""

    quote: datetime | None = None
    """When it may be expected to end; None where nobody knows."""

    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    """How often it began anew, because what executed it went away."""

    progress: float | None = None
    """How much is done, 0 to 1; None where nobody knows."""

    rows: int | None = None
    bytes: int | None = None
    overflow: bool = False
    """A limit cut the result."""

    error: JobError | None = None
