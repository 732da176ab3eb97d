"""Finding images in files that nobody prepared: which HDU is an image, and which its mask or weights."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from astropy.io import fits

from sciplat.errors import ImageFileError, UsageError
from sciplat.images.fits import damaged
from sciplat.images.layout import (
    MOST_PIXELS,
    Layout,
    MaskPlane,
    Plane,
    VariancePlane,
    opened_foreign,
    shape_of,
)
from sciplat.images.structure import check_structure

__all__ = ["files_in", "layouts_in", "stem_of"]

Role = Literal["image", "mask", "variance", "sigma", "weight", "other"]

_SUFFIX = re.compile(r"\.(fits|fit|fts)(\.(gz|fz|bz2))?$", re.IGNORECASE)

_WORDS: dict[Role, frozenset[str]] = {
    "image": frozenset(["ooi", "sci", "image", "img", "data", "int", "primary", "flux"]),
    "mask": frozenset(["ood", "dq", "mask", "msk", "flag", "flags", "bpm", "badpix", "dqmask"]),
    "variance": frozenset(["var", "variance"]),
    "sigma": frozenset(
        ["err", "error", "sigma", "unc", "uncert", "uncertainty", "rms", "noise", "std", "stddev"]
    ),
    "weight": frozenset(["oow", "wht", "weight", "weights", "wgt", "wt", "ivar", "invvar"]),
    "other": frozenset(
        [
            "psf",
            "con",
            "ctx",
            "bkg",
            "sky",
            "exp",
            "nsamp",
            "time",
            "area",
            "cov",
            "coverage",
            "hits",
            "aperture",
        ]
    ),
}
"""Words in names of files and HDUs that say what these hold."""

_SMALLEST_PACKED = 1100
"""How many times as large as a packed file its content can be: deflate packs 1032 to 1 at best."""

_ALONE = frozenset({"ood", "oow"})
"""Words of files that are nothing without the image."""

_ANSWERS: dict[str, tuple[Literal["bits", "codes"], dict[str, int]]] = {
    "codes": (
        "codes",
        {"BAD": 1, "NO_DATA": 2, "SAT": 3, "BLEED": 4, "CR": 5, "LOW_WEIGHT": 6, "DIFFERENT": 7, "STREAK": 8},
    ),
    "bits": ("bits", {"BAD": 0, "SAT": 1, "INTRP": 2, "CR": 4, "BLEED": 6, "TRANSIENT": 7}),
}
"""Masks of the DECam Community Pipeline, since its version 3.5 and before (NOAO Data Handbook, 2.2)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """An HDU with pixels."""

    file: Path
    hdu: int
    role: Role
    shape: tuple[int, ...]
    name: str
    version: int
    header: fits.Header
    primary: fits.Header


