"""What clients of ESA's dialect TAP+ ask beyond TAP: astroquery's ``utils.tap``, and what is built on it."""

from __future__ import annotations

from fastapi import Request

from sciplat.api.dependencies import Asking, Reach
from sciplat.api.parameters import Dali, Parameters
from sciplat.api.policy import Visiting
from sciplat.errors import UsageError
from sciplat.services.access import Visitor
from sciplat.vo.schema import Schema

__all__ = ["delete_jobs", "detail", "only", "spoken"]

_JOBS_MAX = 1000


def spoken(request: Request) -> bool:
    """Return whether a client reads TAP+: astroquery is the one that does not say its name."""
    return "user-agent" not in request.headers


def detail(parameters: Parameters) -> str:
    """Return how much of each table is asked for: ONLY_TABLES leaves the columns out."""
    return "min" if (parameters.text("ONLY_TABLES") or "").lower() == "true" else "max"


def only(names: str, asking: Asking, visitor: Visitor) -> tuple[Schema, ...]:
    """Return the tables that TABLES names, separated by commas, each in its schema.

    Raises
    ------
    NotFoundError, AuthenticationError
        One of them is not there for this visitor.
    """
    found = [asking.table(name.strip(), visitor) for name in names.split(",")]
    schemas = dict.fromkeys(table.schema for table in found)
    return tuple(
        Schema(schema, tuple(table for table in found if table.schema == schema)) for schema in schemas
    )


def delete_jobs(parameters: Dali, visitor: Visiting, instance: Reach) -> str:
    """Delete the jobs that JOB_IDS names, separated by commas; where one is not there, none is deleted."""
    ids = list(dict.fromkeys(filter(None, map(str.strip, (parameters.text("JOB_IDS") or "").split(",")))))
    if not ids:
        raise UsageError("JOB_IDS is missing: send the ids of the jobs, separated by commas.")
    if len(ids) > _JOBS_MAX:
        raise UsageError(f"JOB_IDS names {len(ids)} jobs; send at most {_JOBS_MAX} at once.")
    for job_id in ids:
        instance.submit.job(job_id, visitor=visitor)
    for job_id in ids:
        instance.submit.delete(job_id, visitor=visitor)
    return ""
