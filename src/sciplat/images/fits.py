"""Exposures as multi-extension FITS, read whole, by component or by box.

The layout: ``PRIMARY`` (metadata cards), ``IMAGE``, ``MASK`` (cards ``MP_name = bit``, as the Rubin pipelines
write them), ``VARIANCE``, ``PSF``; tiles of 256 by 256 pixels, so that a box is read without the rest; the
world coordinates in each of the three planes, and where the first pixel lies in the full image as ``LTV1``,
``LTV2``.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.errors import ImageFileError, NotFoundError, SciplatError, UsageError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.compressed import check_codec
from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF

__all__ = [
    "COMPONENTS",
    "TILE",
    "Component",
    "ExposureFile",
    "Source",
    "close",
    "damaged",
    "opened",
    "psf_hdu",
    "read",
    "read_component",
    "read_psf",
    "write",
]

TILE = (256, 256)
"""The shape of the tiles that are compressed alone."""

Component = Literal["image", "mask", "variance", "psf", "wcs", "header", "planes", "box"]
COMPONENTS: tuple[Component, ...] = ("image", "mask", "variance", "psf", "wcs", "header", "planes", "box")

Source = str | Path | BinaryIO

_DTYPES = {"image": np.float32, "mask": np.int32, "variance": np.float32}
_LAYOUT = (
    "SIMPLE",
    "BITPIX",
    "NAXIS",
    "EXTEND",
    "XTENSION",
    "PCOUNT",
    "GCOUNT",
    "EXTNAME",
    "CHECKSUM",
    "DATASUM",
)


def write(
    exposure: Exposure, target: Source, *, quantize: float | None = None, compress: bool = True
) -> None:
    """Write an exposure as a multi-extension FITS file.

    Parameters
    ----------
    exposure
        What is written, its ``origin`` too.
    target
        A path, which is replaced, or a binary file object.
    quantize
        Without it, pixels are kept bit for bit (GZIP_2; RICE where all are whole numbers). With it, floats
        are rounded to the noise of each tile divided by this number (4 to 16 are usual) and take a fraction
        of the room (RICE with subtractive dithering; FITS 4.0, section 10.2). The mask is always exact.
    compress
        False leaves the planes as they are: larger, and fastest to write and read.
    """
    hdus = fits.HDUList([fits.PrimaryHDU(header=_metadata(exposure.header))])
    common = world.cards(exposure.wcs)
    common["LTV1"] = (-exposure.origin[0], "x here = x in the full image + LTV1")
    common["LTV2"] = (-exposure.origin[1], "y here = y in the full image + LTV2")
    unit = exposure.header.get("BUNIT")
    for name, array in (("IMAGE", exposure.image), ("MASK", exposure.mask), ("VARIANCE", exposure.variance)):
        if array is None:
            continue
        header = common.copy()
        if name == "MASK":
            for plane, bit in exposure.planes.items():
                header[f"HIERARCH MP_{plane}" if len(plane) > 5 else f"MP_{plane}"] = bit
        elif unit:
            header["BUNIT"] = unit if name == "IMAGE" else f"({unit})**2"
        hdus.append(_plane(name, array, header, quantize, compress=compress))
    if exposure.psf is not None:
        hdus.append(psf_hdu(exposure.psf))
    hdus.writeto(target, overwrite=True, output_verify="exception")


def read(source: Source, box: Box | None = None) -> Exposure:
    """Return the exposure of a file, or of a box of it, counted in the full image.

    Raises
    ------
    ImageFileError
        The file cannot be read, or is not laid out as ours.
    UsageError
        The box is not wholly inside.
    """
    with opened(source) as file:
        return file.read(box)


def read_component(source: Source, component: Component, box: Box | None = None) -> Any:
    """Return one component of an exposure and read nothing of the others; see `ExposureFile.component`."""
    with opened(source) as file:
        return file.component(component, box)


@contextmanager
def opened(source: Source, *, mapped: bool = True) -> Iterator[ExposureFile]:
    """Open the file of an exposure; a path or a binary file object that can seek.

    Parameters
    ----------
    source
        The file.
    mapped
        False reads planes that are not compressed piece by piece: of a map of the file all pages that were
        read stay in memory.

    Raises
    ------
    ImageFileError
        The file cannot be read, or is not laid out as ours.
    """
    with damaged(source):
        if not isinstance(source, str | Path):
            source.seek(0)
        hdus = fits.open(source, lazy_load_hdus=True, memmap=mapped and None)
    try:
        yield ExposureFile(hdus, _name(source))
    finally:
        close(hdus, source)


@contextmanager
def damaged(source: Source) -> Iterator[None]:
    """Turn what astropy says of damaged files into an error that names the file."""
    try:
        yield
    except SciplatError:
        raise
    except FileNotFoundError as error:
        raise ImageFileError(f"There is no file {_name(source)}") from error
    except (
        Exception
    ) as error:  # a wrong byte makes astropy raise anything, from UnboundLocalError to its C library's
        reason = str(error).strip().splitlines()
        raise ImageFileError(
            f"The FITS file {_name(source)} is damaged or incomplete: {reason[0] if reason else error!r}"
        ) from error


def close(hdus: fits.HDUList, source: Source) -> None:
    """Close a file, but no file object of somebody else."""
    # astropy reads the HDUs that nobody has asked for when it closes; what is wrong there concerns nobody.
    with contextlib.suppress(Exception):
        hdus.close(closed=isinstance(source, str | Path))


class ExposureFile:
    """An open file with an exposure; each component is read when it is asked for.

    Parameters
    ----------
    hdus
        The HDUs of the file, which its opener closes.
    name
        What errors call the file.
    """

    def __init__(self, hdus: fits.HDUList, name: str = "") -> None:
        self._hdus, self._file = hdus, name
        with damaged(name):
            found = self._hdu("IMAGE") is not None
            names = "" if found else ", ".join(hdu.name or "(no name)" for hdu in hdus)
        if not found:
            raise ImageFileError(f"{name} has no HDU named IMAGE, so it holds no exposure; it has: {names}")

    @cached_property
    def header(self) -> fits.Header:
        """The metadata cards."""
        with damaged(self._file):
            return _metadata(self._hdus[0].header)

    @cached_property
    def box(self) -> Box:
        """The pixels of the file, counted in the full image."""
        with damaged(self._file):
            height, width = self._image.shape
            return Box.of((height, width), _origin(self._image.header))

    @cached_property
    def wcs(self) -> WCS:
        """The world coordinates of the pixels as they lie in the file."""
        with damaged(self._file):
            return world.read(self._image.header, self._hdus)

    @cached_property
    def planes(self) -> Mapping[str, int]:
        """The mask planes, each with its bit; empty without a mask."""
        with damaged(self._file):
            mask = self._hdu("MASK")
            cards = () if mask is None else mask.header.cards
            return {
                card.keyword.removeprefix("MP_"): int(card.value)
                for card in cards
                if card.keyword.startswith("MP_")
            }

    @cached_property
    def psf(self) -> PSF | None:
        """The point-spread function."""
        with damaged(self._file):
            hdu = self._hdu("PSF")
            check_codec(hdu)
            return None if hdu is None else read_psf(hdu)

    def plane(self, name: Literal["image", "mask", "variance"], box: Box | None = None) -> Any:
        """Return the pixels of one plane ``[y, x]``, all or of a box; None where the file lacks it."""
        with damaged(self._file):
            hdu = self._hdu(name.upper())
        if hdu is None:
            return None
        place = None if box is None else self._inside(box).slices(self.box.origin)
        with damaged(self._file):
            check_codec(hdu)
            pixels = hdu.data if place is None else hdu.section[place]
            # What is unpacked is a copy already; the rest may be a map of the file, which will be closed.
            unpacked = place is not None and isinstance(hdu, fits.CompImageHDU)
            return (np.asarray if unpacked else np.array)(pixels, _DTYPES[name])

    def component(self, component: Component, box: Box | None = None) -> Any:
        """Return one component as an exposure has it; ``box`` is that of the pixels, and shifts the WCS.

        Raises
        ------
        NotFoundError
            There is no such component.
        """
        if component in ("image", "mask", "variance"):
            return self.plane(component, box)
        if component == "wcs" and box is not None:
            origin = self.box.origin
            return world.shifted(self.wcs, self._inside(box).x0 - origin[0], box.y0 - origin[1])
        if component not in COMPONENTS:
            raise NotFoundError(f"An exposure has no component {component}; it has {', '.join(COMPONENTS)}")
        return box if component == "box" and box is not None else getattr(self, component)

    def read(self, box: Box | None = None, *, image_only: bool = False) -> Exposure:
        """Return the exposure, or that of a box; ``image_only`` leaves mask, variance and PSF away."""
        return Exposure(
            image=self.plane("image", box),
            mask=None if image_only else self.plane("mask", box),
            planes={} if image_only else self.planes,
            variance=None if image_only else self.plane("variance", box),
            psf=None if image_only else self.psf,
            wcs=self.component("wcs", box),
            header=self.header.copy(),
            origin=(box or self.box).origin,
        )

    @property
    def _image(self) -> Any:
        return self._hdu("IMAGE")

    def _hdu(self, name: str) -> Any:
        return self._hdus[name] if name in self._hdus else None  # noqa: SIM401 (an HDUList has no get)

    def _inside(self, box: Box) -> Box:
        if not self.box.contains(box):
            raise UsageError(f"The image has {self.box}; the box asks for {box}")
        return box


def _plane(name: str, array: Any, header: fits.Header, quantize: float | None, *, compress: bool) -> Any:
    if not compress:
        return fits.ImageHDU(array, header, name=name)
    tile = tuple(min(a, b) for a, b in zip(TILE, array.shape, strict=True))
    if name == "MASK":
        return fits.CompImageHDU(array, header, name=name, compression_type="RICE_1", tile_shape=tile)
    if (whole := _whole(array)) is not None:
        return fits.CompImageHDU(whole, header, name=name, compression_type="RICE_1", tile_shape=tile)
    if quantize is None:
        return fits.CompImageHDU(
            array, header, name=name, compression_type="GZIP_2", tile_shape=tile, quantize_level=0
        )
    return fits.CompImageHDU(
        array,
        header,
        name=name,
        compression_type="RICE_1",
        tile_shape=tile,
        quantize_level=quantize,
        quantize_method=2,
        dither_seed=1,
    )


def _whole(array: Any) -> Any:
    """Return floats as integers where nothing is lost by that, as with what a detector counted; else None.

    RICE packs them in a twentieth of the time that GZIP takes, and in half the room.
    """
    if array.dtype.kind != "f" or not _is_whole(array[:1]) or not _is_whole(array):
        return None
    return array.astype(np.int32)


def _is_whole(array: Any) -> bool:
    # Also false with NaN, and with the negative zero that integers lack.
    limits = np.abs(array) < 2**24
    return bool(
        limits.all() and (array == np.rint(array)).all() and not (np.signbit(array) & (array == 0)).any()
    )


def psf_hdu(psf: PSF) -> fits.ImageHDU:
    """Return the HDU ``PSF``: kernels ``[row, column, y, x]``, their nodes as coordinates of axes 3 and 4."""
    hdu = fits.ImageHDU(psf.kernels, name="PSF")
    for axis, place in ((3, 0), (4, 1)):
        hdu.header[f"CTYPE{axis}"] = ("PIXEL", f"{'xy'[place]} in the full image")
        hdu.header[f"CRPIX{axis}"] = 1.0
        hdu.header[f"CRVAL{axis}"] = float(psf.first[place])
        hdu.header[f"CDELT{axis}"] = float(psf.step[place])
    return hdu


def read_psf(hdu: Any) -> PSF:
    """Return the point-spread function of an HDU ``PSF``."""
    cards = hdu.header
    return PSF(
        np.array(hdu.data, np.float32),
        first=(cards["CRVAL3"], cards["CRVAL4"]),
        step=(cards["CDELT3"], cards["CDELT4"]),
    )


def _metadata(header: fits.Header) -> fits.Header:
    """Return the cards that are neither layout nor world coordinates."""
    return fits.Header(
        [
            card
            for card in world.without(header).cards
            if card.keyword not in _LAYOUT and not card.keyword.startswith("NAXIS")
        ]
    )


def _origin(header: fits.Header) -> tuple[int, int]:
    return (-int(header.get("LTV1", 0)), -int(header.get("LTV2", 0)))


def _name(source: Source) -> str:
    if isinstance(source, io.BytesIO):
        return "in memory"
    return Path(str(getattr(source, "name", source))).name
