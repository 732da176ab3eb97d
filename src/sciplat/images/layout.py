"""Exposures in files that are laid out as others do: which HDU of which file is what, and reading them so."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from sciplat.errors import ImageFileError, UsageError
from sciplat.images import wcs as world
from sciplat.images.box import Box
from sciplat.images.compressed import check_codec
from sciplat.images.exposure import Exposure, Floats, Integers
from sciplat.images.fits import damaged
from sciplat.sky.position import Position

__all__ = [
    "MOST_PIXELS",
    "Foreign",
    "Layout",
    "MaskPlane",
    "Plane",
    "VariancePlane",
    "lies_alone",
    "opened_foreign",
    "outline",
    "pixels_of",
    "shape_of",
]

MOST_PIXELS = 1 << 32
"""Of a plane: no camera has so many, but a damaged header may say so."""

Holds = Literal["variance", "sigma", "weight"]


@dataclass(frozen=True, slots=True)
class Plane:
    """One HDU of a file, counted from 0."""

    file: Path
    hdu: int


@dataclass(frozen=True, slots=True)
class MaskPlane(Plane):
    """An HDU that says something of pixels."""

    holds: Literal["bits", "codes"] = "bits"
    """Codes are numbers of which each pixel has one: number n becomes bit n - 1."""

    planes: Mapping[str, int] = field(default_factory=dict)
    """The name of each bit, from 0, or of each code; others are called BIT0, BIT1 …"""


@dataclass(frozen=True, slots=True)
class VariancePlane(Plane):
    """An HDU from which the variance follows."""

    holds: Holds = "variance"
    """Sigma is squared; of a weight the inverse is taken, which is infinite where the weight is 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the planes of an exposure lie."""

    image: Plane
    mask: MaskPlane | None = None
    variance: VariancePlane | None = None
    wcs: Plane | None = None
    """The HDU whose header has the world coordinates; by default the image's, else the first of its file."""

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            name: None if plane is None else {**asdict(plane), "file": str(plane.file)}
            for name in ("image", "mask", "variance", "wcs")
            for plane in (getattr(self, name),)
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Layout:
        """Read what `to_json` made."""

        def plane(name: str, kind: type[Any]) -> Any:
            told = facts.get(name)
            return None if told is None else kind(**{**told, "file": Path(told["file"])})

        return cls(
            plane("image", Plane),
            plane("mask", MaskPlane),
            plane("variance", VariancePlane),
            plane("wcs", Plane),
        )


