"""``/api/images/{release}/{id}/…``: what viewers of an image need: tiles, values, pictures.

Whoever may see the image is decided before anything that is kept is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, cast

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from sciplat.api.dependencies import Reach
from sciplat.api.encoding import choose
from sciplat.api.images import PREFIX
from sciplat.api.makers import Makers
from sciplat.api.policy import Visiting
from sciplat.errors import UsageError
from sciplat.images import preview as pictures
from sciplat.images.pixels import ImagePlace
from sciplat.images.tiles import MEDIA_TYPE
from sciplat.services.cover import FORMATS, Form
from sciplat.services.locate import Located
from sciplat.services.picture import Look
from sciplat.services.tile import Packed, Which, place_of

__all__ = ["router"]

router = APIRouter(prefix=f"{PREFIX}/{{release}}", tags=["images"])

_YEAR_SECONDS = 31_536_000


@dataclass(frozen=True)
class _Image:
    """An image that the visitor may see."""

    located: Located
    place: ImagePlace
    mark: str
    """Its fingerprint."""


async def _image(release: str, id: str, visitor: Visiting, instance: Reach) -> _Image:  # noqa: A002
    def find() -> _Image:
        located = instance.images.locate.dataset(release, id, visitor=visitor)
        place = place_of(located)
        return _Image(located, place, instance.images.tiling.fingerprint(place))

    return await to_thread.run_sync(find)


async def _makers(request: Request) -> Makers:
    makers: Makers = request.app.state.makers
    return makers


Image = Annotated[_Image, Depends(_image)]
Making = Annotated[Makers, Depends(_makers)]


@router.get("/moc", response_class=Response)
async def moc(
    release: str,
    request: Request,
    visitor: Visiting,
    instance: Reach,
    makers: Making,
    dataset_type: str | None = None,
    order: int = 11,
    format: str = "fits",  # noqa: A002
) -> Response:
    """Answer which part of the sky the images of a release show (MOC 2.0)."""
    await to_thread.run_sync(partial(instance.images.locate.release, release, visitor=visitor))
    ask = partial(
        instance.images.cover.moc, release, dataset_type=dataset_type, order=order, form=cast("Form", format)
    )
    made = await makers.make(request, ask)
    return Response(made, media_type=FORMATS[format], headers={"Cache-Control": "private, no-cache"})


@router.get("/{id}/tiles", response_class=JSONResponse)
async def describe(release: str, image: Image, request: Request, instance: Reach, makers: Making) -> Response:
    """Answer what an image is like: its levels of tiles, mask planes, statistics, world coordinates."""
    tag = f'"{image.mark}-facts"'
    if (same := _same(request, tag)) is not None:
        return same
    found = image.located
    facts = await makers.make(request, partial(instance.images.probe.facts, image.place))
    whole: dict[str, Any] = {
        "id": str(found.id),
        "release": release,
        "dataset_type": found.dataset_type,
        "data_id": {name: str(value) for name, value in found.data_id.items()},
        "fingerprint": image.mark,
        "tiles": f"{PREFIX}/{release}/{found.id}/tiles/{{level}}/{{row}}/{{column}}?version={image.mark}",
        "media_type": MEDIA_TYPE,
        **facts,
    }
    return JSONResponse(whole, headers=_headers(tag))


@router.get("/{id}/wcs", response_class=JSONResponse)
async def wcs(image: Image, request: Request, instance: Reach, makers: Making) -> Response:
    """Answer the world coordinates: cards of a header, or a grid of directions."""
    tag = f'"{image.mark}-wcs"'
    if (same := _same(request, tag)) is not None:
        return same
    facts = await makers.make(request, partial(instance.images.probe.facts, image.place))
    return JSONResponse(facts["wcs"], headers=_headers(tag))


@router.get("/{id}/tiles/{level}/{row}/{column}", response_class=Response)
async def tile(
    image: Image,
    level: int,
    row: int,
    column: int,
    request: Request,
    instance: Reach,
    makers: Making,
    mask: bool = False,
    version: str | None = None,
) -> Response:
    """Answer one tile: floats, and the bits of the mask if they are asked for."""
    mark = image.mark
    which = Which(level, column, row, mask)
    packs = choose(request.headers.get("accept-encoding"), packable=True, here=False) == "zstd"
    # A strong tag is that of the bytes that are sent, packed or not (RFC 9110, section 8.8.3.3).
    tag = f'"{mark}-{which.name}{"z" if packs else ""}"'
    if (same := _same(request, tag, version=version, mark=mark)) is not None:
        return same
    kept = await to_thread.run_sync(instance.images.tiling.kept, mark, which)
    if kept is None:
        kept = await makers.make(request, partial(instance.images.tiling.tile, image.place, which))
    return await to_thread.run_sync(_sent, kept, packs, _headers(tag, version=version, mark=mark))


@router.get("/{id}/value", response_class=JSONResponse)
async def value(
    image: Image,
    request: Request,
    instance: Reach,
    makers: Making,
    x: int | None = None,
    y: int | None = None,
    ra: float | None = None,
    dec: float | None = None,
) -> Response:
    """Answer the exact value of a pixel, by its place in the image or on the sky."""
    if (x is None) != (y is None) or (ra is None) != (dec is None):
        raise UsageError("x and y go together, as ra and dec do.")
    found = await makers.make(
        request,
        partial(
            instance.images.probe.value,
            image.place,
            pixel=None if x is None or y is None else (x, y),
            position=None if ra is None or dec is None else (ra, dec),
        ),
    )
    return JSONResponse(dict(found), headers={"Cache-Control": "private, no-cache"})


@router.get("/{id}/preview", response_class=Response)
async def preview(
    image: Image,
    request: Request,
    instance: Reach,
    makers: Making,
    size: int = 512,
    stretch: str = "asinh",
    cuts: str = "zscale",
    format: str = "png",  # noqa: A002
    mask: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Answer a picture of the whole image, PNG or JPEG."""
    look = Look(
        size,
        cast("pictures.Stretch", stretch),
        _cuts(cuts),
        cast("pictures.Format", {"jpg": "jpeg"}.get(format, format)),
        tuple(mask or ()),
    )
    if look.form not in pictures.FORMATS:
        raise UsageError(f"format={format[:40]!r} is unknown; it can be {', '.join(pictures.FORMATS)}.")
    tag = f'"{image.mark}-{look.name}"'
    if (same := _same(request, tag)) is not None:
        return same
    made = await makers.make(request, partial(instance.images.pictures.picture, image.place, look))
    return Response(made, media_type=pictures.FORMATS[look.form], headers=_headers(tag))


