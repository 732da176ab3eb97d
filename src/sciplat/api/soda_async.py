"""``/api/soda/async``: pieces of images as jobs (Server-side Operations for Data Access 1.0, UWS 1.1)."""

from __future__ import annotations

from starlette.responses import Response

from sciplat import errors
from sciplat.api.dependencies import Reach
from sciplat.api.parameters import Parameters
from sciplat.api.policy import Visiting
from sciplat.api.uws import KindOfJob, file_of, job_router
from sciplat.jobs.models import CUTOUT, JobError
from sciplat.services.cutout.request import PARAMETERS, CutoutRequests
from sciplat.vo.soda import error_text

__all__ = ["PREFIX", "router"]

PREFIX = "/api/soda/async"

_KINDS = (
    errors.AuthenticationError,
    errors.ImageFileError,
    errors.LimitError,
    errors.MultipleValuesError,
    errors.NoOverlapError,
    errors.NotFoundError,
    errors.PermissionDeniedError,
    errors.UnavailableError,
    errors.UsageError,
)
"""What a job can fail by."""


def _kept(parameters: Parameters) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in parameters if name in PARAMETERS and value.strip()]
    if parameters.text("PHASE") is not None:
        CutoutRequests.of(kept)
    return kept


def _error(error: JobError) -> str:
    kinds = {kind.code: kind for kind in _KINDS}
    kind = kinds.get(error.code)
    return f"{error_text(kind(error.message)) if kind else f'Error: {error}'}\n"


router = job_router(KindOfJob(CUTOUT, PREFIX, _kept, error_text=_error), tag="soda")


@router.get("/{job_id}/results/{name}", response_class=Response)
def result(job_id: str, name: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer a cutout, or the range of bytes that is asked for."""
    return file_of(job_id, name, visitor=visitor, submit=instance.submit.of(CUTOUT))
