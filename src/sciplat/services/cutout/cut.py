"""Cut out: a piece of an image, as FITS or as a picture; pieces of several as one; and on another grid."""

from __future__ import annotations

import contextlib
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy.io import fits as standard_fits

from sciplat.errors import LimitError, NoOverlapError, NotFoundError, UsageError
from sciplat.images import fits
from sciplat.images.cutout import MEDIA_TYPE, Cutout, cut
from sciplat.images.exposure import Exposure, Floats
from sciplat.images.fits import ExposureFile
from sciplat.images.footprint import around, box_of
from sciplat.images.layout import pixels_of
from sciplat.images.onto import Grid, common_grid, grid_of, mosaic_cutout, mosaic_onto
from sciplat.images.preview import FORMATS, Format, cut_levels, grey, three_colours
from sciplat.images.tiles import reduced
from sciplat.repository.extent import Extent, extent
from sciplat.repository.patches import Patch, patches
from sciplat.services.access import Visitor
from sciplat.services.cutout.place import boxed, placed
from sciplat.services.cutout.request import CutoutRequest, Form, Interval
from sciplat.services.locate import Located, LocateService
from sciplat.services.obscore import obscore_profile
from sciplat.services.sendable import Sendable, pieces
from sciplat.sky.pos import Shape, words
from sciplat.sky.position import Position
from sciplat.sky.region import Circle

__all__ = ["CutoutLimits", "CutoutService", "Sendable"]

