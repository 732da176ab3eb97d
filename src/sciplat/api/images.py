"""``/api/images/{release}/{id}``: the datasets of a release, as they are."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from sciplat.api.dependencies import Reach
from sciplat.api.files import StoredFile
from sciplat.api.policy import Visiting

__all__ = ["PREFIX", "router"]

PREFIX = "/api/images"
router = APIRouter(prefix=PREFIX, tags=["images"])

_MEDIA_TYPES = {
    ".fits": "application/fits",
    ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}


@router.get("/{release}/{id}/file", response_class=FileResponse)
def file(release: str, id: str, request: Request, visitor: Visiting, instance: Reach) -> Response:  # noqa: A002
    """Answer the file of a dataset, or the ranges of bytes that are asked for (RFC 9110, section 14)."""
    found = instance.images.locate.dataset(release, id, visitor=visitor)
    response = StoredFile(
        found.path,
        filename=found.name,
        media_type=_MEDIA_TYPES.get(found.path.suffix, "application/octet-stream"),
        headers={"Cache-Control": f"{'public' if found.public else 'private'}, no-cache"},
    )
    if request.headers.get("if-none-match") == response.headers["etag"]:
        kept = {name: response.headers[name] for name in ("etag", "cache-control", "last-modified")}
        return Response(status_code=304, headers=kept)
    return response
