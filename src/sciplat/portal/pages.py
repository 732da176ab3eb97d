"""Serve the Portal's one page and its assets."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends
from starlette.responses import FileResponse, RedirectResponse

from sciplat.errors import NotFoundError, UnavailableError

__all__ = ["SECURITY_HEADERS", "router"]

STATIC = Path(__file__).parent / "static"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every page: nothing from elsewhere runs in the Portal or shows it in a frame."""


def everybody() -> None:
    """Let everybody in: pages hold no data, the API decides about that."""


router = APIRouter(dependencies=[Depends(everybody)], include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def root() -> RedirectResponse:
    """Lead to the Portal."""
    return RedirectResponse("/portal", 307)


@router.api_route("/portal/assets/{name}", methods=["GET", "HEAD"])
def asset(name: str) -> FileResponse:
    """Answer one built file; its name changes with its content, so browsers keep it."""
    path = STATIC / "assets" / name
    try:
        found = path.is_file()
    except OSError:  # no file can have such a name
        found = False
    if not found:
        raise NotFoundError(f"There is no asset {name[:60]!r}; reload the page.")
    return FileResponse(
        path,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.api_route("/portal", methods=["GET", "HEAD"])
@router.api_route("/portal/{page:path}", methods=["GET", "HEAD"])
def page(page: str = "") -> FileResponse:
    """Answer the Portal's page; its script shows what the address says."""
    index = STATIC / "index.html"
    if not index.is_file():
        raise UnavailableError("The Portal's front end has not been built: run `make install`.")
    return FileResponse(index, headers=SECURITY_HEADERS | {"Cache-Control": "no-cache"})