_EVERYTHING = Circle(Position(0.0, 0.0), 180.0)
_MOSAIC = re.compile(
    r"ivo://(?P<authority>[^/?#]+)/(?P<release>[A-Za-z0-9_]+)\?(?P<type>[A-Za-z0-9_]+)/(?P<bands>[^/?#]{1,100})"
)
_MAPPED_BYTES = 64 << 20
_EXTENSIONS: Mapping[Form, str] = {"fits": "fits", "png": "png", "jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class CutoutLimits:
    """What one cutout may use. A piece of one image as FITS has no limit: it is sent as it is read."""

    mosaic_pixels: int = 8_000_000
    """Pixels of a mosaic, and of all that is read for it."""

    grid_pixels: int = 4_200_000
    """Pixels of a grid that images are brought to, and of a picture in three colours."""

    images: int = 100
    """Images of a mosaic."""


class CutoutService:
    """Makes cutouts; for any number of threads.

    The ID of a cutout is that of a dataset, ``ivo://AUTHORITY/RELEASE?UUID``, or of a mosaic:
    ``ivo://AUTHORITY/RELEASE?DATASET_TYPE/BAND`` is all that a release has of a type on patches in a band,
    and ``…/RED,GREEN,BLUE`` that in three bands, for a picture in colours.
    """

    def __init__(
        self, locate: LocateService, *, authority: str, work: Path, limits: CutoutLimits | None = None
    ) -> None:
        """Find datasets with ``locate``; what is put together is written into ``work`` before it is sent."""
        self._locate = locate
        self._authority = authority
        self._work = work
        self._limits = limits or CutoutLimits()

    def cutout(self, request: CutoutRequest, *, visitor: Visitor) -> Sendable:
        """Return a cutout.

        Raises
        ------
        NoOverlapError
            The images have nothing of what is asked for.
        UsageError
            The ID identifies no image, or the parameters make no sense for it.
        LimitError
            It would be larger than may be made at once.
        AuthenticationError, PermissionDeniedError, NotFoundError
            As for `LocateService.dataset`.
        ImageFileError
            A file is damaged.
        """
        grid = None if request.wcs is None else grid_of(request.wcs)
        several = _MOSAIC.fullmatch(request.id)
        if several is None:
            return self._of_one(request, grid, visitor)
        if several["authority"].lower() != self._authority.lower():
            raise NotFoundError(
                f"The images of {several['authority'][:100]!r} are not here: this is {self._authority!r}."
            )
        bands = [band.strip() for band in several["bands"].split(",")]
        return self._of_several(request, several["release"], several["type"], bands, grid, visitor)

    def _of_one(self, request: CutoutRequest, grid: Grid | None, visitor: Visitor) -> Sendable:
        located = self._locate.identified(request.id, visitor=visitor)
        if not located.is_image:
            raise UsageError(f"The {located.dataset_type} {located.id} is no image, so nothing can be cut.")
        if request.band or request.time:
            with self._locate.repository(located.release) as repository:
                covered = extent(repository.butler, located.id)
            _check(request, covered)
        region = request.region or _EVERYTHING
        stem = located.name.removesuffix(".gz").rpartition(".")[0]
        if grid is not None:
            made, _ = mosaic_onto(
                [_ours(located)],
                grid,
                most_pixels=self._limits.grid_pixels,
                image_only=request.content == "image" or request.form != "fits",
            )
            return self._exposure(request, made, f"{stem}-grid", [located], public=located.public)
        name = _named(stem, request)
        if request.form == "fits":
            cutout = cut(located.path, region, content=request.content, provenance={"DATASET": request.id})
            return _streamed(cutout, name, public=located.public)
        pixels, shrunk = self._shrunk(located, region, request.picture.side)
        return _picture(_grey(pixels, request, request.form), name, request.form, located.public, shrunk)

    def _of_several(
        self,
        request: CutoutRequest,
        release: str,
        dataset_type: str,
        bands: Sequence[str],
        grid: Grid | None,
        visitor: Visitor,
    ) -> Sendable:
        if len(bands) not in (1, 3):
            raise UsageError(f"An ID with bands has one, or three for red, green and blue; not {len(bands)}.")
        if len(bands) == 3 and request.form == "fits":
            raise UsageError(
                "Three bands make a picture: send RESPONSEFORMAT=image/png or image/jpeg, or one band."
            )
        region = request.region if grid is None else around(grid.wcs, grid.shape)
        if region is None:
            raise UsageError(f"{request.id} is many images: send POS, CIRCLE, POLYGON or GRID with it.")
        public = self._locate.release(release, visitor=visitor)
        for band in bands:
            _check(request, Extent(band, None))
        found = [self._patches(release, dataset_type, band, region, visitor) for band in bands]
        stem = f"{release}-{dataset_type}-{'-'.join(bands)}"
        if len(bands) == 3:
            return self._in_colours(
                request, [[_ours(each) for each in one] for one in found], grid, stem, public
            )
        sources, limits = [_ours(each) for each in found[0]], self._limits
        if grid is not None:
            made, used = mosaic_onto(
                sources, grid, most_pixels=limits.grid_pixels, image_only=request.content == "image"
            )
            stem = f"{stem}-grid"
        else:
            made, used = mosaic_cutout(sources, region, most_pixels=limits.mosaic_pixels)
            stem = placed(stem, region)
        return self._exposure(request, made, stem, [found[0][number] for number in used], public=public)

    def _patches(
        self, release: str, dataset_type: str, band: str, region: Shape, visitor: Visitor
    ) -> list[Located]:
        """Return the images that a region may meet, those nearest to its middle first."""
        most = self._limits.images
        with self._locate.repository(release) as repository:
            found: list[Patch] = patches(
                repository.butler,
                dataset_type,
                band,
                collection=release,
                region=boxed(region),
                most=most,
            )
        if not found:
            raise NoOverlapError(
                f"{words(region)[:120]} meets no {dataset_type} in band {band!r} of release {release!r}."
            )
        if len(found) > most:
            raise LimitError(f"The region meets more than {most} images: ask for a smaller one.")
        skymaps = sorted({each.skymap for each in found})
        if len(skymaps) > 1:
            raise UsageError(
                f"There are {dataset_type}s on several skymaps here, {', '.join(skymaps)}: ask for one by "
                "its ID."
            )
        return [self._locate.dataset(release, each.id, visitor=visitor) for each in found]

    def _in_colours(
        self,
        request: CutoutRequest,
        sources: Sequence[Sequence[Path]],
        grid: Grid | None,
        stem: str,
        public: bool,
    ) -> Sendable:
        most = self._limits.grid_pixels
        if grid is None:
            assert request.region is not None
            together = [source for of_band in sources for source in of_band]
            grid = common_grid(together, request.region, most_pixels=most)
            stem = placed(stem, request.region)
        level = _level(max(grid.shape), request.picture.side)
        bands: list[Floats] = []
        for of_band in sources:
            made, _ = mosaic_onto(of_band, grid, most_pixels=most, image_only=True)
            bands.append(reduced(made, made.box, level, mask=False)[0])
        assert request.form != "fits"
        low, high = cut_levels(_mean(bands), request.picture.cuts)
        content = three_colours(
            bands[0],
            bands[1],
            bands[2],
            minimum=low,
            stretch=high - low,
            softening=request.picture.softening,
            form=request.form,
        )
        return _picture(content, f"{stem}.{_EXTENSIONS[request.form]}", request.form, public, 1 << level)

    def _shrunk(self, located: Located, region: Shape, side: int) -> tuple[Floats, int]:
        """Return the image in a region with no more than ``side`` pixels along an axis, and how it shrunk."""
        if located.layout is not None:
            with pixels_of(located.layout) as foreign:
                box = box_of(region, foreign.wcs, foreign.box.shape)
                if box.width * box.height > 4 * self._limits.mosaic_pixels:
                    raise LimitError(
                        f"The region has {box.width * box.height:,} pixels of a file that is left in place; "
                        f"a picture can be made of {4 * self._limits.mosaic_pixels:,}: ask for a smaller one."
                    )
                level = _level(max(box.shape), side)
                exposure = Exposure(foreign.image(box), foreign.wcs, origin=box.origin)
                return reduced(exposure, exposure.box, level, mask=False)[0], 1 << level
        with _opened(located.path) as file:
            box = box_of(region, file.wcs, file.box.shape).moved(*file.box.origin)
            level = _level(max(box.shape), side)
            return reduced(file, box, level, mask=False)[0], 1 << level

    def _exposure(
        self, request: CutoutRequest, made: Exposure, stem: str, inputs: Sequence[Located], *, public: bool
    ) -> Sendable:
        """Return an exposure that was made here as what was asked for."""
        name = f"{stem}.{_EXTENSIONS[request.form]}"
        if request.form != "fits":
            level = _level(max(made.box.shape), request.picture.side)
            pixels, _ = reduced(made, made.box, level, mask=False)
            return _picture(_grey(pixels, request, request.form), name, request.form, public, 1 << level)
        if request.content == "image":
            made = replace(made, mask=None, planes={}, variance=None, psf=None)
        elif request.content == "planes":
            made = replace(made, psf=None)
        made = replace(made, header=_provenance(made.header, request, inputs))
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(dir=self._work))
            fits.write(made, file, compress=False)
            size = file.tell()
            file.seek(0)
            closing = stack.pop_all().close
        return Sendable(name, MEDIA_TYPE, size, pieces(file), public, closing=closing)


