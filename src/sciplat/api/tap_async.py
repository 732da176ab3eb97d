"""``/api/tap/async``: queries as jobs (UWS 1.1, as TAP 1.1, section 5, uses it)."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from sciplat.adql.tokens import MAX_LENGTH
from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Dali, Parameters
from sciplat.api.policy import Visiting
from sciplat.api.respond import respond
from sciplat.api.tap import PREFIX, format_of
from sciplat.api.uws import KindOfJob, job_router
from sciplat.errors import UsageError
from sciplat.jobs.models import QUERY, Job
from sciplat.tables.document import Document

__all__ = ["router"]

KEPT = ("LANG", "QUERY", "MAXREC", "RESPONSEFORMAT", "FORMAT", "REQUEST")
"""The parameters that make a job's query; anything else that a client sends is not kept."""


def _kept(parameters: Parameters) -> list[tuple[str, str]]:
    """Return what a job keeps of a request, after looking for mistakes that would only show later."""
    format_of(parameters)
    parameters.whole_number("MAXREC")
    if len(parameters.text("QUERY") or "") > MAX_LENGTH:
        raise UsageError(
            f"QUERY has more than {MAX_LENGTH:,} characters; send long lists in several queries."
        )
    # A query stays to the letter: its errors count lines and columns.
    kept = {name: text for name in KEPT if (text := parameters.text(name)) is not None}
    return [(name, text if name == "QUERY" else text.strip()) for name, text in kept.items()]


def _mime(job: Job) -> str:
    return format_of(Parameters(job.parameters)).mime


router = job_router(KindOfJob(QUERY, f"{PREFIX}/async", _kept, takes_tables=True, mime_of=_mime), tag="tap")


@router.get("/{job_id}/results/result", response_class=Response)
def result(job_id: str, request: Request, parameters: Dali, visitor: Visiting, instance: Reach) -> Response:
    """Answer the rows, in the job's format or in the RESPONSEFORMAT of this request; nothing is run again."""
    submit = instance.submit.of(QUERY)
    found = submit.job(job_id, visitor=visitor)
    form = format_of(parameters if parameters.text("RESPONSEFORMAT") else Parameters(found.parameters))
    stream = submit.result(job_id, visitor=visitor).stream()
    document = Document(query=found.parameter("QUERY"))
    return respond(stream, form, document, request=request, file_name=job_id)
