"""``/api/hips``: the HiPS of data releases (HiPS 1.0), for Aladin and other maps of the sky."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from sciplat.api.dependencies import Reach
from sciplat.api.files import StoredFile
from sciplat.api.policy import Visiting, origin
from sciplat.errors import NotFoundError, SciplatError
from sciplat.tiles.hips import properties_text

__all__ = ["PREFIX", "router"]

PREFIX = "/api/hips"
router = APIRouter(prefix=PREFIX, tags=["hips"])

_MEDIA_TYPES = {".fits": "application/fits", ".png": "image/png"}
_TILE_SECONDS = 3600


@router.get("/list", response_class=PlainTextResponse)
def hips_list(request: Request, visitor: Visiting, instance: Reach) -> Response:
    """Answer the HiPS that this visitor may see, one record each (section 5.2)."""
    records = []
    for release, public in sorted(instance.catalogs.snapshot().images.items()):
        try:
            instance.images.locate.release(release, visitor=visitor)
        except SciplatError:  # what a visitor may not see isn't there
            continue
        for name in instance.images.hips.names(release):
            said = instance.images.hips.properties(release, name)
            url = f"{origin(request)}{PREFIX}/{release}/{name}"
            records.append(
                properties_text({**said, "hips_status": _status(public=public), "hips_service_url": url})
            )
    return PlainTextResponse("\n".join(records), headers={"Cache-Control": "private, no-cache"})


@router.get("/{release}/{name}/properties", response_class=PlainTextResponse)
def properties(release: str, name: str, visitor: Visiting, instance: Reach) -> Response:
    """Answer what is said of a HiPS (section 4.4.1)."""
    public = instance.images.locate.release(release, visitor=visitor)
    said = instance.images.hips.properties(release, name)
    if not said:
        raise NotFoundError(f"Release {release!r} has no HiPS {name[:60]!r}.")
    text = properties_text({**said, "hips_status": _status(public=public)})
    return PlainTextResponse(text, headers={"Cache-Control": "private, no-cache"})


@router.get("/{release}/{name}/{file:path}", response_class=FileResponse)
def file(
    release: str, name: str, file: str, request: Request, visitor: Visiting, instance: Reach
) -> Response:
    """Answer a tile, or the coverage."""
    instance.images.locate.release(release, visitor=visitor)
    path = instance.images.hips.file(release, name, file)
    if path is None:
        raise NotFoundError(f"HiPS {name[:60]!r} of release {release!r} has no {file[:100]!r}.")
    response = StoredFile(
        path,
        media_type=_MEDIA_TYPES[path.suffix],
        headers={"Cache-Control": f"private, max-age={_TILE_SECONDS}"},
    )
    if request.headers.get("if-none-match") == response.headers["etag"]:
        kept = {key: response.headers[key] for key in ("etag", "cache-control", "last-modified")}
        return Response(status_code=304, headers=kept)
    return response


def _status(*, public: bool) -> str:
    return f"{'public' if public else 'private'} master clonableOnce"
