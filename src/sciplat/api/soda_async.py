"""``/api/soda/async``: pieces of images as jobs (Server-side Operations for Data Access 1.0, UWS 1.1)."""

from __future__ import annotations

from starlette.responses import Response

from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Parameters
from sciplat.api.policy import Visiting
from sciplat.api.uws import KindOfJob, file_of, job_router
from sciplat.jobs.models import CUTOUT
from sciplat.services.cutout_request import PARAMETERS, CutoutRequests

__all__ = ["PREFIX", "router"]

PREFIX = "/api/soda/async"


def _kept(parameters: Parameters) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in parameters if name in PARAMETERS and value.strip()]
    if parameters.text("PHASE") is not None:
        CutoutRequests.of(kept)
    return kept


router = job_router(KindOfJob(CUTOUT, PREFIX, _kept), tag="soda")


@router.get("/{job_id}/results/{name}", response_class=Response)
def result(job_id: str, name: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer a cutout, or the range of bytes that is asked for."""
    return file_of(job_id, name, visitor=visitor, submit=instance.submit.of(CUTOUT))
