"""Make HiPS: the images of a release on the cells of HEALPix, for maps of the sky that one zooms into."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from sciplat.errors import NotFoundError, UsageError
from sciplat.images import hips, preview
from sciplat.images.exposure import Floats
from sciplat.images.pixels import ImagePlace
from sciplat.repository.find import find
from sciplat.repository.store import Repositories
from sciplat.services.hips_files import HipsFiles
from sciplat.services.locate import LocateService
from sciplat.services.obscore import obscore_profile
from sciplat.services.tile import place_of
from sciplat.tiles.hips import HipsFolder
from sciplat.tiles.store import fingerprint

__all__ = ["MadeHips", "MakeHipsService", "Progress"]

Progress = Callable[[str, float | None], None]

_LIKED = (("i", "r", "g"), ("z", "r", "g"), ("r", "g", "u"))
"""Red, green and blue, where nothing else is asked for."""

_VERSION = 1
"""Changes when HiPS are made otherwise, so that those that are there are made anew."""


@dataclass(frozen=True, slots=True)
class MadeHips:
    """A HiPS that is there now."""

    name: str
    folder: Path
    order: int
    tiles: int
    """Of the deepest order."""

    new: bool
    """False where it was there already, made of the same images."""


@dataclass(frozen=True, slots=True)
class _Image:
    id: str
    place: Callable[[], ImagePlace]
    """Looks where it lies: what is put together of files of others may go while nobody asks for it."""

    wcs: WCS
    shape: tuple[int, int]
    unit: str | None


class MakeHipsService:
    """Makes the HiPS of releases."""

    def __init__(
        self,
        repositories: Repositories,
        locate: LocateService,
        folder: HipsFolder,
        *,
        authority: str,
        threads: int,
    ) -> None:
        """Make HiPS of what ``repositories`` have, in ``folder``, with so many ``threads``."""
        self._repositories, self._locate, self._folder = repositories, locate, folder
        self._authority, self._threads = authority, threads

    def make(
        self,
        release: str,
        *,
        dataset_type: str = "deep_coadd",
        bands: Sequence[str] = (),
        colours: Sequence[str] = (),
        progress: Progress = lambda _, __: None,
    ) -> list[MadeHips]:
        """Make one HiPS for each band, and one in colour where there are three bands.

        What was begun before, of the same images, is gone on with; what is there already stays.

        Parameters
        ----------
        release
            The release.
        dataset_type
            Which of its images.
        bands
            Which bands; by default all that there are.
        colours
            The bands that are red, green and blue; by default ``i``, ``r``, ``g`` where these are there, else
            the reddest, one between and the bluest.
        progress
            Is told the stage, and how much of it is done.

        Raises
        ------
        NotFoundError
            There are no such images.
        UsageError
            The bands cannot be.
        """
        images = self._images(release, dataset_type)
        if missing := [band for band in (*bands, *colours) if band not in images]:
            raise UsageError(
                f"Release {release} has no {dataset_type} in band {missing[0]!r}; it has {', '.join(images)}."
            )
        if colours and len(colours) != 3:
            raise UsageError(f"A colour is made of three bands, red, green and blue, not of {len(colours)}.")
        wanted = list(dict.fromkeys([*(bands or images), *colours]))
        scales = [
            float(np.mean(proj_plane_pixel_scales(image.wcs))) for band in wanted for image in images[band]
        ]
        order = hips.order_for(float(np.median(scales)))
        kind = "" if dataset_type == "deep_coadd" else f"{dataset_type}-"
        made = [self._band(release, f"{kind}{band}", band, images[band], order, progress) for band in wanted]
        chosen = tuple(colours) or _colours([band for band in images if band in wanted])
        if chosen:
            sources = [next(each for each in made if each.name == f"{kind}{band}") for band in chosen]
            made.append(self._colour(release, f"{kind}colour", chosen, sources, order, progress))
        return made

    def _images(self, release: str, dataset_type: str) -> dict[str, list[_Image]]:
        """Return the images of each band, the bands from blue to red."""
        repository = self._repositories.open(release)
        try:
            refs = find(repository.butler, dataset_type, collections=release)
        finally:
            repository.close()
        found: dict[str, list[_Image]] = {}
        for ref in refs:
            # Who may see the map is decided where it is served.
            place = partial(self._place, release, ref.id)
            with place().open() as source:
                image = _Image(str(ref.id), place, source.wcs, source.box.shape, source.header.get("BUNIT"))
            found.setdefault(str(ref.dataId.get("band") or "all"), []).append(image)
        if not found:
            raise NotFoundError(f"Release {release} has no {dataset_type}.")
        limits = obscore_profile()["bands"]
        return dict(sorted(found.items(), key=lambda each: limits.get(each[0], (0.0,))[0]))

    def _place(self, release: str, id: UUID) -> ImagePlace:  # noqa: A002
        return place_of(self._locate.for_the_instance(release, id))

    def _band(
        self, release: str, name: str, band: str, images: Sequence[_Image], order: int, progress: Progress
    ) -> MadeHips:
        files = [path for image in images for path in image.place().paths]
        made_of = _digest(_VERSION, order, [image.id for image in images], fingerprint(files))
        folder = self._folder.begin(release, name, made_of)
        if folder is None:
            return self._there(release, name, order)
        making = HipsFiles(folder, order)
        units = {image.unit for image in images}
        unit = units.pop() if len(units) == 1 else None
        below: dict[int, list[_Image]] = {}
        for image in images:
            for tile in hips.tiles_under(image.wcs, image.shape, order):
                below.setdefault(tile, []).append(image)
        missing = [tile for tile in sorted(below) if not making.path(order, tile).exists()]
        done = len(below) - len(missing)
        with ThreadPoolExecutor(self._threads) as executor:
            try:
                for tile, pixels in zip(
                    missing, executor.map(lambda each: _tile(order, each, below[each]), missing), strict=True
                ):
                    making.write(order, tile, pixels, unit=unit)
                    done += 1
                    progress(f"{name}: tiles", done / len(below))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
        if not making.tiles(order):
            raise NotFoundError(f"No pixel of release {release} in {name} has a value.")
        progress(f"{name}: lower orders and pictures", None)
        making.above(unit=unit)
        cuts = preview.cut_levels(making.sample()[np.newaxis], "zscale")
        making.pictures(
            lambda at, tile: preview.grey(making.read(at, tile), cuts=cuts),
            {at: making.tiles(at) for at in range(order + 1)},
        )
        limits = obscore_profile()["bands"].get(band, (None, None))
        self._finish(
            making,
            release,
            name,
            {
                "obs_title": f"{release} {name}",
                "obs_regime": "Optical",
                "em_min": limits[0],
                "em_max": limits[1],
                "hips_tile_format": "png fits",
                "hips_pixel_bitpix": -32,
                "hips_pixel_cut": f"{cuts[0]:.6g} {cuts[1]:.6g}",
                "hips_bunit": unit,
            },
        )
        return self._there(release, name, order, new=True)

    def _colour(
        self,
        release: str,
        name: str,
        bands: Sequence[str],
        sources: Sequence[MadeHips],
        order: int,
        progress: Progress,
    ) -> MadeHips:
        made_of = _digest(_VERSION, order, list(bands), [_made_of(each.folder) for each in sources])
        folder = self._folder.begin(release, name, made_of)
        if folder is None:
            return self._there(release, name, order)
        progress(f"{name}: pictures", None)
        making = HipsFiles(folder, order)
        parts = [HipsFiles(each.folder, order) for each in sources]
        samples = [part.sample() for part in parts]
        middle = [float(np.median(sample)) for sample in samples]
        noise = [float(1.4826 * np.median(np.abs(s - m))) for s, m in zip(samples, middle, strict=True)]
        lowest = tuple(m - n for m, n in zip(middle, noise, strict=True))

        def draw(at: int, tile: int) -> bytes:
            found = [part.read(at, tile) if part.path(at, tile).exists() else _nothing() for part in parts]
            return preview.three_colours(
                *found,
                minimum=(lowest[0], lowest[1], lowest[2]),
                stretch=max(10 * float(np.mean(noise)), 1e-30),
            )

        making.pictures(
            draw, {at: sorted({t for part in parts for t in part.tiles(at)}) for at in range(order + 1)}
        )
        coverage = parts[0].coverage()
        for part in parts[1:]:
            coverage = coverage.union(part.coverage())
        self._finish(
            making,
            release,
            name,
            {
                "obs_title": f"{release} {name}: {', '.join(bands)}",
                "obs_regime": "Optical",
                "dataproduct_subtype": "color",
                "hips_tile_format": "png",
                "hips_rgb_red": bands[0],
                "hips_rgb_green": bands[1],
                "hips_rgb_blue": bands[2],
            },
            coverage,
        )
        return self._there(release, name, order, new=True)

    def _finish(
        self, making: HipsFiles, release: str, name: str, properties: dict[str, Any], coverage: Any = None
    ) -> None:
        making.allsky()
        making.describe(
            making.coverage() if coverage is None else coverage,
            {
                "creator_did": f"ivo://{self._authority}/{release}/hips/{name}",
                "obs_collection": release,
                **properties,
            },
        )
        self._folder.finish(release, name)

    def _there(self, release: str, name: str, order: int, *, new: bool = False) -> MadeHips:
        file = self._folder.file(release, name, "properties")
        assert file is not None
        kept = HipsFiles(file.parent, order)
        return MadeHips(name, file.parent, order, len(kept.tiles(order, "png")), new)


def _tile(order: int, tile: int, images: Sequence[_Image]) -> Floats:
    """Return a tile: where images overlap, the first that has a value counts."""
    ra, dec = hips.directions(order, tile)
    whole = _nothing()
    for image in images:
        with image.place().open() as source:
            part = hips.onto(source, ra, dec)
        if part is not None:
            whole = np.where(np.isfinite(whole), whole, part)
        if np.isfinite(whole).all():
            break
    return whole


def _nothing() -> Floats:
    return np.full((hips.WIDTH, hips.WIDTH), np.nan, np.float32)


def _colours(bands: Sequence[str]) -> tuple[str, ...]:
    """Return three bands for red, green and blue, of some that go from blue to red; none of fewer."""
    for liked in _LIKED:
        if set(liked) <= set(bands):
            return liked
    return (bands[-1], bands[len(bands) // 2], bands[0]) if len(bands) >= 3 else ()


def _made_of(folder: Path) -> str:
    return (folder / "properties").read_text(encoding="utf-8")


def _digest(*facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
