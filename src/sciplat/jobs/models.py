"""Jobs and their phases (UWS 1.1, sections 2.1.3 and 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sciplat.vo.uws import Phase

__all__ = [
    "BULK_CUTOUT",
    "CUTOUT",
    "LANES",
    "QUERY",
    "Job",
    "JobBrief",
    "JobError",
    "JobProgress",
    "JobReference",
    "JobResult",
    "Phase",
    "lane_of",
]

QUERY = "query"
"""The kind of a job that asks the catalogs."""

CUTOUT = "cutout"
"""The kind of a job that cuts regions out of images that its owner names (SODA 1.0)."""

BULK_CUTOUT = "bulk_cutout"
"""The kind of a job that cuts the surroundings of each position of a table out of images."""

LANES = (frozenset({QUERY}), frozenset({CUTOUT, BULK_CUTOUT}))
"""The kinds of jobs that one process executes: those of a lane wait for one another, and for no others."""


def lane_of(kind: str) -> frozenset[str]:
    """Return the kinds of jobs that wait in the same queue as a kind."""
    return next((lane for lane in LANES if kind in lane), frozenset({kind}))


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
class JobResult:
    """One result of a completed job."""

    name: str
    """``result`` for a query (TAP 1.1, section 5)."""

    rows: int | None = None
    """None for what is no table."""

    bytes: int | None = None
    """As it is kept."""

    mime: str | None = None
    """None for a table: it is written in the form that whoever reads it asks for."""

    file_name: str | None = None
    """Under which a browser keeps it, where that is not its name."""

    failed: int = 0
    """How many parts of it could not be made; the result tells why."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far an executing job is."""

    rows: int | None = None
    bytes: int | None = None
    done: float | None = None
    """The part that is done, 0 to 1; None where nobody knows."""

    of: int | None = None
    """How many rows there will be, where that is known by now."""


@dataclass(frozen=True, slots=True)
class JobReference:
    """As much of a job as the list of UWS shows."""

    id: str
    phase: Phase
    created: datetime
    run_id: str | None


@dataclass(frozen=True, slots=True)
class JobBrief:
    """As much of a job as a person sees of it in a list; what can be long is left out."""

    id: str
    phase: Phase
    kind: str
    title: str
    run_id: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    destruction: datetime
    rows: int | None
    bytes: int | None
    overflow: bool
    error: JobError | None


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of a job at one moment. All times are UTC."""

    id: str
    """Unguessable: 128 random bits, as 26 lower-case letters and digits."""

    owner: str | None
    """The user's name; None for a job of somebody who did not sign in."""

    phase: Phase
    parameters: tuple[tuple[str, str], ...]
    """Names and values of the request itself, in their order; never a credential. A name may come again."""

    created: datetime
    destruction: datetime
    """When the job and its results are removed."""

    execution_duration: int
    """Seconds that it may execute."""

    kind: str = QUERY
    """Which verb executes it."""

    title: str = ""
    """By which its owner knows it in a list: how its query begins, for instance."""

    run_id: str | None = None
    """Whatever its owner wants to call it."""

    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    """How often it began anew, because what executed it went away."""

    progress: float | None = None
    """How much is done, 0 to 1; None where nobody knows."""

    rows: int | None = None
    """So far, and in the end of all results together."""

    bytes: int | None = None
    overflow: bool = False
    """A limit cut a result."""

    estimated_rows: int | None = None
    estimated_seconds: float | None = None
    """At work, without the time in the queue."""

    results: tuple[JobResult, ...] = ()
    error: JobError | None = None

    def parameter(self, name: str) -> str | None:
        """Return the first value of the parameter ``name``, or None."""
        return next((value for key, value in self.parameters if key == name), None)