def files_in(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files that were named, and the FITS files in folders that were, at any depth.

    Raises
    ------
    UsageError
        A path is not there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if _SUFFIX.search(p.name) and p.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    return tuple(dict.fromkeys(path.resolve() for path in found))


def stem_of(path: Path) -> str:
    """Return the name of a file without the suffixes of FITS."""
    return _SUFFIX.sub("", path.name)


def layouts_in(
    files: Iterable[Path],
    refuse: Callable[[Path, str], None],
    tell: Callable[[int], None] | None = None,
) -> list[Layout]:
    """Return the exposures that files hold, in their order.

    Parameters
    ----------
    refuse
        Is told of each file that has none, and why.
    tell
        Is told how many files have been looked at.
    """
    parts: dict[Path, list[_Part]] = {}
    for number, path in enumerate(files):
        if not str(path).isprintable():
            refuse(path, "its name has characters that cannot be printed: rename it")
            continue
        try:
            parts[path] = _parts(path)
            if not parts[path]:
                refuse(path, "it holds no image, only tables or headers")
        except ImageFileError as error:
            refuse(path, _without_name(str(error), path))
        if tell is not None:
            tell(number + 1)
    companions = _companions(parts)
    found: list[Layout] = []
    for path, of_file in parts.items():
        role, _ = _role_of_file(path)
        if role != "image" and path in companions.taken:
            continue
        if role != "image" and _words(path) & _ALONE:
            refuse(path, f"it is the {role} of an image that is not here: give the image's file too")
            continue
        images = [part for part in of_file if part.role == "image"]
        if of_file and not images:
            refuse(path, f"it holds no image, only {', '.join(sorted({p.role for p in of_file}))}")
        found.extend(_layout(image, of_file, companions.of(path)) for image in images)
    return found


@dataclass(frozen=True, slots=True)
class _Companions:
    """Which files go with which."""

    by_image: dict[Path, list[tuple[Role, list[_Part]]]]
    taken: frozenset[Path]

    def of(self, path: Path) -> list[tuple[Role, list[_Part]]]:
        return self.by_image.get(path, [])


def _companions(parts: dict[Path, list[_Part]]) -> _Companions:
    """Pair files whose shapes agree and whose names differ by a word such as ``ood`` or ``weight``."""
    images: dict[tuple[Path, tuple[str, ...]], list[Path]] = {}
    for path in parts:
        role, key = _role_of_file(path)
        if role == "image":
            images.setdefault((path.parent, key), []).append(path)
    by_image: dict[Path, list[tuple[Role, list[_Part]]]] = {}
    taken: set[Path] = set()
    for path, of_file in parts.items():
        role, key = _role_of_file(path)
        partners = images.get((path.parent, key), []) if role != "image" else []
        if len(partners) != 1 or not of_file:
            continue
        shapes = {part.shape for part in parts[partners[0]]}
        if any(part.shape in shapes for part in of_file):
            by_image.setdefault(partners[0], []).append((role, of_file))
            taken.add(path)
    return _Companions(by_image, frozenset(taken))


def _words(path: Path) -> set[str]:
    return set(re.split(r"[._\-]+", stem_of(path).lower()))


def _role_of_file(path: Path) -> tuple[Role, tuple[str, ...]]:
    """Return what a file's name says that it is, and the rest of its name."""
    words = re.split(r"[._\-]+", stem_of(path).lower())
    for role in ("mask", "variance", "sigma", "weight"):
        said = [word for word in words if word in _WORDS[role]]
        if said:
            return role, tuple(word for word in words if word not in said and word not in _WORDS["image"])
    return "image", tuple(word for word in words if word not in _WORDS["image"])


def _layout(image: _Part, own: list[_Part], others: list[tuple[Role, list[_Part]]]) -> Layout:
    mask: MaskPlane | None = None
    variance: VariancePlane | None = None
    for role, part in _belonging(image, own, others):
        if role == "mask" and mask is None:
            mask = _mask(image, part)
        elif role in ("variance", "sigma", "weight") and variance is None:
            variance = VariancePlane(part.file, part.hdu, role)
    return Layout(Plane(image.file, image.hdu), mask, variance)


def _belonging(
    image: _Part, own: list[_Part], others: list[tuple[Role, list[_Part]]]
) -> Iterator[tuple[Role, _Part]]:
    """Yield the planes that go with an image: first those of its own file."""
    following = [part for part in own if part.role == "image" and part.hdu > image.hdu]
    end = min((part.hdu for part in following), default=1 << 30)
    for part in own:
        if part.role in ("image", "other") or part.shape != image.shape:
            continue
        if part.version == image.version if _is_numbered(own) else image.hdu < part.hdu < end:
            yield part.role, part
    for role, parts in others:
        same = [part for part in parts if part.shape == image.shape]
        chosen = [part for part in same if part.name and part.name == image.name] or [
            part for part in same if part.hdu == image.hdu
        ]
        if chosen or len(same) == 1:
            yield role, (chosen or same)[0]


def _is_numbered(parts: list[_Part]) -> bool:
    """Tell whether EXTVER says which planes belong together."""
    images = [part.version for part in parts if part.role == "image"]
    return len(images) == 1 or len(set(images)) == len(images) > 1


def _mask(image: _Part, part: _Part) -> MaskPlane:
    named = {
        card.keyword.removeprefix("MP_"): int(card.value)
        for card in part.header.cards
        if card.keyword.startswith("MP_") and isinstance(card.value, int)
    }
    if named:
        return MaskPlane(part.file, part.hdu, "bits", named)
    if "ood" in _words(part.file):
        version = re.match(r"V(\d+)\.(\d+)", str(image.primary.get("PLVER", "")))
        late = version is None or (int(version[1]), int(version[2])) >= (3, 5)
        return MaskPlane(part.file, part.hdu, *_ANSWERS["codes" if late else "bits"])
    return MaskPlane(part.file, part.hdu)


def _parts(path: Path) -> list[_Part]:
    """Return the HDUs of a file that have pixels.

    Raises
    ------
    ImageFileError
        It is no FITS file, it is cut off, or a header promises what cannot be.
    """
    check_structure(path)
    found: list[_Part] = []
    length = path.stat().st_size
    is_plain = not path.name.lower().endswith((".gz", ".bz2")) and not _is_packed(path)
    with opened_foreign(path) as hdus, damaged(path):
        primary, end = hdus[0].header, 0
        for number, hdu in enumerate(_each(hdus, path)):
            place = hdu.fileinfo() or {}
            if place.get("hdrLoc", 0) < end:
                raise ImageFileError(f"{path}: the header of HDU {number - 1} gives its data a negative size")
            end = place.get("datLoc", 0) + place.get("datSpan", 0)
            if end > length * (1 if is_plain else _SMALLEST_PACKED):
                raise ImageFileError(
                    f"{path}: it is cut off or its header is wrong: HDU {number} ends at byte {end:,}, "
                    f"the file at {length:,}; copy it again"
                )
            if not hdu.is_image and not isinstance(hdu, fits.CompImageHDU):
                continue
            shape = shape_of(hdu)
            if len(shape) < 2 or 0 in shape:
                continue
            _check_shape(path, number, shape)
            if isinstance(hdu, fits.CompImageHDU):
                _check_tiles(path, number, shape, tuple(int(side) for side in hdu.tile_shape))
            found.append(
                _Part(
                    path,
                    number,
                    _role_of_hdu(hdu.name),
                    shape,
                    hdu.name,
                    int(hdu.ver or 1),
                    hdu.header,
                    primary,
                )
            )
    return found


def _each(hdus: fits.HDUList, path: Path) -> Iterator[Any]:
    number = 0
    while True:
        try:
            hdu = hdus[number]
        except IndexError:
            return
        except Exception as error:  # what astropy raises on damaged files has no end
            raise ImageFileError(
                f"{path}: HDU {number} is damaged ({_line(error)}); copy the file again"
            ) from error
        yield hdu
        number += 1


def _check_shape(path: Path, number: int, shape: tuple[int, ...]) -> None:
    pixels = 1
    for side in shape:
        pixels *= side
    if pixels > MOST_PIXELS:
        raise ImageFileError(
            f"{path}: HDU {number} says that it has {' x '.join(map(str, reversed(shape)))} pixels; "
            f"{MOST_PIXELS:,} is the most that is read"
        )
    if len(shape) > 2:
        raise ImageFileError(
            f"{path}: HDU {number} is a cube of {' x '.join(map(str, reversed(shape)))} pixels: "
            "save each plane that is an image of the sky as a file of its own"
        )


def _check_tiles(path: Path, number: int, shape: tuple[int, ...], tile: tuple[int, ...]) -> None:
    """Refuse a compressed image whose table has not a row for each tile, be it a bomb or cut off."""
    told = 1
    for side, step in zip(reversed(shape), reversed(tile), strict=False):
        told *= math.ceil(side / max(1, step))
    with path.open("rb") as file:
        rows = fits.open(file, disable_image_compression=True, memmap=False)[number].header["NAXIS2"]
    if rows != told:
        raise ImageFileError(
            f"{path}: HDU {number} should have {told:,} compressed tiles and has {rows:,}: copy it again"
        )


def _role_of_hdu(name: str) -> Role:
    words = set(re.split(r"[._\-\s]+|\d+$", name.lower()))
    for role in ("mask", "variance", "sigma", "weight", "other"):
        if words & _WORDS[role]:
            return role
    return "image"


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in (b"\x1f\x8b", b"BZ", b"PK")


def _line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _without_name(text: str, path: Path) -> str:
    return text.removeprefix(f"{path}: ").removeprefix(f"{path}[")
