"""``/api/cutouts/async``: many cutouts at once, as jobs (UWS 1.1)."""

from __future__ import annotations

from starlette.responses import Response

from sciplat.adql.tokens import MAX_LENGTH
from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Parameters
from sciplat.api.policy import Visiting
from sciplat.api.uws import KindOfJob, file_of, job_router
from sciplat.errors import UsageError
from sciplat.jobs.models import BULK_CUTOUT
from sciplat.services.bulk.request import PARAMETERS, BulkRequest

__all__ = ["PREFIX", "router"]

PREFIX = "/api/cutouts/async"


def _kept(parameters: Parameters) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in parameters if name in PARAMETERS and value.strip()]
    uploads = parameters.all("UPLOAD")
    given = {name for name, _ in kept}
    if uploads and not given & {"QUERY", "JOB"}:
        # The rows of the first table are the positions, where nothing else is said.
        name = uploads[0].partition(",")[0].strip()
        kept.append(("QUERY", f"SELECT * FROM TAP_UPLOAD.{name}"))
    if len(parameters.text("QUERY") or "") > MAX_LENGTH:
        raise UsageError(f"QUERY has more than {MAX_LENGTH:,} characters; send a long list as a table.")
    if parameters.text("PHASE") is not None:
        BulkRequest.of(kept)
    return kept


router = job_router(KindOfJob(BULK_CUTOUT, PREFIX, _kept, takes_tables=True), tag="cutouts")


@router.get("/{job_id}/results/{name}", response_class=Response)
def result(job_id: str, name: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer the archive (``result``) or its ``index``, or the range of bytes that is asked for."""
    return file_of(job_id, name, visitor=visitor, submit=instance.submit.of(BULK_CUTOUT))