@contextmanager
def opened_foreign(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file that anybody may have written.

    Raises
    ------
    ImageFileError
        It is no FITS file, or is cut off.
    """
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")  # what others write is not ours to mend
        with damaged(path):
            # Opened and closed here: astropy leaves open what it cannot read, and reads to the end to close.
            file = stack.enter_context(path.open("rb"))
            hdus = fits.open(file, lazy_load_hdus=True, memmap=False)
        yield hdus


def shape_of(hdu: Any) -> tuple[int, ...]:
    """Return the shape of an image as its header says, without the axes of length 1 before the last two."""
    shape = tuple(int(side) for side in (hdu.shape or ()))
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    return shape


class Foreign:
    """An open exposure; each component is read when it is asked for.

    Parameters
    ----------
    layout
        Where its planes lie.
    files
        The open files.
    """

    def __init__(self, layout: Layout, files: Mapping[Path, fits.HDUList]) -> None:
        self._layout, self._files = layout, files
        image = self._hdu(layout.image)
        with damaged(layout.image.file):
            shape = shape_of(image)
        if len(shape) != 2:
            raise ImageFileError(
                f"{_named(layout.image)} has {len(shape)} axes {shape}, not two: "
                "take the plane out that is an image of the sky"
            )
        self._shape = (shape[0], shape[1])

    @property
    def box(self) -> Box:
        """All pixels."""
        return Box.of(self._shape)

    @property
    def header(self) -> fits.Header:
        """The cards of the image, and those of the first HDU that it inherits; broken ones are left away."""
        primary = self._files[self._layout.image.file][0].header
        own = self._hdu(self._layout.image).header
        header = fits.Header()
        with damaged(self._layout.image.file):
            for source in (primary, own) if own is not primary else (own,):
                for card in world.without(source).cards:
                    if _is_sound(card):
                        _add(header, card)
        return header

    @property
    def wcs(self) -> WCS:
        """The world coordinates of the pixels.

        Raises
        ------
        ImageFileError
            No header has any, or they cannot be.
        """
        layout = self._layout
        places = [layout.wcs] if layout.wcs else [layout.image, Plane(layout.image.file, 0)]
        failure: Exception | None = None
        for place in places:
            hdu = self._hdu(place)
            try:
                with damaged(place.file):
                    if "CTYPE1" not in hdu.header:
                        continue
                    return world.read(hdu.header, self._files[place.file])
            except ImageFileError as error:
                failure = error
        if failure is not None:
            raise ImageFileError(f"{_named(places[0])}: {failure}") from failure
        raise ImageFileError(
            f"{_named(places[0])} has no world coordinates (CTYPE1, CRVAL1 …): solve the field first, "
            "for example with solve-field of astrometry.net, or name the HDU that has them in a profile (wcs)"
        )

    def image(self, box: Box | None = None) -> Floats:
        """Return the pixels."""
        return np.ascontiguousarray(self._pixels(self._layout.image, box), np.float32)

    def variance(self, box: Box | None = None) -> Floats | None:
        """Return the variance of each pixel; infinite where the weight is 0."""
        plane = self._layout.variance
        if plane is None:
            return None
        values = np.ascontiguousarray(self._pixels(plane, box), np.float32)
        if plane.holds == "variance":
            return values
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if plane.holds == "sigma":
                return values * values
            return np.where(values > 0, 1 / values, np.float32(np.inf)).astype(np.float32)

    def mask(self, box: Box | None = None) -> Integers | None:
        """Return the bits of each pixel."""
        plane = self._layout.mask
        if plane is None:
            return None
        values = np.asarray(self._pixels(plane, box))
        bits: Integers
        if plane.holds == "codes":
            codes = np.clip(np.nan_to_num(values), 0, 31).astype(np.int64)
            bits = np.where(codes > 0, 1 << np.maximum(codes - 1, 0), 0).astype(np.int32)
        elif values.dtype.kind == "f":
            bits = (np.nan_to_num(values) != 0).astype(np.int32)
        else:
            bits = (values.astype(np.int64) & 0x7FFFFFFF).astype(np.int32)
        return bits

    def planes(self, mask: Integers | None) -> dict[str, int]:
        """Return the name of each bit that the layout names, or that is set in a mask."""
        plane = self._layout.mask
        if plane is None:
            return {}
        shift = 1 if plane.holds == "codes" else 0
        named = {name: number - shift for name, number in plane.planes.items()}
        known = set(named.values())
        used = 0 if mask is None else int(np.bitwise_or.reduce(mask, axis=None))
        return named | {f"BIT{bit}": bit for bit in range(31) if used >> bit & 1 and bit not in known}

    def read(self, box: Box | None = None) -> Exposure:
        """Return the exposure, or that of a box.

        Raises
        ------
        ImageFileError
            Pixels or world coordinates cannot be read.
        UsageError
            The box is not wholly inside.
        """
        mask = self.mask(box)
        return Exposure(
            image=self.image(box),
            mask=mask,
            planes=self.planes(mask),
            variance=self.variance(box),
            wcs=self.wcs if box is None else world.shifted(self.wcs, box.x0, box.y0),
            header=self.header,
            origin=(0, 0) if box is None else box.origin,
        )

    def _hdu(self, plane: Plane) -> Any:
        with damaged(plane.file):
            hdus = self._files[plane.file]
            try:
                return hdus[plane.hdu]
            except IndexError:
                raise ImageFileError(
                    f"{plane.file} has no HDU {plane.hdu}; its last is {len(hdus) - 1}"
                ) from None

    def _pixels(self, plane: Plane, box: Box | None) -> Any:
        hdu = self._hdu(plane)
        shape = shape_of(hdu)
        if shape != self._shape:
            raise ImageFileError(f"{_named(plane)} has shape {shape}, the image {self._shape}")
        whole = self.box
        if box is not None and not whole.contains(box):
            raise UsageError(f"The image has {whole}; the box asks for {box}")
        rows, columns = (box or whole).slices((0, 0))
        before = (0,) * (len(hdu.shape) - 2)
        with warnings.catch_warnings(), damaged(plane.file):
            warnings.simplefilter("ignore")
            check_codec(hdu)
            return hdu.section[(*before, rows, columns)]


@contextmanager
def pixels_of(layout: Layout) -> Iterator[Foreign]:
    """Open the files of an exposure.

    Raises
    ------
    ImageFileError
        One of them cannot be read.
    """
    planes = (layout.image, layout.mask, layout.variance, layout.wcs)
    paths = list(dict.fromkeys(plane.file for plane in planes if plane is not None))
    with _all_opened(paths) as files:
        yield Foreign(layout, files)


def lies_alone(layout: Layout) -> bool:
    """Tell whether one file has all planes of an exposure, and no image beside them.

    Raises
    ------
    ImageFileError
        The file cannot be read.
    """
    planes = [plane for plane in (layout.image, layout.mask, layout.variance) if plane is not None]
    path = layout.image.file
    if any(plane.file != path for plane in (*planes, layout.wcs or layout.image)):
        return False
    with opened_foreign(path) as hdus, damaged(path):
        images = {number for number, hdu in enumerate(hdus) if hdu.is_image and len(hdu.shape) >= 2}
    return images == {plane.hdu for plane in planes}


@contextmanager
def _all_opened(paths: list[Path]) -> Iterator[dict[Path, fits.HDUList]]:
    if not paths:
        yield {}
        return
    with opened_foreign(paths[0]) as first, _all_opened(paths[1:]) as others:
        yield {paths[0]: first, **others}


def _named(plane: Plane) -> str:
    return f"{plane.file}[{plane.hdu}]"


def _add(header: fits.Header, card: fits.Card) -> None:
    """Put a card into a header: in place of that of its name, or last where many have the name."""
    if card.keyword in ("COMMENT", "HISTORY", ""):
        header.append(card, end=True)
    else:
        name = f"HIERARCH {card.keyword}" if len(card.keyword) > 8 else card.keyword
        header[name] = (card.value, card.comment)


def _is_sound(card: fits.Card) -> bool:
    """Tell whether a card can be written as the standard asks."""
    if not re.fullmatch(r"[A-Z0-9_\- ]*", card.keyword.upper()):
        return False
    try:
        again = fits.Card(card.keyword, card.value, card.comment)
        again.verify("exception")
        str(again)
    except (ValueError, TypeError, UnicodeError, fits.VerifyError):
        return False
    return bool(card.keyword.strip() or card.value)


def outline(wcs: WCS, shape: tuple[int, int]) -> tuple[Position, ...]:
    """Return directions whose convex hull holds an image: its corners, and places between them on its edges.

    Raises
    ------
    ImageFileError
        Some of its edge is nowhere on the sky.
    """
    x = np.linspace(-0.5, shape[1] - 0.5, 5)
    y = np.linspace(-0.5, shape[0] - 0.5, 5)
    low, high = np.full(5, -0.5), [np.full(5, side - 0.5) for side in shape]
    columns = np.concatenate([x, high[1], x, low])
    rows = np.concatenate([low, y, high[0], y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ra, dec = wcs.all_pix2world(columns, rows, 0)
    if not (np.isfinite(ra).all() and np.isfinite(dec).all()) or np.abs(dec).max() > 90:
        raise ImageFileError("its world coordinates put some of its edge nowhere on the sky")
    return tuple(Position(float(a) % 360.0, float(d)) for a, d in zip(ra, dec, strict=True))