def _check(request: CutoutRequest, covered: Extent) -> None:
    """Refuse wavelengths and times that an image has none of (SODA 1.0, sections 3.3.4 and 3.3.5)."""
    if request.band is not None:
        limits = obscore_profile()["bands"].get(covered.band)
        if limits is None:
            raise UsageError("BAND cannot be asked for: the wavelengths of the image are not known.")
        if not _meet(request.band, (limits[0], limits[1])):
            raise NoOverlapError(
                f"BAND has none of the image's wavelengths, {limits[0]:g} to {limits[1]:g} metres."
            )
    if request.time is not None:
        if covered.time is None:
            raise UsageError("TIME cannot be asked for: the image has no time, or several.")
        if not _meet(request.time, covered.time):
            raise NoOverlapError(
                f"TIME has none of the image's, MJD {covered.time[0]:.6f} to {covered.time[1]:.6f} UTC."
            )


def _meet(asked: Interval, known: Interval) -> bool:
    return asked[0] <= known[1] and asked[1] >= known[0]


def _ours(located: Located) -> Path:
    if located.layout is not None and located.path == located.layout.image.file:
        raise UsageError(
            f"The {located.dataset_type} {located.id} is a file that was left in place, which can be cut but "
            "not be joined or brought to another grid: ingest it without --in-place."
        )
    return located.path


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[ExposureFile]:
    with fits.opened(path, mapped=path.stat().st_size <= _MAPPED_BYTES) as file:
        yield file


def _level(side: int, most: int) -> int:
    """Return the level of the pyramid at which no side is longer than ``most``."""
    return max(0, math.ceil(side / most) - 1).bit_length()


def _mean(bands: Sequence[Floats]) -> Floats:
    total, count = np.zeros(bands[0].shape, np.float32), np.zeros(bands[0].shape, np.float32)
    for band in bands:
        good = np.isfinite(band)
        total[good] += band[good]
        count += good
    with np.errstate(invalid="ignore"):
        mean: Floats = total / count
    return mean


def _grey(pixels: Floats, request: CutoutRequest, form: Format) -> bytes:
    return grey(pixels, stretch=request.picture.stretch, cuts=request.picture.cuts, form=form)


def _picture(content: bytes, name: str, form: Format, public: bool, shrunk: int) -> Sendable:
    return Sendable(name, FORMATS[form], len(content), iter((content,)), public, shrunk)


def _streamed(cutout: Cutout, name: str, *, public: bool) -> Sendable:
    return Sendable(name, MEDIA_TYPE, cutout.size, iter(cutout), public, closing=cutout.close)


def _provenance(
    header: standard_fits.Header, request: CutoutRequest, inputs: Sequence[Located]
) -> standard_fits.Header:
    """Return cards that name what was asked for and every image that went in (decision of Rubin's Butler)."""
    kept = standard_fits.Header(
        [card for card in header.cards if not card.keyword.startswith("LSST BUTLER")]
    ).copy()
    kept["DATASET"] = request.id
    kept["HIERARCH LSST BUTLER N_INPUTS"] = len(inputs)
    for number, each in enumerate(inputs):
        kept[f"HIERARCH LSST BUTLER INPUT {number} ID"] = str(each.id)
        kept[f"HIERARCH LSST BUTLER INPUT {number} DATASETTYPE"] = each.dataset_type
    asked = "the grid that was asked for" if request.region is None else words(request.region)[:500]
    kept.add_history(f"Put together for {asked}")
    return kept


def _named(stem: str, request: CutoutRequest) -> str:
    named = stem if request.region is None else placed(stem, request.region)
    return f"{named}.{_EXTENSIONS[request.form]}"