def _sent(kept: Packed, packs: bool, headers: dict[str, str]) -> Response:
    if packs and kept.is_zstd:
        return Response(kept.content, media_type=MEDIA_TYPE, headers=headers | {"Content-Encoding": "zstd"})
    return Response(kept.unpacked(), media_type=MEDIA_TYPE, headers=headers)


def _headers(tag: str, *, version: str | None = None, mark: str | None = None) -> dict[str, str]:
    """Return how long an answer may be kept: for ever where the address says of which version it is.

    Never by others than the asker: a public release may become a private one.
    """
    lasting = version is not None and version == mark
    kept = f"private, max-age={_YEAR_SECONDS}, immutable" if lasting else "private, no-cache"
    return {"ETag": tag, "Cache-Control": kept, "Vary": "Accept-Encoding"}


def _same(
    request: Request, tag: str, *, version: str | None = None, mark: str | None = None
) -> Response | None:
    """Return that nothing has changed, where the asker has the answer already (RFC 9110, section 13.1.2)."""
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag not in asked and asked != ["*"]:
        return None
    return Response(status_code=304, headers=_headers(tag, version=version, mark=mark))


def _cuts(text: str) -> pictures.Cuts:
    """Return cuts as they are written: one of the names, or two numbers with a comma between them."""
    if text in pictures.CUTS:
        return cast("pictures.Cuts", text)
    low, comma, high = text.partition(",")
    try:
        cuts = (float(low), float(high))
    except ValueError:
        cuts = (math.nan, math.nan)
    if not (comma and cuts[0] < cuts[1] and all(map(math.isfinite, cuts))):
        raise UsageError(
            f"cuts={text[:40]!r} is unknown; it can be {', '.join(pictures.CUTS)}, or two numbers with a "
            "comma between them, the smaller one first."
        )
    return cuts
