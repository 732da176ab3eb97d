"""Jobs as rows of the room's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from sciplat.errors import UsageError
from sciplat.jobs.models import Job, JobBrief, JobError, JobResult, Phase
from sciplat.jobs.tables import jobs

__all__ = ["Pairs", "brief_of", "checked", "job_of", "titled", "values_of"]

Pairs = Sequence[tuple[str, str]]
"""Names and values of parameters, in their order."""

_TITLE_LENGTH = 200


def values_of(job: Job) -> dict[str, Any]:
    """Return the row of a job."""
    values = {name: getattr(job, name) for name in jobs.columns.keys()}  # noqa: SIM118  # no mapping
    return {
        **values,
        "phase": job.phase.value,
        "results": [asdict(result) for result in job.results],
        "error": None if job.error is None else asdict(job.error),
    }


def job_of(row: Row[Any]) -> Job:
    """Return the job of a row."""
    values = dict(row._mapping)  # noqa: SLF001  # its public name, underscored to keep clear of columns
    error = values["error"]
    values.update(
        phase=Phase(row.phase),
        parameters=tuple((name, value) for name, value in row.parameters),
        results=tuple(JobResult(**result) for result in row.results),
        error=None if error is None else JobError(**error),
    )
    return Job(**values)


def brief_of(row: Row[Any]) -> JobBrief:
    """Return the job of a row of `queries.briefs`."""
    values = dict(row._mapping)  # noqa: SLF001  # as above
    error = values["error"]
    return JobBrief(
        **{**values, "phase": Phase(row.phase), "error": None if error is None else JobError(**error)}
    )


def checked(parameters: Pairs) -> tuple[tuple[str, str], ...]:
    """Return parameters that can be kept.

    Raises
    ------
    UsageError
        One is no text.
    """
    for name, value in parameters:
        try:
            f"{name}={value}".encode()
        except UnicodeEncodeError:
            raise UsageError(f"The parameter {name[:60]!a} is no text: it has half of a character") from None
    return tuple((name, value) for name, value in parameters)


def titled(title: str) -> str:
    """Return as much of a title as is kept."""
    return title[:_TITLE_LENGTH]
