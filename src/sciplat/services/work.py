"""What an executed job is: the work that one verb does for it, and what is expected of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sciplat.identity.models import Scope
from sciplat.jobs.models import Job, JobProgress, JobResult
from sciplat.services.access import Visitor

__all__ = ["Done", "Expected", "Verb", "Work"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a job is expected to give, and to take at work."""

    rows: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """What a job has come to; its results are safe on the disk."""

    results: tuple[JobResult, ...]
    overflow: bool = False
    """A limit cut one of them."""


class Work(Protocol):
    """A job at work, in threads or processes of its own."""

    @property
    def progress(self) -> JobProgress:
        """How far it is."""

    def cancel(self) -> None:
        """Stop it; whoever waits gets a `CancelledError` within moments."""

    def wait(self) -> Done:
        """Return what it has come to when it is done, or raise its error."""


@dataclass(frozen=True, slots=True)
class Verb:
    """How jobs of one kind are executed."""

    expect: Callable[[Job, Visitor], Expected]
    """Tells of a job of its owner what it will take; raises as ``begin`` does."""

    begin: Callable[[Job, Visitor, int], Work]
    """Begins a job, of its owner, given the bytes left for its results."""

    scopes: frozenset[Scope]
    """What it does in its owner's name, as far as the owner may."""

    resumes: bool = False
    """It goes on with the files that were there when it was interrupted; else they are removed before."""
