"""The files of a HiPS: its tiles from those below them, pictures, coverage and properties."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.io import fits
from mocpy import MOC
from PIL import Image

from sciplat.images import hips, preview
from sciplat.images.exposure import Floats
from sciplat.tiles.hips import properties_text, write_file

__all__ = ["HipsFiles"]

_FINER = 4
"""How many orders the coverage is finer than tiles: cells of 32 by 32 pixels."""

_SAMPLE = 64
"""Of so many pixels along each axis of a tile, one counts for cuts."""


class HipsFiles:
    """One HiPS while it is made, in a folder."""

    def __init__(self, folder: Path, order: int) -> None:
        """Make it in ``folder``, with tiles down to ``order``."""
        self._folder, self.order = folder, order

    def path(self, order: int, tile: int, ending: str = "fits") -> Path:
        """Return where a tile lies."""
        return self._folder / f"{hips.folder_of(order, tile)}.{ending}"

    def tiles(self, order: int, ending: str = "fits") -> list[int]:
        """Return the tiles of an order that are there."""
        found = (self._folder / f"Norder{order}").glob(f"Dir*/Npix*.{ending}")
        return sorted(int(path.stem.removeprefix("Npix")) for path in found)

    def read(self, order: int, tile: int) -> Floats:
        """Return the pixels of a tile."""
        return np.asarray(fits.getdata(self.path(order, tile)), np.float32)

    def write(self, order: int, tile: int, pixels: Floats, *, unit: str | None) -> None:
        """Write a tile, if any of its pixels has a value."""
        if not np.isfinite(pixels).any():
            return
        header = hips.header_of(order, tile)
        if unit:
            header["BUNIT"] = unit
        content = io.BytesIO()
        fits.PrimaryHDU(pixels, header).writeto(content)
        write_file(self.path(order, tile), content.getvalue())

    def above(self, *, unit: str | None) -> None:
        """Make all tiles above those of the deepest order, each the mean of those below it."""
        for order in range(self.order - 1, -1, -1):
            below: dict[int, list[int]] = {}
            for tile in self.tiles(order + 1):
                below.setdefault(tile >> 2, []).append(tile)
            for tile, children in below.items():
                if not self.path(order, tile).exists():
                    pixels = hips.joined({child: self.read(order + 1, child) for child in children})
                    self.write(order, tile, pixels, unit=unit)

    def sample(self) -> Floats:
        """Return some pixels of the deepest tiles, enough to choose cuts."""
        tiles = self.tiles(self.order)
        step = max(1, len(tiles) // _SAMPLE)
        found = [self.read(self.order, tile)[::5, ::5].ravel() for tile in tiles[::step]]
        values = np.concatenate(found) if found else np.zeros(0, np.float32)
        return values[np.isfinite(values)]

    def pictures(self, draw: Callable[[int, int], bytes], tiles: Mapping[int, Iterable[int]]) -> None:
        """Write a picture for each tile, drawn by its order and number."""
        for order, numbers in tiles.items():
            for tile in numbers:
                path = self.path(order, tile, "png")
                if not path.exists():
                    write_file(path, draw(order, tile))

    def allsky(self) -> None:
        """Write all tiles of order 3 into one, as numbers and as a picture, where there are such tiles."""
        order = hips.ALLSKY_ORDER
        folder = self._folder / f"Norder{order}"
        if numbers := self.tiles(order):
            whole = hips.allsky(((tile, self.read(order, tile)) for tile in numbers), np.nan)
            content = io.BytesIO()
            fits.PrimaryHDU(whole).writeto(content)
            write_file(folder / "Allsky.fits", content.getvalue())
        if numbers := self.tiles(order, "png"):
            drawn = hips.allsky(((tile, _drawn(self.path(order, tile, "png"))) for tile in numbers), 0)
            content = io.BytesIO()
            Image.fromarray(np.ascontiguousarray(drawn[::-1]).astype(np.uint8)).save(content, "PNG")
            write_file(folder / "Allsky.png", content.getvalue())

    def coverage(self) -> MOC:
        """Return the sky where pixels have a value."""
        side = hips.WIDTH >> _FINER
        cells = [np.zeros(0, np.uint64)]
        for tile in self.tiles(self.order):
            good = np.isfinite(self.read(self.order, tile))
            blocks = good.reshape(1 << _FINER, side, 1 << _FINER, side).any(axis=(1, 3))
            cells.append(hips.cells_of(tile, np.asarray(blocks)))
        found, depth = np.concatenate(cells), self.order + _FINER
        return MOC.from_healpix_cells(found, np.full(found.shape, depth, np.uint8), max_depth=depth)

    def describe(self, moc: MOC, properties: Mapping[str, object]) -> None:
        """Write coverage and properties (section 4.4); only with the latter it is a HiPS."""
        content = io.BytesIO()
        moc.serialize("fits").writeto(content)
        write_file(self._folder / "Moc.fits", content.getvalue())
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
        whole = {
            **properties,
            "dataproduct_type": "image",
            "hips_version": "1.4",
            "hips_builder": f"sciplat {version('sciplat')}",
            "hips_creation_date": now,
            "hips_release_date": now,
            "hips_frame": "equatorial",
            "hips_order": self.order,
            "hips_order_min": 0,
            "hips_tile_width": hips.WIDTH,
            "moc_sky_fraction": f"{moc.sky_fraction:.6g}",
        }
        centre = moc.barycenter()
        whole["hips_initial_ra"] = f"{centre.ra.deg:.5f}"
        whole["hips_initial_dec"] = f"{centre.dec.deg:.5f}"
        whole["hips_initial_fov"] = (
            f"{max(2 * moc.largest_distance_from_coo_to_vertices(centre).to_value(u.deg), 1e-4):.5f}"
        )
        write_file(self._folder / "properties", properties_text(whole).encode())


def grey(pixels: Floats, cuts: tuple[float, float]) -> bytes:
    """Return the picture of a tile of one band."""
    return preview.grey(pixels, stretch="asinh", cuts=cuts)


def _drawn(path: Path) -> npt.NDArray[np.uint8]:
    """Return a picture as colours with opacity, the lowest row first."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))[::-1]
